"""Facts of queues for the rules of health: what was sampled of them, and who consumes them.

The broker is asked by whoever samples, once for all; here it is asked only where no sample is young
enough, or after something was changed. Workers are asked what they consume once in a minute, and
when others have come or gone.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from typing import Final, NamedTuple

import msgspec

from umbel.clock import Clock
from umbel.errors import BrokerError
from umbel.services.cluster.inspection import InspectAnswers, Inspection
from umbel.services.cluster.queue_inspection import (
    QueueInspection,
    QueueList,
    QueueRow,
    names_of_queues,
)
from umbel.services.health.facts import QueueFact, QueueReading
from umbel.services.health.sampled_readings import Depth, SampledReadings
from umbel.services.health.usual_hours import UsualHours, hours_of_days_before
from umbel.store.queue_pauses import QueuePause

#: How long workers, and the broker where it is asked, have beside the store, seconds.
ANSWER_S: Final = 1.5
#: How long what workers consume is taken for theirs, seconds; where not all answered, so long.
CONSUMERS_S: Final = 60.0
MISSING_S: Final = 10.0
#: So many queues have their lines read: those without consumer, grown, and with old messages.
UNCONSUMED_MAX: Final = 20
GROWN_MAX: Final = 40
OLD_MAX: Final = 20
#: Of so many queues the day before is read, too.
LONG_MAX: Final = 5
#: With a younger oldest message a queue is not worth its line, seconds.
OLD_S: Final = 45.0
#: So many queues are remembered with who consumed them.
WERE_MAX: Final = 1_000


class FoundQueues(NamedTuple):
    """`queues` is None where the broker could not be asked, and `unknown` says why; `consumed` is
    what each worker consumes, by what workers said. `refusal` is the sentence with which the broker
    refuses whatever anybody writes, empty where it does not."""

    queues: tuple[QueueFact, ...] | None
    consumed: Mapping[str, tuple[str, ...]] = {}
    unknown: tuple[str, ...] = ()
    refusal: str = ""


class Consumers(NamedTuple):
    """Who consumes each queue; `has_missing`: one that is online and did not answer may, too."""

    workers: Mapping[str, tuple[str, ...]] | None
    has_missing: bool = False


class QueueFacts:
    """Makes facts of queues. One thread at a time, `forget` any."""

    def __init__(
        self,
        readings: SampledReadings,
        queues: QueueInspection,
        inspection: Inspection,
        clock: Clock,
        pauses: Callable[[], Mapping[str, QueuePause]] = dict,
    ) -> None:
        self._pauses = pauses
        self._readings = readings
        self._queues = queues
        self._inspection = inspection
        self._clock = clock
        self._usual: UsualHours[float] = UsualHours(clock, hours_of_days_before)
        self._were: dict[str, tuple[str, ...]] = {}
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="umbel-health-cluster")
        self._listing: Future[QueueList] | None = None
        self._answering: Future[InspectAnswers | None] | None = None
        self._depths: Mapping[str, Depth] = {}
        #: Who was online when workers were asked last, when that was, and what they said.
        self._last_answers: tuple[frozenset[str], float, InspectAnswers | None] | None = None
        self._online: frozenset[str] = frozenset()
        self._is_changed = False
        self._refusal = ""

    def forget(self) -> None:
        """Ask broker and workers next time: something was changed."""
        self._is_changed = True

    def close(self) -> None:
        """Wait for nothing that is asked."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, online: Collection[str], now: float) -> None:
        """Ask what must be asked, while the store is read. What was asked before and is not
        answered yet is not asked again."""
        self._online = frozenset(online)
        is_changed, self._is_changed = self._is_changed, False
        if is_changed:
            self._last_answers = None
        self._depths = {} if is_changed else self._readings.depths(now)
        if not self._depths:
            self._listing = self._listing or self._pool.submit(self._queues.all)
        if (self._depths or self._refusal) and self._must_ask(self._online):
            self._answering = self._pool.submit(self._ask_workers, self._online)

    def found(self, now: float) -> FoundQueues:
        """The facts, after `begin`. Raises `StoreError`."""
        found = self._found(now)
        if self._refusal and self._answering is not None:
            with contextlib.suppress(NotInTime):  # it holds until it is known to be over
                self._answering.result(ANSWER_S)
        return found._replace(refusal=self._refusal)

    def _found(self, now: float) -> FoundQueues:
        if self._depths:
            return self._made(self._sampled_consumers(), now)
        try:
            listing = self._listed()
        except NotInTime:
            return FoundQueues(
                None, {}, ("The broker has not answered yet how full its queues are.",)
            )
        except BrokerError as error:
            return FoundQueues(None, {}, (f"How full queues are is not known: {error}",))
        if (refusal := refusal_of_all(listing.items)) is not None:
            return FoundQueues(None, {}, (f"How full queues are is not known: {refusal}",))
        now = max(now, listing.at)
        self._readings.keep(listing)
        self._depths = self._readings.depths(now)
        consumers = Consumers(
            None
            if all(row.workers is None for row in listing.items)
            else {row.name: row.workers for row in listing.items if row.workers},
            not self._online.isdisjoint(listing.missing),
        )
        missing = listing.capabilities.missing
        unknown = f"How full queues are is not known: {missing.get('depth')}"
        return self._made(consumers, now, (unknown,) if "depth" in missing else ())

    def _listed(self) -> QueueList:
        asking = self._listing or self._pool.submit(self._queues.all)
        try:
            return asking.result(ANSWER_S)
        finally:
            self._listing = None if asking.done() else asking

    # -- what workers consume ----------------------------------------------------------------

    def _must_ask(self, online: frozenset[str]) -> bool:
        if self._answering is not None and not self._answering.done():
            return False
        if self._last_answers is None:
            return True
        before, at, answers = self._last_answers
        good_s = CONSUMERS_S if answers is not None and not answers.missing else MISSING_S
        return before != online or self._clock.monotonic() >= at + good_s

    def _ask_workers(self, online: frozenset[str]) -> InspectAnswers | None:
        """None where the broker cannot carry the question, or does not now."""
        refusal = ""
        try:
            answers = self._inspection.inspect("active_queues")
        except BrokerError as error:
            answers = None
            refusal = str(error) if error.takes_nothing else ""
        self._refusal = refusal
        self._last_answers = online, self._clock.monotonic(), answers
        return answers

    def _sampled_consumers(self) -> Consumers:
        if self._answering is not None:
            try:
                self._answering.result(ANSWER_S)
            except NotInTime:
                return Consumers(None)
        answers = None if self._last_answers is None else self._last_answers[2]
        if answers is None or not (answers.values or not answers.missing):
            return Consumers(None)
        workers: dict[str, tuple[str, ...]] = {}
        for worker, queues in sorted(answers.values.items()):
            for name in names_of_queues(queues):
                workers[name] = (*workers.get(name, ()), worker)
        return Consumers(workers, bool(answers.missing))

    # -- facts -------------------------------------------------------------------------------

    def _made(self, consumers: Consumers, now: float, unknown: tuple[str, ...] = ()) -> FoundQueues:
        last = {
            name: msgspec.structs.replace(depth.now, consumers=_consumers(name, depth, consumers))
            for name, depth in sorted(self._depths.items())
        }
        lines = self._readings.queue_lines(worth_a_line(self._depths, last), now)
        lost = [name for name, each in last.items() if is_lost(each, lines.get(name, ()))]
        lost = sorted(lost, key=lambda name: -last[name].ready)[:LONG_MAX]
        earlier = self._readings.long_queue_lines(lost, now)
        old = [name for name in last if (last[name].oldest_s or 0.0) >= OLD_S]
        usual = self._usual.of(old, now, -math.inf, self._readings.oldest)
        by, pauses = consumers.workers, self._pauses()
        self._were |= by or {}
        self._were = dict([*self._were.items()][-WERE_MAX:])
        facts = tuple(
            QueueFact(
                name=name,
                readings=_ended(lines.get(name) or self._depths[name].readings, each),
                earlier=earlier.get(name, ()),
                workers=None if by is None else by.get(name, ()),
                were=self._were.get(name, ()),
                usual_oldest_s=usual.get(name, ()),
                pause=pauses.get(name),
            )
            for name, each in last.items()
        )
        return FoundQueues(facts, queues_by_worker(by or {}), unknown)


def refusal_of_all(rows: Sequence[QueueRow]) -> str | None:
    """Why none of these can be looked at, though they are there; None if any can."""
    refusals = [None if row.is_absent else row.trouble for row in rows]
    return refusals[0] if all(refusals) and refusals else None


def worth_a_line(depths: Mapping[str, Depth], last: Mapping[str, QueueReading]) -> set[str]:
    """Queues of which a rule may have to know what they were like before."""
    full = [name for name, each in last.items() if each.ready]
    grown = {name: last[name].ready - (depths[name].before or 0) for name in full}
    unconsumed = [name for name in full if not last[name].consumers]
    old = [name for name in full if (last[name].oldest_s or 0.0) >= OLD_S]
    return {
        *sorted(unconsumed, key=lambda name: -last[name].ready)[:UNCONSUMED_MAX],
        *sorted((n for n in full if grown[n] > 0), key=lambda name: -grown[name])[:GROWN_MAX],
        *sorted(old, key=lambda name: -(last[name].oldest_s or 0.0))[:OLD_MAX],
    }


def is_lost(now: QueueReading, line: tuple[QueueReading, ...]) -> bool:
    """Whether messages wait that nobody consumes, and nobody did in all of the line."""
    return now.ready > 0 and now.consumers == 0 and not any(each.consumers for each in line)


def _ended(line: tuple[QueueReading, ...], now: QueueReading) -> tuple[QueueReading, ...]:
    return (*(each for each in line if each.at < now.at), now)


def _consumers(name: str, depth: Depth, consumers: Consumers) -> int | None:
    workers = None if consumers.workers is None else consumers.workers.get(name, ())
    return consumers_of(depth.now.consumers, workers, has_missing=consumers.has_missing)


def consumers_of(
    counted: int | None, workers: tuple[str, ...] | None, *, has_missing: bool
) -> int | None:
    """How many consume a queue, by what was counted and what workers say; None where that is
    unknown."""
    if workers:
        return max(counted or 0, len(workers))
    if counted is not None:
        return counted
    return None if workers is None or has_missing else 0


def queues_by_worker(workers: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """What each worker consumes, by who consumes each queue."""
    consumed: dict[str, list[str]] = {}
    for name, its in workers.items():
        for worker in its:
            consumed.setdefault(worker, []).append(name)
    return {worker: tuple(names) for worker, names in consumed.items()}
