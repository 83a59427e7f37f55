"""What is found of the tasks that somebody chose, before anything is done to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.cluster.task import STARTED
from umbel.results.base import ResultBackend
from umbel.services.control.choosing import Choice, Target
from umbel.services.control.circumstances import UNKNOWN, Gathered
from umbel.services.control.recalling import recall
from umbel.services.control.values import Fidelity
from umbel.services.control.wording import tally
from umbel.store.base import Store
from umbel.store.ledger import Ledger

#: Tasks are counted up to this many.
COUNTED_MAX: Final = 1_000_000
#: How many tasks a plan shows.
SAMPLE: Final = 20
#: How many tasks are looked at one by one, and how long that may take, seconds.
LOOKED_AT_MAX: Final = 1_000
LOOKED_AT_S: Final = 1.0
COUNT_S: Final = 1.0
_CHUNK: Final = 200


class Gatherer:
    """Asks the store, the ledger and, for retries, those who know arguments. Any thread."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        cluster: Cluster,
        results: ResultBackend,
        clock: Clock,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._cluster = cluster
        self._results = results
        self._clock = clock

    def gather(self, choice: Choice, chosen_by: str | None) -> Gathered:
        """What a plan needs to know. Raises `StoreError`."""
        looked = _Looked()
        if choice.query is None:
            chunks = choice.chunks(self._store, _CHUNK)
            targets, states = looked.at(target for chunk in chunks for target in chunk)
            total, capped = states.total(), False
        else:
            count = self._store.count(
                choice.query, now=choice.now, by="state", cap=COUNTED_MAX, budget_s=COUNT_S
            )
            states, total = Counter(count.groups), count.total
            capped = count.capped or not count.complete
            targets, _ = looked.at(islice(self._first(choice), LOOKED_AT_MAX))
        if choice.request.action == "retry":
            self._recall(choice, targets, looked)
        return Gathered(
            total=total,
            capped=capped,
            by_state=dict(states),
            sample=tuple(_most_telling(choice, targets)[:SAMPLE]),
            looked_at=looked.recalled,
            running_on=dict(looked.running_on),
            fidelity=looked.fidelity,
            known=looked.known,
            unrepeatable=looked.unrepeatable,
            repeated=looked.repeated,
            queueless=looked.queueless,
            chosen_by=chosen_by,
            troubles=tuple(looked.troubles),
        )

    def _first(self, choice: Choice) -> Iterator[Target]:
        """Tasks of a search, as many as time allows."""
        end = self._clock.monotonic() + LOOKED_AT_S
        for chunk in choice.chunks(self._store, _CHUNK):
            yield from chunk
            if self._clock.monotonic() >= end:
                return

    def _recall(self, choice: Choice, targets: Sequence[Target], looked: _Looked) -> None:
        end = self._clock.monotonic() + LOOKED_AT_S
        results: ResultBackend | None = self._results
        for start in range(0, len(targets), _CHUNK):
            chunk = targets[start : start + _CHUNK]
            recalling = recall(chunk, choice.request.edit, self._cluster, results)
            if recalling.trouble is not None:
                looked.troubles.append(f"Arguments were not looked up. {recalling.trouble}")
                results = None
            for recalled in recalling.tasks:
                uuid, arguments = recalled.task.uuid, recalled.arguments
                looked.known[uuid] = arguments.fidelity, arguments.why
                if arguments.fidelity is None:
                    tally(looked.unrepeatable, arguments.why or "")
                else:
                    looked.fidelity[arguments.fidelity] = (
                        looked.fidelity.get(arguments.fidelity, 0) + 1
                    )
                    looked.queueless += not (recalled.task.queue or recalled.task.routing_key)
            ids = {target.uuid for target in chunk}
            looked.repeated += len({each.repeats for each in self._ledger.repeats([*ids])} & ids)
            looked.recalled += len(chunk)
            if self._clock.monotonic() >= end:
                return


class _Looked:
    """What looking at tasks one by one adds up to."""

    def __init__(self) -> None:
        self.recalled = 0
        self.running_on: Counter[str] = Counter()
        self.fidelity: dict[Fidelity, int] = {}
        self.known: dict[str, tuple[Fidelity | None, str | None]] = {}
        self.unrepeatable: dict[str, int] = {}
        self.repeated = 0
        self.queueless = 0
        self.troubles: list[str] = []

    def at(self, targets: Iterable[Target]) -> tuple[list[Target], Counter[str]]:
        """The first of them, and how many are in which state."""
        first: list[Target] = []
        states: Counter[str] = Counter()
        for target in targets:
            task = target.task
            states[task.state if task is not None else UNKNOWN] += 1
            if task is not None and task.state == STARTED and task.worker:
                self.running_on[task.worker] += 1
            if len(first) < LOOKED_AT_MAX:
                first.append(target)
        return first, states


def _most_telling(choice: Choice, targets: Sequence[Target]) -> list[Target]:
    """Those that the action is for before those that it leaves out."""
    if not choice.leaves_out_ended:
        return list(targets[:SAMPLE])
    return sorted(targets, key=lambda target: target.has_ended)
