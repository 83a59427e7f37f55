"""What a collector counts for `/metrics`: events, runtimes and waits by worker, name and queue.

Theory of operation. Only two events carry the name of their task (`task-sent` and
`task-received`), and one its queue (`task-sent`); all others carry its id alone. So the name of a
task in flight is remembered from its sending to its end, and read from the store where it is not
remembered: after a restart, or when more tasks are in flight than are remembered. A task whose
sending is not remembered has the queue that was last seen for its name.

Everything here is bounded. Beyond `PAIRS_MAX` pairs (of worker, task name and queue), further
workers are counted together as the worker `other`, so that sums by task and queue stay whole;
beyond `OTHERS_MAX` of those, also as the task and queue `other`. A worker from which nothing came
for long is removed (sooner while pairs are short) and starts at zero if it comes back, which
Prometheus takes for the restart of a counter.

Only what was not stored before is counted, so what is delivered again, or heard by two collectors,
counts once. A collector goes on with the counts of those before it. Which event counts where
follows Flower (flower/events.py, 2.2.0) and celery-exporter (src/exporter.py).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from umbel.cluster.events import Event
from umbel.cluster.task import Task
from umbel.cluster.timestamps import parse_iso
from umbel.errors import StoreError
from umbel.services.ingest.metric_pair import OTHER, Pair, exception_class
from umbel.services.metric_sums import added, with_bounds
from umbel.store.base import MetricCounts

#: The upper ends of the buckets of runtimes, seconds: those of Prometheus' client libraries.
RUNTIME_BOUNDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip
#: Those of waits in queues.
WAIT_BOUNDS: Final = (
    0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1_800.0,
)  # fmt: skip
#: What can be left out of what tells counts apart.
LABELS: Final = ("worker", "task", "queue", "exception")
#: Pairs that are counted apart, and pairs of the worker `other`.
PAIRS_MAX: Final = 2_000
OTHERS_MAX: Final = 500
#: Names of tasks whose queue is remembered.
QUEUES_MAX: Final = 5_000
#: Tasks in flight whose names are remembered, in each of two generations: when the younger one
#: is full it becomes the older one, whose tasks are forgotten together.
IN_FLIGHT_MAX: Final = 25_000
#: How many names are read from the store for one batch.
LOOKUPS_MAX: Final = 300
#: A worker leaves when nothing came from it for so long, in seconds; and when there are
#: more pairs than fit.
GONE_AFTER_S: Final = 86_400.0
GONE_WHEN_FULL_S: Final = 600.0
SWEEP_EVERY_S: Final = 60.0
#: Workers of which it is remembered when they were heard.
_HEARD_MAX: Final = 10_000
#: After these, and after its success, a task is no longer in flight.
_ENDS: Final = frozenset({"task-failed", "task-revoked", "task-rejected"})

#: Of a task in flight: who received it and counts for it, its name, when it was received (Unix
#: seconds) if it was to run at once, its queue, and since when it could run as far as its sender
#: told (Unix seconds).
_InFlight = tuple[Pair | None, str, float | None, str, float | None]
_NOT_FOUND: Final[_InFlight] = (None, "", None, "", None)
_MISSING: Final[_InFlight] = (None, "missing", None, "", None)


class MetricCounter:
    """Counts committed events that are new. One thread. `task_of` is `Store.task`; `without` are
    those of `LABELS` that do not tell counts apart: they are empty then."""

    def __init__(
        self,
        task_of: Callable[[str], Task | None],
        bounds: Sequence[float] = RUNTIME_BOUNDS,
        *,
        without: Collection[str] = (),
    ) -> None:
        self._task_of = task_of
        self._bounds = tuple(bounds)
        self._by_worker, self._by_task, self._by_queue, self._by_exception = (
            label not in without for label in LABELS
        )
        self._pairs: dict[tuple[str, str, str], Pair] = {}
        #: How many of them are of the worker `other`.
        self._others = 0
        #: The queue in which tasks of a name were sent last.
        self._queues: dict[str, str] = {}
        self._in_flight: dict[str, _InFlight] = {}
        self._older: dict[str, _InFlight] = {}
        self._heard: dict[str, float] = {}
        self._lookups_left = 0
        self._wall = 0.0
        self._swept = 0.0
        self._is_short = False
        self._totals: Mapping[str, int] = {}
        #: Set by every count; the caller resets it after it has saved `metric_counts`.
        self.changed = True

    def resume(self, earlier: MetricCounts, now: float) -> None:
        """Go on with what earlier collectors had counted, at `now` (monotonic seconds)."""
        self._totals = earlier.totals
        for item in earlier.items:
            self._wall = item.since
            pair = self._pair_of(item.worker, item.task, item.queue)
            pair.resume(with_bounds(item, earlier, self._bounds, WAIT_BOUNDS))
            pair.at = now
            if item.queue:
                self._remember_queue(item.task, item.queue)

    def count(self, events: Sequence[Event], now: float, wall: float) -> None:
        """These became durable, at `now` (monotonic seconds) and `wall` (Unix seconds)."""
        self._wall = wall
        self._lookups_left = LOOKUPS_MAX
        # Everything in this loop is paid for each event, so it calls as little as possible.
        in_flight, pair_of, looked_up = self._in_flight, self._pair_of, self._looked_up
        bounds, queues = self._bounds, self._queues
        others = 0
        for event in events:
            kind, worker = event.type, event.hostname
            if kind == "task-received":
                name = event.name or ""
                found = in_flight.get(event.uuid)
                if found is None:
                    queue, ready = queues.get(name, ""), None
                else:
                    queue, ready = found[3], found[4]
                pair = pair_of(worker, name, queue)
                due = None
                if event.eta is None:
                    due = event.timestamp
                    pair.is_due = True
                elif ready is not None:
                    ready = max(ready, parse_iso(event.eta) or ready)
                in_flight[event.uuid] = (pair, name, due, queue, ready)
                pair.received += 1
            elif kind == "task-started":
                uuid = event.uuid
                found = in_flight.get(uuid)
                if found is None:
                    found = in_flight[uuid] = looked_up(uuid)
                elif found[4] is None and found[1] in queues and self._lookups_left:
                    found = in_flight[uuid] = (*found[:4], looked_up(uuid)[4])
                receiver, name, due, queue, ready = found
                if receiver is not None and receiver.worker == worker:
                    pair = receiver
                else:
                    pair = pair_of(worker, name, queue)
                if due is not None:
                    waited_s = event.timestamp - due
                    pair.waited_s = waited_s if waited_s > 0 else 0.0
                if ready is not None:
                    wait_s = event.timestamp - ready
                    wait_s = wait_s if wait_s > 0 else 0.0
                    bucket = bisect_left(WAIT_BOUNDS, wait_s)
                    pair.waits[bucket] += 1
                    pair.wait_s += wait_s
                    pair.wait_examples[bucket] = (uuid, wait_s, event.timestamp)
                pair.started += 1
            elif kind == "task-succeeded":
                found = in_flight.pop(event.uuid, _MISSING)
                if found is _MISSING:
                    found = looked_up(event.uuid)
                receiver, name, due, queue, _ = found
                if receiver is not None and receiver.worker == worker:
                    pair = receiver
                else:
                    pair = pair_of(worker, name, queue)
                if due is not None and pair.waited_s is not None:
                    pair.waited_s = 0.0
                runtime_s = event.runtime
                if runtime_s:
                    bucket = bisect_left(bounds, runtime_s)
                    pair.runtimes[bucket] += 1
                    pair.runtime_s += runtime_s
                    pair.runtime_examples[bucket] = (event.uuid, runtime_s, event.timestamp)
                pair.succeeded += 1
            elif kind == "task-sent":
                pair = self._send(event)
            elif kind.startswith("task-"):
                pair = self._rarer(event)
            else:
                self._hear(worker, now)
                others += 1
                continue
            pair.at = now
        self.changed = self.changed or others < len(events)
        if len(in_flight) > IN_FLIGHT_MAX:
            self._older, self._in_flight = in_flight, {}
        if now - self._swept >= SWEEP_EVERY_S:
            self._sweep(now)

    def metric_counts(
        self, collector: str, started: float, totals: Mapping[str, int] | None = None
    ) -> MetricCounts:
        """Everything counted, for `Store.keep_metric_counts`; `totals` since `started`."""
        return MetricCounts(
            collector=collector,
            started=started,
            bounds=self._bounds,
            items=tuple(pair.counts() for pair in self._pairs.values()),
            wait_bounds=WAIT_BOUNDS,
            totals=added(self._totals, totals or {}),
        )

    def _send(self, event: Event) -> Pair:
        """Count a sending, and remember the task, unless its worker was heard sooner."""
        uuid, name, queue = event.uuid, event.name or "", event.queue or ""
        if queue and self._queues.get(name) != queue:
            self._remember_queue(name, queue)
        at = event.timestamp
        found = self._in_flight.get(uuid)
        if found is None or found[0] is None or found[4] is not None:
            self._in_flight[uuid] = (None, name, None, queue, at)
        else:
            self._in_flight[uuid] = (*found[:4], at)
        pair = self._pair_of(event.hostname, name, queue)
        pair.sent += 1
        return pair

    def _remember_queue(self, name: str, queue: str) -> None:
        if name in self._queues or len(self._queues) < QUEUES_MAX:
            self._queues[name] = queue

    def _rarer(self, event: Event) -> Pair:
        """Count a task event that is of one of the rarer types."""
        kind, uuid = event.type, event.uuid
        if event.name is not None:
            found: _InFlight = (None, event.name, None, self._queues.get(event.name, ""), None)
        elif kind in _ENDS:
            found = self._in_flight.pop(uuid, _MISSING)
            found = found if found is not _MISSING else self._looked_up(uuid)
        else:
            found = self._in_flight.get(uuid) or self._looked_up(uuid)
        _, name, due, queue, _ = found
        pair = self._pair_of(event.hostname, name, queue)
        if kind == "task-failed":
            pair.add_failure(exception_class(event) if self._by_exception else "")
            if due is not None and pair.waited_s is not None:
                pair.waited_s = 0.0
        if event.runtime:
            bucket = bisect_left(self._bounds, event.runtime)
            pair.runtimes[bucket] += 1
            pair.runtime_s += event.runtime
            pair.runtime_examples[bucket] = (uuid, event.runtime, event.timestamp)
        pair.add_rarer(kind)
        return pair

    def _looked_up(self, uuid: str) -> _InFlight:
        """A task that is not in the younger generation: from the older one, or the store."""
        found = self._older.pop(uuid, None)
        if found is not None or not uuid or not self._lookups_left:
            return found or _NOT_FOUND
        self._lookups_left -= 1
        try:
            task = self._task_of(uuid)
        except StoreError:
            self._lookups_left = 0
            return _NOT_FOUND
        if task is None:
            return _NOT_FOUND
        name = task.name or ""
        ready = None if task.sent is None else max(task.sent, task.eta or task.sent)
        queue = task.queue or self._queues.get(name, "")
        return None, name, None if task.eta else task.received, queue, ready

    def _pair_of(self, worker: str, task: str, queue: str) -> Pair:
        """The pair of these, or the one of all that are one too many."""
        pair = self._pairs.get((worker, task, queue))
        return pair if pair is not None else self._bounded_pair(worker, task, queue)

    def _bounded_pair(self, worker: str, task: str, queue: str) -> Pair:
        key = (
            worker if self._by_worker else "",
            task if self._by_task else "",
            queue if self._by_queue else "",
        )
        if key not in self._pairs and len(self._pairs) - self._others >= PAIRS_MAX:
            self._is_short = True
            key = (OTHER, key[1], key[2])
        if key not in self._pairs and key[0] == OTHER and self._others >= OTHERS_MAX:
            key = (OTHER, OTHER, OTHER)
        pair = self._pairs.get(key)
        if pair is None:
            pair = Pair(*key, self._wall, len(self._bounds), len(WAIT_BOUNDS))
            self._pairs[key] = pair
            self._others += key[0] == OTHER
        return pair

    def _hear(self, worker: str, now: float) -> None:
        if worker in self._heard or len(self._heard) < _HEARD_MAX:
            self._heard[worker] = now

    def _sweep(self, now: float) -> None:
        """Remove the pairs of workers from which nothing came for long."""
        self._swept = now
        last = dict(self._heard)
        for pair in self._pairs.values():
            last[pair.worker] = max(last.get(pair.worker, 0.0), pair.at)
        silent_s = GONE_WHEN_FULL_S if self._is_short else GONE_AFTER_S
        gone = {worker for worker, at in last.items() if now - at > silent_s}
        self._is_short = False
        if not gone:
            return
        self._pairs = {key: pair for key, pair in self._pairs.items() if key[0] not in gone}
        self._others = sum(key[0] == OTHER for key in self._pairs)
        self._heard = {worker: at for worker, at in self._heard.items() if worker not in gone}
        for tasks in (self._in_flight, self._older):
            for uuid, (pair_then, name, due, queue, ready) in tasks.items():
                if pair_then is not None and pair_then.worker in gone:
                    tasks[uuid] = (None, name, due, queue, ready)
        self.changed = True
