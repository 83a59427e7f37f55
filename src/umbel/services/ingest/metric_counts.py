"""What a collector counts for `/metrics`: events and runtimes by worker and task name.

Theory of operation. Only a few events tell the name of their task (sent and received); all
others are told by the task's id alone. So names are remembered from a task's reception to its
end, which is as many as are in flight, and asked of the store where they are not: after a
restart, or when more are in flight than are remembered. Everything here is bounded. Pairs of
worker and name that are one too many are counted under `OTHER` for both; workers that have
been silent for long leave, sooner when room is wanted, and start again at zero if they come
back, which Prometheus takes for the restart of a counter.

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
from umbel.store.base import Tallies, TaskTally

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
#: Tasks whose names are remembered, twice over: an older half goes whole.
REMEMBERED: Final = 25_000
#: How many names the store is asked for in one batch.
ASKED_MAX: Final = 300
#: A worker leaves when nothing came from it for so long, in seconds; and when there are
#: more pairs than fit.
GONE_AFTER_S: Final = 86_400.0
GONE_IN_NEED_S: Final = 600.0
SWEEP_EVERY_S: Final = 60.0
#: Workers of which it is remembered when they were heard.
_HEARD_MAX: Final = 10_000
#: After these, and after its success, a task is no longer in flight.
_ENDS: Final = frozenset({"task-failed", "task-revoked", "task-rejected"})


class _Pair:
    """What one worker said of the tasks of one name; see `TaskTally`. The usual types of
    events have counts of their own, which cost less than one by type."""

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
_Known = tuple[_Pair | None, str, float | None]
_UNKNOWN: Final[_Known] = (None, "", None)
_MISSING: Final[_Known] = (None, "missing", None)


class Meter:
    """Counts committed events. One thread. `task_of` is `Store.task`."""

    def __init__(
        self, task_of: Callable[[str], Task | None], bounds: Sequence[float] = RUNTIME_BOUNDS
    ) -> None:
        self._task_of = task_of
        self._bounds = tuple(bounds)
        self._pairs: dict[tuple[str, str], _Pair] = {}
        self._known: dict[str, _Known] = {}
        self._older: dict[str, _Known] = {}
        self._heard: dict[str, float] = {}
        self._may_ask = 0
        self._wall = 0.0
        self._swept = 0.0
        self._is_short = False
        #: Whether there is more than what was kept; whoever keeps it takes it back.
        self.changed = True

    def count(self, events: Sequence[Event], now: float, wall: float) -> None:
        """These became durable, at `now` (monotonic seconds) and `wall` (Unix seconds)."""
        self._wall = wall
        self._may_ask = ASKED_MAX
        # Everything in this loop is paid for each event, so it calls as little as possible.
        known, pair_of, recalled = self._known, self._pair_of, self._recalled
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
                known[event.uuid] = (pair, name, due)
                pair.received += 1
            elif kind == "task-started":
                told = known.get(event.uuid)
                if told is None:
                    told = known[event.uuid] = recalled(event.uuid)
                receiver, name, due = told
                if receiver is not None and receiver.worker == worker:
                    pair = receiver
                else:
                    pair = pair_of(worker, name)
                if due is not None:
                    waited_s = event.timestamp - due
                    pair.waited_s = waited_s if waited_s > 0 else 0.0
                pair.started += 1
            elif kind == "task-succeeded":
                told = known.pop(event.uuid, _MISSING)
                receiver, name, due = told if told is not _MISSING else recalled(event.uuid)
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
        if len(known) > REMEMBERED:
            self._older, self._known = known, {}
        if now - self._swept >= SWEEP_EVERY_S:
            self._sweep(now)

    def tallies(self, collector: str, started: float) -> Tallies:
        """All of it, for the store."""
        return Tallies(
            collector=collector,
            started=started,
            bounds=self._bounds,
            items=tuple(
                TaskTally(
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
            told: _Known = (None, event.name, None)
        elif kind in _ENDS:
            told = self._known.pop(uuid, _MISSING)
            told = told if told is not _MISSING else self._recalled(uuid)
        else:
            told = self._known.get(uuid) or self._recalled(uuid)
        _, name, due = told
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

    def _recalled(self, uuid: str) -> _Known:
        """What is known of a task that is not among the younger ones."""
        told = self._older.pop(uuid, None)
        if told is not None or not uuid or not self._may_ask:
            return told or _UNKNOWN
        self._may_ask -= 1
        try:
            task = self._task_of(uuid)
        except StoreError:
            self._may_ask = 0
            return _UNKNOWN
        if task is None:
            return _UNKNOWN
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
        """Let go of workers that are gone."""
        self._swept = now
        last = dict(self._heard)
        for pair in self._pairs.values():
            last[pair.worker] = max(last.get(pair.worker, 0.0), pair.at)
        silent_s = GONE_IN_NEED_S if self._is_short else GONE_AFTER_S
        gone = {worker for worker, at in last.items() if now - at > silent_s}
        self._is_short = False
        if not gone:
            return
        self._pairs = {key: pair for key, pair in self._pairs.items() if key[0] not in gone}
        self._heard = {worker: at for worker, at in self._heard.items() if worker not in gone}
        for known in (self._known, self._older):
            for uuid, (pair_then, name, due) in known.items():
                if pair_then is not None and pair_then.worker in gone:
                    known[uuid] = (None, name, due)
        self.changed = True
