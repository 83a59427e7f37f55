"""Which tasks may not be what their events say, and since when. Pure.

A task is suspected where events may be missing: its worker is gone or was started anew, something
was missed after its last event, its worker counts tasks of which nobody heard, it runs far longer
than its name does (or for long, where that is not known), it should have begun before it expired,
or it waits in a queue that is empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, Literal

import msgspec

from umbel.cluster.losses import Loss
from umbel.cluster.reconciled import Why
from umbel.cluster.task import PENDING, RECEIVED, RETRY, STARTED, Task
from umbel.services.search.doubt import WorkersAndGaps, doubt_of, is_before

#: States in which the message of a task may lie in its queue.
QUEUED_STATES: Final = (PENDING, RECEIVED, RETRY)

Suspicion = Literal["worker", "gap", "loss", "overdue", "expired", "queue"]

#: A task that runs so many times as long as nearly all of its name do (p99), and this long at
#: least, is asked about, seconds.
OVERDUE_TIMES: Final = 3.0
OVERDUE_MIN_S: Final = 60.0


class TaskEvidence(msgspec.Struct, frozen=True):
    """What speaks for or against tasks: workers and gaps, losses by worker, the p99 of runtimes
    by name in seconds, and the queues that are empty."""

    workers: WorkersAndGaps = WorkersAndGaps()
    losses: Mapping[str, float] = {}
    usual_s: Mapping[str, float] = {}
    empty_queues: frozenset[str] = frozenset()


class Suspect(msgspec.Struct, frozen=True):
    """Why a task is suspected, and since when (Unix seconds)."""

    why: Suspicion
    since: float


def signs_of(evidence: TaskEvidence) -> object:
    """All that may make a task suspected but the time that passes: while this is equal, a task that
    was not suspected is so only for having waited, or run, for long."""
    workers = evidence.workers
    return (
        {
            name: (stands.status, worker.online, worker.offline, worker.pid)
            for name, (worker, stands) in workers.workers.items()
        },
        tuple(workers.gaps),
        dict(evidence.losses),
        evidence.empty_queues,
    )


def latest_losses(losses: Iterable[Loss]) -> dict[str, float]:
    """When the last task began of which each worker alone knows, by its own clock."""
    latest: defaultdict[str, float] = defaultdict(float)
    for loss in losses:
        if loss.count > 0:
            latest[loss.hostname] = max(latest[loss.hostname], loss.end)
    return dict(latest)


def suspect(task: Task, evidence: TaskEvidence, wait_s: float, now: float) -> Suspect | None:
    """Why this task, which has not ended by its events, may have. `wait_s`: for how long a task may
    be silent where nothing is known of its name."""
    if _is_held(task, now):
        return None
    found = doubt_of(task, evidence.workers, now)
    if found is not None and found.why != "blind":
        why: Suspicion = (
            "expired" if found.why == "expired" else "gap" if found.why == "gap" else "worker"
        )
        return Suspect(why, found.since or task.timestamp)
    if task.state == PENDING:
        return _of_waiting(task, evidence, wait_s, now)
    if task.worker is not None and evidence.losses.get(task.worker, 0.0) >= task.timestamp:
        return Suspect("loss", evidence.losses[task.worker])
    since = max(task.started or task.timestamp, task.eta or 0.0)
    limit_s = _limit_s(task, evidence, wait_s)
    return Suspect("overdue", since + limit_s) if now - since > limit_s else None


def _limit_s(task: Task, evidence: TaskEvidence, wait_s: float) -> float:
    """For how long a task may run, or wait on its worker, unsuspected."""
    usual_s = evidence.usual_s.get(task.name) if task.name is not None else None
    if task.state != STARTED or usual_s is None:
        return wait_s
    return max(min(OVERDUE_MIN_S, wait_s), OVERDUE_TIMES * usual_s)


def _is_held(task: Task, now: float) -> bool:
    """Whether it waits for its time, so that nothing is to be heard of it."""
    return task.state in {PENDING, RETRY} and task.eta is not None and task.eta > now


def _of_waiting(task: Task, evidence: TaskEvidence, wait_s: float, now: float) -> Suspect | None:
    workers = evidence.workers
    gaps = [end for _, end in workers.gaps if is_before(task, end, workers, now)]
    if gaps:
        return Suspect("gap", max(gaps))
    since = max(task.timestamp, task.eta or 0.0)
    if task.queue in evidence.empty_queues and now - since > wait_s:
        return Suspect("queue", since)
    return None


def may_be_queued(task: Task, *, has_worker_left: bool) -> bool:
    """Whether a task that no worker has may lie in its queue: it was not taken off it, or it was
    sent again for a retry, or the worker that had taken it and not begun it said goodbye, and gave
    it back. Without its queue that is not known of one that a worker had."""
    if task.state == PENDING:
        return True
    is_back = task.state == RETRY or (task.state == RECEIVED and has_worker_left)
    return is_back and task.queue is not None


def why_unknown(task: Task, found: Suspect, *, is_worker_there: bool) -> Why:
    """Why nobody knows the end of a task that nobody has any more."""
    if task.state == PENDING:
        return "not-delivered" if found.why == "queue" else "not-found"
    if found.why == "worker" or not is_worker_there:
        return "worker-lost"
    return "ended-untold"


def patience_s(task: Task, evidence: TaskEvidence, unknown_after_s: float) -> float:
    """For how long after it was suspected a task may still be heard of, seconds: as long as is set,
    and as its name takes."""
    usual_s = evidence.usual_s.get(task.name) if task.name is not None else None
    return max(unknown_after_s, usual_s or 0.0)
