"""What a collector counts for `/metrics`: events and runtimes by worker and task name.

Theory of operation. Only two events carry the name of their task (`task-sent` and
`task-received`); all others carry its id alone. So the name of a task in flight is remembered
from its reception to its end, and read from the store where it is not remembered: after a
restart, or when more tasks are in flight than are remembered. Everything here is bounded. Beyond
`PAIRS_MAX` pairs of worker and task name, further pairs are counted together, as the worker
`other` and the task `other`. A worker from which nothing came for long is removed (sooner while
pairs are short) and starts at zero if it comes back, which Prometheus takes for the restart of a
counter.

All of it starts at zero with the collector, and follows Flower (flower/events.py, 2.2.0) in
which event counts where.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Final

from umbel.cluster.events import TASK_RANK, Event
from umbel.cluster.task import Task
from umbel.errors import StoreError
from umbel.store.base import MetricCounts, TaskCounts

#: The upper ends of the buckets of runtimes, seconds: those of Prometheus' client libraries.
RUNTIME_BOUNDS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip
#: Stands for the worker and the task of what is counted beyond the bounds.
OTHER: Final = "other"
#: Pairs of a worker and a task name that are counted apart.
PAIRS_MAX: Final = 2_000
#: Types of events that are counted apart for one pair: Celery's own and a few more.
TYPES_MAX: Final = 16
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


class _Pair:
    """The counts of one worker and one task name; see `TaskCounts`. The usual types of
    events have attributes of their own, which cost less than a dict by type."""

    __slots__ = (
        "at", "is_due", "rarer", "received", "runtime_s", "runtimes", "sent", "since",
        "started", "succeeded", "task", "waited_s", "worker",
    )  # fmt: skip

    def __init__(self, worker: str, task: str, since: float, buckets: int) -> None:
        self.worker = worker
        self.task = task
        self.since = since
        self.at = 0.0
        self.sent = self.received = self.started = self.succeeded = 0
        self.rarer: dict[str, int] = {}
        self.runtimes = [0] * buckets
        self.runtime_s = 0.0
        self.waited_s: float | None = None
        self.is_due = False

    def events(self) -> dict[str, int]:
        usual = {
            "task-sent": self.sent,
            "task-received": self.received,
            "task-started": self.started,
            "task-succeeded": self.succeeded,
        }
        return {kind: count for kind, count in usual.items() if count} | self.rarer


#: Of a task in flight: who received it and counts for it, its name, and when it was received
#: (Unix seconds) if it was to run at once.
_InFlight = tuple[_Pair | None, str, float | None]
_NOT_FOUND: Final[_InFlight] = (None, "", None)
_MISSING: Final[_InFlight] = (None, "missing", None)


class MetricCounter:
    """Counts committed events. One thread. `task_of` is `Store.task`."""

    def __init__(
        self, task_of: Callable[[str], Task | None], bounds: Sequence[float] = RUNTIME_BOUNDS
    ) -> None:
        self._task_of = task_of
        self._bounds = tuple(bounds)
        self._pairs: dict[tuple[str, str], _Pair] = {}
        self._in_flight: dict[str, _InFlight] = {}
        self._older: dict[str, _InFlight] = {}
        self._heard: dict[str, float] = {}
        self._lookups_left = 0
        self._wall = 0.0
        self._swept = 0.0
        self._is_short = False
        #: Set by every count; the caller resets it after it has saved `metric_counts`.
        self.changed = True

    def count(self, events: Sequence[Event], now: float, wall: float) -> None:
        """These became durable, at `now` (monotonic seconds) and `wall` (Unix seconds)."""
        self._wall = wall
        self._lookups_left = LOOKUPS_MAX
        # Everything in this loop is paid for each event, so it calls as little as possible.
        in_flight, pair_of, looked_up = self._in_flight, self._pair_of, self._looked_up
        bounds = self._bounds
        others = 0
        for event in events:
            kind, worker = event.type, event.hostname
            if kind == "task-received":
                name = event.name or ""
                pair = pair_of(worker, name)
                due = None
                if event.eta is None:
                    due = event.timestamp
                    pair.is_due = True
                in_flight[event.uuid] = (pair, name, due)
                pair.received += 1
            elif kind == "task-started":
                found = in_flight.get(event.uuid)
                if found is None:
                    found = in_flight[event.uuid] = looked_up(event.uuid)
                receiver, name, due = found
                if receiver is not None and receiver.worker == worker:
                    pair = receiver
                else:
                    pair = pair_of(worker, name)
                if due is not None:
                    waited_s = event.timestamp - due
                    pair.waited_s = waited_s if waited_s > 0 else 0.0
                pair.started += 1
            elif kind == "task-succeeded":
                found = in_flight.pop(event.uuid, _MISSING)
                receiver, name, due = found if found is not _MISSING else looked_up(event.uuid)
                if receiver is not None and receiver.worker == worker:
                    pair = receiver
                else:
                    pair = pair_of(worker, name)
                if due is not None and pair.waited_s is not None:
                    pair.waited_s = 0.0
                runtime_s = event.runtime
                if runtime_s:
                    pair.runtimes[bisect_left(bounds, runtime_s)] += 1
                    pair.runtime_s += runtime_s
                pair.succeeded += 1
            elif kind == "task-sent":
                pair = pair_of(worker, event.name or "")
                pair.sent += 1
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

    def metric_counts(self, collector: str, started: float) -> MetricCounts:
        """Everything counted since `started`, for `Store.keep_metric_counts`."""
        return MetricCounts(
            collector=collector,
            started=started,
            bounds=self._bounds,
            items=tuple(
                TaskCounts(
                    pair.worker, pair.task, pair.since, pair.events(),
                    tuple(pair.runtimes) if any(pair.runtimes) else (),
                    pair.runtime_s, pair.waited_s, pair.is_due,
                )
                for pair in self._pairs.values()
            ),
        )  # fmt: skip

    def _rarer(self, event: Event) -> _Pair:
        """Count a task event that is of one of the rarer types."""
        kind, uuid = event.type, event.uuid
        if event.name is not None:
            found: _InFlight = (None, event.name, None)
        elif kind in _ENDS:
            found = self._in_flight.pop(uuid, _MISSING)
            found = found if found is not _MISSING else self._looked_up(uuid)
        else:
            found = self._in_flight.get(uuid) or self._looked_up(uuid)
        _, name, due = found
        pair = self._pair_of(event.hostname, name)
        if kind == "task-failed" and due is not None and pair.waited_s is not None:
            pair.waited_s = 0.0
        if event.runtime:
            pair.runtimes[bisect_left(self._bounds, event.runtime)] += 1
            pair.runtime_s += event.runtime
        counts = pair.rarer
        if kind not in counts and kind not in TASK_RANK and len(counts) >= TYPES_MAX:
            kind = OTHER
        counts[kind] = counts.get(kind, 0) + 1
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
        return None, task.name or "", None if task.eta else task.received

    def _pair_of(self, worker: str, task: str) -> _Pair:
        """The pair of these, or the one of all that are one too many."""
        pair = self._pairs.get((worker, task))
        if pair is not None:
            return pair
        if len(self._pairs) >= PAIRS_MAX:
            self._is_short = True
            worker = task = OTHER
            pair = self._pairs.get((worker, task))
        if pair is None:
            pair = _Pair(worker, task, self._wall, len(self._bounds) + 1)
            self._pairs[worker, task] = pair
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
        self._heard = {worker: at for worker, at in self._heard.items() if worker not in gone}
        for tasks in (self._in_flight, self._older):
            for uuid, (pair_then, name, due) in tasks.items():
                if pair_then is not None and pair_then.worker in gone:
                    tasks[uuid] = (None, name, due)
        self.changed = True
