"""Events from the broker into the store.

Theory of operation. Two threads: the reader (`event_reader`) takes messages off the broker as
they come and never waits for the disk; the writer (the thread that calls `run`) decodes,
collects a batch, commits it, and only then settles its messages with the broker. So on a broker
that keeps messages nothing is lost however this process ends, and on one that keeps none a slow
disk is no reason to be cut off. Memory stays bounded: a lossless broker hands out only so much
unsettled, and for others what no longer fits into the buffer is shed and counted.
"""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from umbel.broker.base import EventSource
from umbel.clock import Clock, SystemClock, since_boot
from umbel.cluster.events import Decoded
from umbel.errors import StoreError
from umbel.redact.rules import USUAL, Redactor
from umbel.services.collectors import host_and_pid, predecessor
from umbel.services.healing.reconciler import Reconciler
from umbel.services.ingest.collector_totals import totals_of
from umbel.services.ingest.commit import Committer, Limits
from umbel.services.ingest.earlier_reports import by_the_clock_of
from umbel.services.ingest.event_counter import EventCounter
from umbel.services.ingest.event_reader import EventReader
from umbel.services.ingest.event_redaction import EventRedactor
from umbel.services.ingest.frame_buffer import FrameBuffer
from umbel.services.ingest.gaps import Gaps
from umbel.services.ingest.loss import LossEstimate
from umbel.services.ingest.metric_counter import RUNTIME_BOUNDS, MetricCounter
from umbel.services.ingest.other_collectors import OtherCollectors
from umbel.services.ingest.standby import Heard
from umbel.services.ingest.stream_position import resume, stream_status
from umbel.services.ingest.trim_lease import TrimLease
from umbel.services.ingest.trimming import Trimming
from umbel.services.metric_sums import metric_sum
from umbel.store.base import CollectorStatus, Retention, Store
from umbel.store.ledger import Ledger

if TYPE_CHECKING:
    from umbel.services.telemetry.span_exporter import SpanExporter

log = logging.getLogger(__name__)

__all__ = ["Ingest", "Limits"]

REPORT_EVERY_S: Final = 1.0
#: How often counts for `/metrics` are kept, if they changed, and how much of the time that may
#: take: they may be large. What is counted in between is not known after `kill -9`. Without tasks
#: they are kept less often.
METRIC_COUNTS_EVERY_S: Final = 1.0
METRIC_COUNTS_IDLE_S: Final = 15.0
METRIC_COUNTS_SHARE: Final = 0.01
TAKE_TIMEOUT_S: Final = 0.5
#: For how long a connection must have been there, and how little may wait, before what is not there
#: is taken for lost, seconds.
CURRENT_AFTER_S: Final = 2.0
GAPS_MAX: Final = 20

#: Is told what keeps events from being stored, as a sentence that says what to do, and None
#: while they are. Called by the writing thread, at its first report and when it changes.
TellTrouble = Callable[[str | None], None]


class Ingest:
    """One source into one store. A store that cannot be written cannot keep the report that
    says so either, so `tell_trouble` hears of it too. `name` is host and pid if none is given;
    in `ledger` it takes the lease to trim, where others may write to the same store; `heard` is
    what the source brought while it stood by; `runtime_bounds` are the upper ends of the buckets
    in which runtimes are counted, in seconds, `metrics_without` labels that tell no counts
    apart; `spans` sends attempts that have ended. `reconciler` asks for what is missing, and is
    started here; whoever made it closes it."""

    def __init__(
        self,
        source: EventSource,
        store: Store,
        *,
        name: str | None = None,
        ledger: Ledger | None = None,
        heard: Heard | None = None,
        broker_url: str = "",
        retention: Retention | None = None,
        limits: Limits | None = None,
        runtime_bounds: Sequence[float] = RUNTIME_BOUNDS,
        metrics_without: Sequence[str] = (),
        clock: Clock | None = None,
        tell_trouble: TellTrouble | None = None,
        redactor: Redactor = USUAL,
        reconciler: Reconciler | None = None,
        spans: SpanExporter | None = None,
    ) -> None:
        limits = limits or Limits()
        self._clock = clock or SystemClock()
        self._source = source
        self._store = store
        self._name = name or host_and_pid()
        self._broker_url = broker_url
        self._started_at = self._clock.now()
        self._buffer = FrameBuffer(limits.buffer_bytes)
        self._metrics = MetricCounter(store.task, runtime_bounds, without=metrics_without)
        #: The collectors whose counts this one goes on with, until they are kept as its own.
        self._resumed = self._resume_metrics()
        self._others = OtherCollectors(self._name)
        loss = self._loss_so_far()
        self._events_seen = EventCounter(self._clock.monotonic(), self._metrics, loss)
        hiding = EventRedactor(redactor, store.tasks)
        self._hiding = hiding
        self._spans = spans
        on_stored = spans.offer if spans is not None else None
        self._committer = Committer(
            store, self._events_seen, limits, self._clock, hiding, on_stored
        )
        self._reader = EventReader(source, self._buffer, self._committer, self._clock)
        self._tell_trouble = tell_trouble
        self._last_trouble: str | None = None
        self._has_logged = False
        self._has_ended = False
        self._report_at = 0.0
        self._metric_counts_at = 0.0
        lease = TrimLease(ledger, self._name, self._clock) if ledger else None
        self._trimming = Trimming(store, retention, lease, self._clock)
        self._gaps = Gaps(self._name)
        self._heard = heard
        self._connected_at: float | None = None
        self._reconciler = reconciler
        if reconciler is not None:
            reconciler.is_current = self._is_current
        #: Of which connection the first events were counted already.
        self._counted_since: float | None = None

    def run(self, stop: threading.Event) -> None:
        """Take in events until `stop` is set; then commit what was read, settle it and leave
        the broker. Raises what a reading thread that broke raised."""
        self._look_back()
        self._reader.start()
        if self._reconciler is not None:
            self._reconciler.start()
        try:
            while not stop.is_set() and self._reader.failure is None:
                self._turn()
        finally:
            self._finish(reader_left=self._reader.leave())
        if self._reader.failure is not None:
            raise self._reader.failure

    def status(self) -> CollectorStatus:
        """How it goes. Any thread."""
        health, counts = self._source.health(), self._events_seen.counts(self._clock.monotonic())
        shed, recent_shed = self._reader.shed_kinds, self._reader.recent_shed_kinds
        return CollectorStatus(
            collector=self._name,
            pid=os.getpid(),
            started=self._started_at,
            at=self._clock.now(),
            broker=health.state,
            broker_url=health.url or self._broker_url,
            transport=health.transport,
            connected_since=health.since,
            trouble=" ".join(filter(None, (self._committer.trouble, health.trouble))) or None,
            events=counts.events,
            messages=counts.messages,
            rate=counts.rate,
            lag_s=self._lag_s(counts.lag_s),
            malformed=counts.malformed,
            shed=shed.total(),
            shed_kinds={str(kind): count for kind, count in shed.items()},
            lost=counts.lost,
            lost_since=counts.lost_since,
            reconnections=health.reconnections,
            gaps=self._gaps.last(GAPS_MAX),
            faults=counts.faults,
            samples=counts.samples,
            event_kinds=counts.kinds,
            cut_off_since=self._cut_off_since if health.since is None else None,
            heard_at=counts.heard_at,
            mute=counts.mute,
            recent_events=counts.recent_events,
            recent_faults=counts.recent_faults,
            faulty_since=self._clock.now() - counts.faulty_s if counts.recent_faults else None,
            recent_shed=recent_shed.total(),
            recent_shed_kinds={str(kind): count for kind, count in recent_shed.items()},
            foreign_consumers=health.foreign_consumers,
            queue=health.queue,
            healing=None if self._reconciler is None else self._reconciler.status(),
            stream=stream_status(health.stream),
            since_boot=since_boot(),
            is_copied=self._gaps.is_after_copy,
            ended=self._clock.now() if self._has_ended else None,
        )

    @property
    def _cut_off_since(self) -> float | None:
        """When the broker was last heard, by this run or the one before it."""
        return self._gaps.away_since if self._connected_at is None else self._connected_at

    def _note_moment(self) -> None:
        """Once a second: whether the broker is heard, and how much has been shed by now."""
        if self._source.health().since is not None:
            self._connected_at = self._clock.now()
        self._reader.note_moment()

    def _lag_s(self, committed_s: float) -> float:
        """How far behind (see `CollectorStatus`), if the last commit was so by
        `committed_s`. Once the broker keeps nothing, that no longer counts."""
        waiting_s = self._waiting_s()
        return waiting_s if self._reader.lag_bound.is_quiet else max(committed_s, waiting_s)

    def _waiting_s(self) -> float:
        """For how long the oldest message has waited to be committed."""
        oldest = self._committer.waiting_since or self._buffer.oldest_at()
        return self._clock.monotonic() - oldest if oldest is not None else 0.0

    def _turn(self) -> None:
        """One round of the writing thread."""
        now = self._clock.monotonic()
        if self._committer.due_in_s() == 0.0:
            self._commit()
        if now >= self._report_at:
            self._report_at = now + REPORT_EVERY_S
            self._report()
        self._trimming.trim_if_due()
        self._heal()
        wait_s = min(self._report_at - now, TAKE_TIMEOUT_S)
        due_in_s = self._committer.due_in_s()
        if due_in_s is not None:
            wait_s = min(wait_s, due_in_s)
        if self._committer.is_full:
            # Refused by the store; the buffer holds what comes until it is tried again.
            self._reader.leaving.wait(max(0.0, wait_s))
            return
        chunk = self._buffer.take(max(0.0, wait_s))
        if chunk is not None:
            self._note_connection()
            self._committer.add(chunk)

    def _is_current(self) -> bool:
        """Whether what came so far is stored, so that what is missing was lost. Any thread."""
        since = self._source.health().since
        return (
            since is not None
            # One that lies ahead began before the clock was set back.
            and abs(self._clock.now() - since) > CURRENT_AFTER_S
            and self._committer.trouble is None
            and self._waiting_s() < CURRENT_AFTER_S
        )

    def _heal(self) -> None:
        """Write what others said of tasks when they were asked."""
        found = self._reconciler.take() if self._reconciler is not None else []
        if self._reconciler is None or not found:
            return
        try:
            self._store.apply(self._hiding.redacted(Decoded(list(found), [])).events)
        except StoreError as error:
            self._reconciler.give_back(found)
            log.warning("What others said of tasks cannot be stored: %s", error)

    def _note_connection(self) -> None:
        """Before the first events of a connection: others may have counted what came before."""
        since = self._source.health().since
        if since is None or since == self._counted_since:
            return
        self._counted_since = since
        if not self._others.take_have_reported():
            return
        if self._committer.messages:
            self._commit()
        try:
            self._events_seen.begin_losses_anew(self._loss_so_far())
        except StoreError as error:
            log.warning("What others have counted cannot be read: %s", error)

    def _loss_so_far(self) -> LossEstimate:
        """What the store knows of losses. Raises `StoreError`."""
        store = self._store
        return LossEstimate(store.processes(), store.losses(), self._others.listened_through)

    def _commit(self) -> bool:
        """Whether the batch is durable now."""
        tasks, size_bytes = self._committer.messages, self._committer.size_bytes
        tag = self._committer.commit()
        if tag is None and self._committer.is_out_of_room and self._trimming.has_bounds:
            # What the bounds let go makes room at once.
            self._trimming.trim()
            tag = self._committer.commit()
        if tag is None:
            return False
        self._trimming.add(tasks, size_bytes)
        self._source.settle(tag)
        return True

    def _finish(self, *, reader_left: bool) -> None:
        """Commit what was read, tell so, and leave the broker."""
        while (chunk := self._buffer.take(0)) is not None:
            self._committer.add(chunk)
            if self._committer.is_full and not self._commit():
                break
        if self._committer.messages:
            self._commit()
        self._metric_counts_at = 0.0
        self._has_ended = True
        self._report()
        self._trimming.end()
        if reader_left:
            self._source.close()

    def _report(self) -> None:
        self._note_moment()
        trouble = self._committer.trouble
        try:
            self._note_others()
            self._keep_gaps()
            status = self.status()
            self._store.report(status)
            self._keep_metric_counts(status)
        except StoreError as error:
            trouble = trouble or str(error)
        if self._has_logged and trouble == self._last_trouble:
            return
        if trouble is not None and trouble != self._committer.trouble:
            log.error("The collector's status cannot be kept: %s", trouble)
        self._last_trouble, self._has_logged = trouble, True
        if self._tell_trouble is not None:
            self._tell_trouble(trouble)

    def _note_others(self) -> None:
        """Raises `StoreError`."""
        self._others.note(self._store.collectors(), self._clock.now())
        since = self._source.health().since
        self._events_seen.keeps_losses = not self._others.are_connected_longer(since)

    def _keep_metric_counts(self, status: CollectorStatus) -> None:
        """The first are kept at once, lest those of an earlier run stand for ours."""
        now = self._clock.monotonic()
        is_idle = not self._metrics.changed
        if now >= self._metric_counts_at + is_idle * METRIC_COUNTS_IDLE_S:
            totals = totals_of(status)
            if self._spans is not None:
                totals |= self._spans.totals()
            counts = self._metrics.metric_counts(self._name, self._started_at, totals)
            self._store.keep_metric_counts(counts, self._resumed)
            self._metrics.changed, self._resumed = False, ()
            after = self._clock.monotonic()
            rest_s = max(METRIC_COUNTS_EVERY_S, (after - now) / METRIC_COUNTS_SHARE)
            self._metric_counts_at = after + rest_s

    def _resume_metrics(self) -> tuple[str, ...]:
        """Go on with the counts of earlier collectors, where none of them can still be counting;
        their names. Raises `StoreError`."""
        if not self._store.has_one_writer:
            return ()
        kept = self._store.metric_counts()
        earlier = metric_sum(kept)
        if earlier is not None:
            self._metrics.resume(earlier, self._clock.monotonic())
        return tuple(each.collector for each in kept)

    def _look_back(self) -> None:
        """Nobody listened between the last run's end and now. How far workers' clocks were off
        is known from then."""
        self._committer.remember(self._store.workers())
        now = self._clock.now()
        collectors = by_the_clock_of(now, since_boot(), self._store.collectors())
        earlier = predecessor(collectors)
        resume(self._source, collectors)
        heard, self._heard = self._heard, None
        for chunk in heard.after(earlier) if heard is not None else ():
            self._buffer.put(chunk, bounded=False)
        if earlier is not None:
            self._gaps.look_back(earlier, heard.from_when(earlier, now) if heard else None)

    def _keep_gaps(self) -> None:
        """Those that are new. Raises `StoreError`."""
        self._gaps.note(
            self._reader.shed_spans.take(math.inf if self._has_ended else self._clock.now())
        )
        new = self._gaps.new(self._source.health(), self._others)
        if new:
            self._store.keep_gaps(new)
            self._gaps.saved()
