"""Flower's task dictionary: the 31 keys of `celery.events.state.Task.as_dict`, from a `Task`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from umbel.cluster.task import PENDING, RECEIVED, RETRY, STARTED, UNKNOWN, Task

Row = dict[str, object]


def task_row(task: Task, children: Sequence[str], traceback: str | None = None) -> Row:
    """Every key is there, None for what is not known. Times are Unix seconds, but `eta` and
    `expires` ISO 8601 texts, as events carry them. `children` are ids; `traceback` is that of
    a task from a list, which has none."""
    return {
        "uuid": task.uuid,
        "name": task.name,
        "state": celery_state(task),
        "received": task.received,
        "sent": task.sent,
        "started": task.started,
        "rejected": task.rejected,
        "succeeded": task.succeeded,
        "failed": task.failed,
        "retried": task.retried,
        "revoked": task.revoked,
        "args": task.args,
        "kwargs": task.kwargs,
        "eta": _iso(task.eta),
        "expires": _iso(task.expires),
        "retries": task.retries,
        "worker": task.worker,
        "result": task.result,
        "exception": task.exception,
        "timestamp": task.timestamp,
        "runtime": task.runtime,
        "traceback": task.traceback if traceback is None else traceback,
        "exchange": task.exchange,
        "routing_key": task.routing_key,
        "clock": task.clock,
        "client": task.client,
        "root": task.root_id,
        "root_id": task.root_id,
        "parent": task.parent_id,
        "parent_id": task.parent_id,
        "children": list(children),
    }


def celery_state(task: Task) -> str:
    """The state of a task in Celery's own words, which have none for a task of which nobody knows
    the end: what was heard of it last, as Flower would go on to say."""
    if task.state != UNKNOWN:
        return task.state
    if task.started is None:
        return PENDING if task.received is None else RECEIVED
    return RETRY if task.retried is not None and task.retried >= task.started else STARTED


def _iso(parsed: float | None) -> str | None:
    if parsed is None:
        return None
    try:
        return datetime.fromtimestamp(parsed, UTC).isoformat()
    except (ValueError, OverflowError, OSError):  # no year that a calendar has
        return None
