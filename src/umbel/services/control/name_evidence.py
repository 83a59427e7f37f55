"""What speaks for a task name where workers are too busy to say what they have registered."""

from __future__ import annotations

from typing import Final

from umbel.cluster.task import TaskSummary
from umbel.cluster.worker import OFFLINE, Worker
from umbel.query.ast import Comparison, Matches
from umbel.store.base import Store

#: A worker that was heard this lately is late, not gone, seconds.
LATE_S: Final = 60.0
#: So many of the newest tasks of a name are looked at.
LOOKED_AT: Final = 50
_BUDGET_S: Final = 0.5


def is_run_by_late_worker(store: Store, name: str, now: float) -> bool:
    """Whether a worker that was heard of late began a task of this name since it came online:
    then its process has registered it. Raises `StoreError`."""
    late = {w.hostname: w for w in store.workers() if _is_late(w, now)}
    if not late:
        return False
    named = Matches("name", Comparison.EQUALS, (name,))
    page = store.search(named, now=now, limit=LOOKED_AT, budget_s=_BUDGET_S)
    return any(_was_begun_by(late, task) for task in page.items)


def _is_late(worker: Worker, now: float) -> bool:
    return worker.status(now) != OFFLINE and abs(now - worker.last_heard) <= LATE_S


def _was_begun_by(workers: dict[str, Worker], task: TaskSummary) -> bool:
    worker = workers.get(task.worker or "")
    if worker is None or task.started is None:
        return False
    return task.started >= (worker.online or 0.0) + (worker.skew_s or 0.0)
