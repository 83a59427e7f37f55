"""Whether a task still is what its last event says.

A state is read off events, and the absence of an event is no presence of a state: a task that
began, and of which nothing came since, runs only as far as its worker was heard and nothing
was missed. What speaks against it is told beside the state, which stays what events say. Pure:
`doubt_of` is a function of the task, the workers, the gaps and the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from umbel.clock import AHEAD_S, Clock
from umbel.cluster.task import PENDING, RECEIVED, RETRY, STARTED, Task
from umbel.cluster.worker import OFFLINE, SILENT, Worker
from umbel.services.health.worker_status import (
    UNKNOWN,
    WorkerStatus,
    recording_state,
    worker_status,
)
from umbel.store.base import Store

Why = Literal["expired", "worker-offline", "worker-silent", "worker-restarted", "blind", "gap"]

#: States in which something more is expected of a worker.
_WITH_A_WORKER: Final = frozenset({RECEIVED, STARTED, RETRY})
#: What a worker says may be on its way for so long, seconds: workers are dated by arrival.
IN_TRANSIT_S: Final = 2.0
#: How long workers and gaps that were read are taken for what they are, seconds.
_CACHE_S: Final = 1.0


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """Why a task may no longer wait or run, though no event says so. `expired`: it was to be
    begun before `since`, and was not; `worker-offline` and `worker-silent`: its worker said
    goodbye, or was last heard, then; `worker-restarted`: another process bears the worker's
    name since then; `blind`: nothing at all is heard since then; `gap`: events were missed from
    then on. `since` is in Unix seconds, None where it is not known."""

    why: Why
    since: float | None = None
    worker: str | None = None


class WorkersAndGaps(msgspec.Struct, frozen=True):
    """Workers with how they stand, by name, and spans in which events may have been missed
    (Unix seconds)."""

    workers: Mapping[str, tuple[Worker, WorkerStatus]] = {}
    gaps: Sequence[tuple[float, float]] = ()


def doubt_of(task: Task, evidence: WorkersAndGaps, now: float) -> Doubt | None:
    """What speaks against the state of the task at `now` (Unix seconds); None if nothing."""
    if task.state in {PENDING, RECEIVED} and task.expires is not None and task.expires < now:
        return Doubt(why="expired", since=task.expires, worker=task.worker)
    if task.state not in _WITH_A_WORKER or task.worker is None:
        return None
    with_status = evidence.workers.get(task.worker)
    found = _of_worker(task, *with_status) if with_status is not None else None
    if found is not None:
        return found
    missed = [start for start, end in evidence.gaps if is_before(task, end, evidence, now)]
    return Doubt(why="gap", since=min(missed), worker=task.worker) if missed else None


def is_before(task: Task, end: float, evidence: WorkersAndGaps, now: float) -> bool:
    """Whether the last word of the task was said before `end`, by our clock. One that lies ahead
    of `now` was said before the clocks were set back, and so before whatever was missed since."""
    worker, _ = evidence.workers.get(task.worker or "", (None, None))
    stated_at = task.timestamp if worker is None else _by_our_clock(task, worker)
    return stated_at < end or stated_at > now + AHEAD_S


def _of_worker(task: Task, worker: Worker, stands: WorkerStatus) -> Doubt | None:
    stated_at = _by_our_clock(task, worker)
    heard = max(worker.last_heard, stated_at)
    if stands.status == OFFLINE and (worker.offline or 0.0) >= stated_at:
        return Doubt(why="worker-offline", since=worker.offline, worker=task.worker)
    if stands.status == SILENT and worker.sends_heartbeats:
        return Doubt(why="worker-silent", since=heard, worker=task.worker)
    if _is_another_process(task, worker):
        return Doubt(why="worker-restarted", since=worker.online, worker=task.worker)
    if stands.status == UNKNOWN:
        return Doubt(why="blind", since=stands.since, worker=task.worker)
    return None


def _is_another_process(task: Task, worker: Worker) -> bool:
    """Whether the worker began anew after the last word of the task. The process id in events
    is the worker's main process, not the child that runs a task."""
    if worker.online is not None and worker.online > _by_our_clock(task, worker) + IN_TRANSIT_S:
        return True
    _, stamp = worker.registers.get("pid", (0.0, 0.0))  # by the worker's clock, as the task's
    is_newer = stamp > task.timestamp
    return is_newer and None not in (worker.pid, task.pid) and worker.pid != task.pid


def _by_our_clock(task: Task, worker: Worker) -> float:
    """When the task's last word was said: the worker stamped it, and its clock may be off."""
    return task.timestamp - (worker.skew_s or 0.0)


class DoubtFinder:
    """Doubts by the store's own workers and collectors. Any thread; raises `StoreError`."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._evidence = WorkersAndGaps()
        self._read_at: float | None = None

    def of(self, tasks: Sequence[Task]) -> Mapping[str, Doubt]:
        """What speaks against the states of these tasks, by id."""
        open_ = [task for task in tasks if task.state in {PENDING, *_WITH_A_WORKER}]
        if not open_:
            return {}
        now, evidence = self._clock.now(), self._read()
        found = ((task.uuid, doubt_of(task, evidence, now)) for task in open_)
        return {uuid: doubt for uuid, doubt in found if doubt is not None}

    def _read(self) -> WorkersAndGaps:
        at = self._clock.monotonic()
        if self._read_at is None or at - self._read_at > _CACHE_S:
            now, collectors = self._clock.now(), self._store.collectors()
            heard = recording_state(collectors, now)
            workers = {
                worker.hostname: (worker, worker_status(worker, now, heard))
                for worker in self._store.workers()
            }
            reported = {gap for each in collectors for gap in each.gaps}
            gaps = tuple(reported | {(gap.start, gap.end) for gap in self._store.gaps()})
            self._evidence, self._read_at = WorkersAndGaps(workers, gaps), at
        return self._evidence


_HAPPENED: Final[Mapping[str, str]] = {
    "worker-offline": "with a worker that has ended",
    "worker-silent": "with a worker that is not heard any more",
    "worker-restarted": "with a worker that was started anew since",
    "blind": "with a worker when Umbel last heard anything",
    "gap": "with a worker when events were missed",
}


def doubt_phrase(why: str, number: int) -> str:
    """What became of so many tasks, to go on from "2 of these"."""
    return f"{'was' if number == 1 else 'were'} {_HAPPENED[why]}"
