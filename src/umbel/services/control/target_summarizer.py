"""What is found of the tasks that somebody chose, before anything is done to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

import msgspec

from umbel.cluster.task import FAILURE, REJECTED, REVOKED, STARTED
from umbel.cluster.task import UNKNOWN as UNKNOWN_END
from umbel.services.control.argument_recovery import (
    MAYBE_REPEATED,
    ArgumentSources,
    RecoveredTask,
    recover_arguments,
    repeated,
)
from umbel.services.control.context import ActionContext
from umbel.services.control.outside_targets import OutsideTargets
from umbel.services.control.phrases import count_sentence
from umbel.services.control.plan_inputs import UNKNOWN, TargetSummary
from umbel.services.control.repeated_targets import Repeats, repeated_in_all
from umbel.services.control.targets import Target, TargetSelection
from umbel.services.control.types import Edit, Fidelity
from umbel.services.search.doubt import DoubtFinder
from umbel.store.base import Count

#: Tasks are counted up to this many.
COUNTED_MAX: Final = 1_000_000
#: How many tasks a plan shows.
SAMPLE: Final = 20
#: States of tasks after which Celery sends nothing that waited for them.
BLOCKING: Final = frozenset({FAILURE, REVOKED, REJECTED, UNKNOWN_END})
#: How many tasks are looked at one by one, and how long that may take, seconds.
EXAMINED_MAX: Final = 1_000
EXAMINED_S: Final = 1.0
COUNT_S: Final = 1.0
_CHUNK: Final = 200


class TargetSummarizer:
    """Asks the store, the ledger and, for retries, those who know arguments. Any thread."""

    def __init__(self, context: ActionContext) -> None:
        self._store = context.store
        self._ledger = context.ledger
        self._cluster = context.cluster
        self._results = context.results
        self._clock = context.clock
        self._doubts = DoubtFinder(context.store, context.clock)

    def summarize(
        self, selection: TargetSelection, chosen_by: str | None, names: frozenset[str] | None = None
    ) -> TargetSummary:
        """What a plan needs to know; `names` are those that workers have registered, None if
        none answers. Raises `StoreError`."""
        examined = _Examined()
        outside = OutsideTargets(selection)
        if selection.query is None:
            chunks = selection.chunks(self._store, _CHUNK)
            chosen = (target for chunk in chunks for target in chunk)
            targets, states = examined.at(outside.without(chosen))
            counted = Count(states.total(), groups=dict(states))
        else:
            targets, counted = self._searched(selection, examined, outside)
            outside.search(self._store)
        able = sum(not (selection.leaves_out_ended and target.has_ended) for target in targets)
        if selection.request.action == "retry":
            sources = ArgumentSources(
                self._store, self._cluster, self._results, names, selection.bounds
            )
            self._recover(selection, targets, examined, sources)
            if selection.leaves_out_repeated and examined.recovered < counted.total:
                examined.leave_out_in_all(
                    repeated_in_all(selection, examined.states, self._store, self._ledger)
                )
            able = sum(examined.fidelity.values())
        sample = tuple(_most_telling(selection, targets)[:SAMPLE])
        left_out = tuple(islice(outside.first, SAMPLE - len(sample)))
        return TargetSummary(
            total=counted.total,
            not_permitted=dict(outside.counts),
            outside=left_out,
            capped=counted.capped,
            complete=counted.complete,
            able=able,
            by_state=counted.groups,
            left_out=examined.left_out,
            sample=sample,
            looked_at=examined.recovered,
            running_on=dict(examined.running_on),
            fidelity=examined.fidelity,
            fidelities=examined.fidelities | outside.whys,
            unrepeatable=examined.unrepeatable,
            repeated=examined.repeated,
            maybe_repeated=examined.maybe_repeated,
            names=dict(examined.names),
            queues=dict(examined.queues),
            queueless=dict(examined.queueless),
            shadows=examined.shadows,
            of_workflow=examined.of_workflow,
            of_going_workflow=examined.of_going_workflow,
            follows=tuple(sorted(examined.follows)),
            unread=examined.unread,
            doubted=self._doubted(
                target for target in targets if not examined.is_left_out(target.uuid)
            ),
            chosen_by=chosen_by,
            troubles=(*examined.troubles, *outside.troubles),
        )

    def _doubted(self, targets: Iterable[Target]) -> Mapping[str, int]:
        tasks = [target.task for target in targets if target.task is not None]
        return dict(Counter(doubt.why for doubt in self._doubts.of(tasks).values()))

    def _searched(
        self, selection: TargetSelection, examined: _Examined, outside: OutsideTargets
    ) -> tuple[list[Target], Count]:
        """The first tasks of a search, and how many there are. Where time ran out while they
        were counted, those that were found are what is known; where these are all, their
        number is the number."""
        counted = self._store.count(
            selection.within(), now=selection.now, by="state", cap=COUNTED_MAX, budget_s=COUNT_S
        )
        found = _SampledTargets(self._first(selection))
        targets, states = examined.at(islice(outside.without(found), EXAMINED_MAX))
        counted = outside.taken_from(counted)
        if counted.complete:
            return targets, counted
        if counted.total < len(targets) or found.is_all:
            groups, total = dict(states), len(targets)
            counted = Count(total, complete=found.is_all, groups=groups)
        return targets, counted

    def _first(self, selection: TargetSelection) -> Iterator[Target | None]:
        """Tasks of a search, as many as time allows; None when those were all."""
        end = self._clock.monotonic() + EXAMINED_S
        for chunk in selection.chunks(self._store, _CHUNK):
            yield from chunk
            if self._clock.monotonic() >= end:
                return
        yield None

    def _recover(
        self,
        selection: TargetSelection,
        targets: Sequence[Target],
        examined: _Examined,
        sources: ArgumentSources,
    ) -> None:
        edit = selection.request.edit
        end = self._clock.monotonic() + EXAMINED_S
        for start in range(0, len(targets), _CHUNK):
            chunk = targets[start : start + _CHUNK]
            before = repeated(chunk, self._ledger, self._store)
            examined.recovered += len(chunk)
            if selection.leaves_out_repeated:
                examined.leave_out(before)
                chunk = [target for target in chunk if target.uuid not in before]
            else:
                doubtful = sum(each == MAYBE_REPEATED for each in before.values())
                examined.maybe_repeated += doubtful
                examined.repeated += len(before) - doubtful
            recovery = recover_arguments(chunk, edit, sources)
            if recovery.trouble is not None:
                examined.troubles.append(f"Arguments were not looked up. {recovery.trouble}")
                sources = msgspec.structs.replace(sources, results=None)
            for recovered in recovery.tasks:
                examined.recover_arguments(recovered, edit)
            if self._clock.monotonic() >= end:
                return


class _SampledTargets:
    """Targets until the first None, which says that there are no more."""

    def __init__(self, targets: Iterator[Target | None]) -> None:
        self._targets = targets
        self.is_all = False

    def __iter__(self) -> Iterator[Target]:
        for target in self._targets:
            if target is None:
                self.is_all = True
                return
            yield target


class _Examined:
    """Sums over the tasks that were read one by one."""

    def __init__(self) -> None:
        self.recovered = 0
        self.states: dict[str, str] = {}
        self.repeated_states: Counter[str] = Counter()
        self.unrepeatable_states: Counter[str] = Counter()
        self.running_on: Counter[str] = Counter()
        self.fidelity: dict[Fidelity, int] = {}
        self.fidelities: dict[str, tuple[Fidelity | None, str | None]] = {}
        self.unrepeatable: dict[str, int] = {}
        self.repeated = 0
        self.maybe_repeated = 0
        self.names: Counter[str] = Counter()
        self.queues: Counter[str] = Counter()
        self.queueless: Counter[str] = Counter()
        self.shadows = 0
        self.of_workflow = 0
        self.of_going_workflow = 0
        self.follows: set[str] = set()
        self.unread = 0
        self.troubles: list[str] = []

    def at(self, targets: Iterable[Target]) -> tuple[list[Target], Counter[str]]:
        """The first of them, and how many are in which state."""
        first: list[Target] = []
        states: Counter[str] = Counter()
        for target in targets:
            task = target.task
            self.states[target.uuid] = task.state if task is not None else UNKNOWN
            states[self.states[target.uuid]] += 1
            if task is not None and task.state == STARTED and task.worker:
                self.running_on[task.worker] += 1
            if len(first) < EXAMINED_MAX:
                first.append(target)
        return first, states

    def leave_out(self, repeated: Mapping[str, str]) -> None:
        """Those that were sent again already, or may have been, with the sentence for that."""
        self.fidelities |= {uuid: (None, sentence) for uuid, sentence in repeated.items()}
        self.repeated_states.update(self.states[uuid] for uuid in repeated)
        for sentence, count in Counter(repeated.values()).items():
            count_sentence(self.unrepeatable, sentence, count)

    def leave_out_in_all(self, repeats: Repeats) -> None:
        """The same of all that were chosen, of whom those that were read are a part."""
        for sentence, count in repeats.by_sentence.items():
            self.unrepeatable[sentence] = max(count, self.unrepeatable.get(sentence, 0))
        self.repeated_states |= Counter(repeats.by_state)
        self.troubles += [repeats.trouble] if repeats.trouble else []

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many of those that were chosen a retry leaves out, by state."""
        return self.repeated_states + self.unrepeatable_states

    def is_left_out(self, uuid: str) -> bool:
        return uuid in self.fidelities and self.fidelities[uuid][0] is None

    def recover_arguments(self, recovered: RecoveredTask, edit: Edit | None) -> None:
        """One task that is to be sent again, or left out as nobody knows with what."""
        task, arguments = recovered.task, recovered.arguments
        self.fidelities[task.uuid] = arguments.fidelity, arguments.why
        if arguments.fidelity is None:
            count_sentence(self.unrepeatable, arguments.why or "")
            self.unrepeatable_states[self.states[task.uuid]] += 1
            return
        self.fidelity[arguments.fidelity] = self.fidelity.get(arguments.fidelity, 0) + 1
        self.names[task.name or ""] += 1
        queue = (edit.queue if edit is not None else None) or task.queue
        if queue:
            self.queues[queue] += 1
        elif not task.routing_key:
            self.queueless[task.name or ""] += 1
        self.shadows += recovered.shadow is not None
        if task.state in BLOCKING:
            self.of_workflow += recovered.is_of_workflow
            self.follows |= {*recovered.follows}
        else:
            self.of_going_workflow += recovered.is_of_workflow
        self.unread += recovered.queued is None


def _most_telling(selection: TargetSelection, targets: Sequence[Target]) -> list[Target]:
    """Those that the action is for before those that it leaves out."""
    if not selection.leaves_out_ended:
        return list(targets[:SAMPLE])
    return sorted(targets, key=lambda target: target.has_ended)
