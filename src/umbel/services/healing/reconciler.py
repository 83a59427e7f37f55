"""Tasks of which events may be missing are asked about, and what is known of them is written.

Theory of operation. A thread of the collector, since that alone knows at once what may be missing
and writes the history: where one collector alone can write there is one reconciler, else the holder
of a lease. Each turn it

- looks at some of the tasks that have not ended for those that are suspected (`suspect_schedule`);
- reads the results of those that are due, many at once, then asks workers, in one question, who
  has the others;
- gives up on those that nobody knows after the time that is set (`unknown_end`).

Whoever was asked in vain is asked again less and less often. While the collector is behind, what
is missing may still come, so nobody is asked. Everything found goes through the thread that
writes, as facts that are joined like events (`take`).
"""

from __future__ import annotations

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from umbel.broker.base import Cluster
from umbel.clock import Clock
from umbel.cluster.events import Event
from umbel.cluster.reconciled import Source
from umbel.cluster.task import Task
from umbel.cluster.worker import OFFLINE, ONLINE
from umbel.errors import NotSupported, ResultsUnavailable, UmbelError
from umbel.results.base import ResultBackend
from umbel.services.healing.answers import (
    expiry_of,
    fact_of_result,
    facts_of_request,
    unknown_end,
)
from umbel.services.healing.clock_skews import clock_skews
from umbel.services.healing.evidence import EvidenceReader
from umbel.services.healing.gap_search import GapSearch
from umbel.services.healing.lookup_rate import LookupRate
from umbel.services.healing.suspect_schedule import OPEN_STATES, SuspectSchedule
from umbel.services.healing.suspects import (
    TaskEvidence,
    may_be_queued,
    patience_s,
    why_unknown,
)
from umbel.services.healing.unsearched_gaps import UnsearchedGaps
from umbel.services.healing.worker_questions import IDS_MAX, PAUSE_S, Holders, WorkerQuestions
from umbel.store.base import HealingStatus, Store

log = logging.getLogger(__name__)

#: How long the thread rests between two turns, seconds.
TURN_S: Final = 0.5
#: So many results are read at once.
AT_ONCE: Final = 500
#: How long a result backend that failed is let alone, seconds.
RESULTS_AWAY_S: Final = 10.0
#: For how long nothing is called unknown that it may know, seconds.
RESULTS_WAITED_S: Final = 3_600.0
#: So much may wait to be written.
FACTS_MAX: Final = 5_000
#: Gaps are searched that far back, seconds.
DAY_S: Final = 86_400.0

Asker = Literal["turn", "search", "results", "workers"]


class HealingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How it is done; see the settings of `[healing]`."""

    unknown_after_s: float = 600.0
    lookups_per_s: int = 1_000
    lists_results: bool = True


class Reconciler:
    """`is_current` says whether the collector has stored what came so far, `may_heal` whether this
    one is to ask. `turn` is for one thread, which `start` begins; `take` and `status` are for
    any."""

    def __init__(
        self,
        store: Store,
        results: ResultBackend,
        cluster: Cluster,
        clock: Clock,
        options: HealingOptions,
        may_heal: Callable[[], bool] = lambda: True,
    ) -> None:
        self._store = store
        self._results = results
        self._cluster = cluster
        self._clock = clock
        self._options = options
        self._may_heal = may_heal
        self.is_current: Callable[[], bool] = lambda: True
        self._rate = LookupRate(options.lookups_per_s, clock)
        self._questions = WorkerQuestions(store, cluster, clock)
        self._search = GapSearch(
            store, results, self._questions, self._rate, clock, lists_results=options.lists_results
        )
        self._evidence = EvidenceReader(store, cluster, clock)
        self._suspects = SuspectSchedule(store, clock, options.unknown_after_s)
        self._gaps = UnsearchedGaps(clock.now())
        self._facts: deque[Event] = deque()
        self._healed = 0
        self._unknown = 0
        self._results_at = 0.0
        self._results_down_since: float | None = None
        #: What keeps whom from being asked.
        self._troubles: dict[Asker, str] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="umbel-healing", daemon=True)

    # -- any thread --------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Ask no more, and let go of connections. May be called twice."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(3.0)
        self._cluster.close()
        self._results.close()

    def take(self) -> list[Event]:
        """What was found and is not written yet, to be written now."""
        found: list[Event] = []
        while self._facts and len(found) < AT_ONCE:
            found.append(self._facts.popleft())
        return found

    def give_back(self, facts: Sequence[Event]) -> None:
        """These could not be written."""
        self._facts.extendleft(reversed(facts))

    def status(self) -> HealingStatus:
        return HealingStatus(
            healed=self._healed,
            unknown=self._unknown,
            lookups=self._rate.total,
            rate=self._rate.recent(),
            waiting=len(self._suspects),
            questions=self._questions.count,
            searching=self._search.is_on,
            listed=self._search.listed,
            trouble=" ".join(dict.fromkeys(tuple(self._troubles.values()))) or None,
        )

    # -- its thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.wait(TURN_S):
            try:
                self.turn()
                self._note("turn", None)
            except UmbelError as error:
                self._note("turn", str(error))
            except Exception as error:
                log.debug("Healing failed.", exc_info=True)
                self._note("turn", f"{type(error).__name__} while tasks were asked about.")

    def _note(self, asker: Asker, trouble: str | None) -> None:
        if trouble is None:
            self._troubles.pop(asker, None)
            return
        if trouble != self._troubles.get(asker):
            log.warning("What is missing cannot be asked for: %s", trouble)
        self._troubles[asker] = trouble

    def turn(self) -> None:
        """One round of work. Raises `StoreError`."""
        if len(self._facts) > FACTS_MAX or not self.is_current() or not self._may_heal():
            return
        now = self._clock.now()
        evidence = self._evidence.read(now, self._options.unknown_after_s)
        self._suspects.scan(evidence, now)
        self._find_gaps(now)
        try:
            self._put(self._search.step())
            if not self._search.has_failed:
                self._note("search", None)
        except UmbelError as error:
            self._note("search", str(error))
        due = self._suspects.due(now, min(AT_ONCE, self._rate.left()))
        if due:
            self._ask(due, evidence, now)

    def _find_gaps(self, now: float) -> None:
        """Gaps that are over and were not searched yet."""
        for start, end in self._gaps.take(self._store.gaps(start=now - DAY_S), now):
            self._search.add(max(start, now - DAY_S), end)

    def _ask(self, due: Sequence[str], evidence: TaskEvidence, now: float) -> None:
        tasks = self._store.tasks(due)
        for uuid in due:
            if uuid not in tasks or tasks[uuid].state not in OPEN_STATES:
                self._suspects.drop(uuid)
        open_ = {uuid: tasks[uuid] for uuid in due if uuid in self._suspects}
        sources: list[Source] = []
        clocks_apart_s = clock_skews(each for each, _ in evidence.workers.workers.values()).apart_s
        found = self._facts_of_results(open_, now, clocks_apart_s)
        if found is not None:
            sources.append("backend")
            for uuid, fact in found.items():
                self._heal(uuid, [fact])
                del open_[uuid]
        to_ask = dict(list(open_.items())[: IDS_MAX if self._questions.may_ask else 0])
        for uuid in open_:
            # Their turn comes; results are not read again for each that waits for it.
            if uuid not in to_ask:
                self._suspects.postpone(uuid, now + PAUSE_S)
        if not to_ask:
            return
        holders = self._read_holders(list(to_ask))
        if holders is None:
            self._suspects.ask_again(to_ask, now)
            return
        sources.append("worker")
        for uuid, task in to_ask.items():
            held = holders.of_task.get(uuid)
            if held is not None:
                facts = facts_of_request(held.worker, held.held, held.request, task, now)
                self._put(facts)
                self._suspects[uuid].held_at = now
                self._suspects.ask_again([uuid], now)
            else:
                self._miss(task, evidence, holders, tuple(sources), now)

    def _facts_of_results(
        self, tasks: Mapping[str, Task], at: float, clocks_apart_s: float
    ) -> dict[str, Event] | None:
        """What the backend knows more of these; None where it cannot be asked."""
        now = self._clock.monotonic()
        if now < self._results_at:
            return None
        self._rate.take(len(tasks))
        found: dict[str, Event] = {}
        try:
            for result in self._results.get_many([*tasks]):
                fact = fact_of_result(result, tasks[result.task_id], at, clocks_apart_s)
                if fact is not None:
                    found[result.task_id] = fact
        except ResultsUnavailable as error:
            if error.retriable:
                self._note("results", str(error))
                self._results_down_since = self._results_down_since or now
            self._results_at = now + RESULTS_AWAY_S
            return None
        self._note("results", None)
        self._results_down_since = None
        return found

    def _read_holders(self, ids: Sequence[str]) -> Holders | None:
        """None where workers cannot be asked now."""
        try:
            holders = self._questions.holders(ids)
        except NotSupported:
            return Holders({}, is_whole=True)
        except UmbelError as error:
            self._note("workers", str(error))
            return None
        self._note("workers", holders.trouble)
        return holders

    def _miss(
        self,
        task: Task,
        evidence: TaskEvidence,
        holders: Holders,
        sources: tuple[Source, ...],
        now: float,
    ) -> None:
        """Nobody who answered has the task."""
        waiting = self._suspects[task.uuid]
        found = waiting.found
        worker, stands = evidence.workers.workers.get(task.worker or "", (None, None))
        status = None if stands is None else stands.status
        # Of two workers of one name one answer is read.
        is_whole = holders.is_whole and not (worker is not None and worker.is_shared)
        is_queued = may_be_queued(task, has_worker_left=status == OFFLINE)
        since = min(waiting.since, max(found.since, task.timestamp))
        has_waited = now - max(since, waiting.held_at) >= patience_s(
            task, evidence, self._options.unknown_after_s
        )
        if not is_whole or waiting.times == 0 or self._may_backend_know():
            self._suspects.ask_again([task.uuid], now)
        elif found.why == "expired" and not self._was_blind(evidence, task):
            self._heal(task.uuid, [expiry_of(task, now)])
        elif has_waited and (not is_queued or self._is_off_its_queue(task, evidence)):
            is_there = status == ONLINE or task.worker in holders.answered
            why = why_unknown(task, found, is_worker_there=is_there)
            if is_queued:
                sources = (*sources, "queue")
            self._put([unknown_end(task, why, sources, now)])
            self._suspects.drop(task.uuid)
            self._unknown += 1
        else:
            self._suspects.ask_again([task.uuid], now)

    def _may_backend_know(self) -> bool:
        """Whether there is a result backend that cannot be asked just now."""
        since = self._results_down_since
        return since is not None and self._clock.monotonic() - since < RESULTS_WAITED_S

    def _was_blind(self, evidence: TaskEvidence, task: Task) -> bool:
        """Whether it may have been run unheard before it expired."""
        until = math.inf if task.expires is None else task.expires
        return any(end > task.timestamp and start < until for start, end in evidence.workers.gaps)

    def _is_off_its_queue(self, task: Task, evidence: TaskEvidence) -> bool:
        """Whether it cannot wait in its queue any more. What expired will never run."""
        return task.queue in evidence.empty_queues or (
            task.expires is not None and task.expires < self._clock.now()
        )

    def _heal(self, uuid: str, facts: Sequence[Event]) -> None:
        self._put(facts)
        self._suspects.drop(uuid)

    def _put(self, facts: Iterable[Event]) -> None:
        for fact in facts:
            self._facts.append(fact)
            self._healed += fact.type != "reconciled-unknown"
