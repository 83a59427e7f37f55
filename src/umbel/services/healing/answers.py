"""From what a result backend or a worker says of a task to facts of its set (see
`cluster.reconciled`). Pure.

Sources: celery/backends/base.py (`_get_result_meta`), celery/worker/request.py (`info`),
celery/worker/control.py (`query_task`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from umbel.cluster.events import LABEL_MAX, RECONCILED, TEXT_MAX, UUID_MAX, Event
from umbel.cluster.reconciled import (
    SAME_RUN_S,
    UNKNOWN_FACT,
    Provenance,
    Source,
    Why,
    detail_of,
)
from umbel.cluster.task import ENDED, PENDING, RECEIVED, RETRY, SUCCESS, Task
from umbel.results.base import Result

#: A result that is so much older than its task's last delivery, and by how much clocks are known to
#: be apart, is of another life of that id, seconds.
OLDER_S: Final = 60.0
_KIND_OF_STATE: Final = {
    "SUCCESS": "succeeded",
    "FAILURE": "failed",
    "REVOKED": "revoked",
    "RETRY": "retried",
}


def fact_of_result(
    result: Result, task: Task | None, at: float, clocks_apart_s: float = 0.0
) -> Event | None:
    """What the backend, asked at `at` (Unix seconds), knows more than the events of `task`, None
    for one that no event told of; None if nothing. Clocks of workers are up to so many seconds
    apart."""
    kind = _KIND_OF_STATE.get(result.state)
    if kind is None or not _adds(result, task, OLDER_S + clocks_apart_s):
        return None
    reason = result.exception or ""
    return Event(
        type=f"{RECONCILED}{kind}",
        timestamp=at if result.date_done is None else result.date_done,
        hostname=_label(result.worker) or (task.worker if task is not None else None) or "",
        uuid=result.task_id,
        name=_label(result.name),
        args=_arguments(result.args),
        kwargs=_arguments(result.kwargs),
        retries=result.retries,
        queue=_label(result.queue),
        result=_text(repr(result.result))
        if kind == "succeeded" and result.unreadable is None
        else None,
        exception=None if kind in {"succeeded", "revoked"} else _text(result.exception),
        traceback=None if kind in {"succeeded", "revoked"} else _text(result.traceback),
        terminated=True if kind == "revoked" and "terminated" in reason else None,
        expired=True if kind == "revoked" and "expired" in reason else None,
        detail=_detail("backend", at),
    )


def _adds(result: Result, task: Task | None, older_s: float) -> bool:
    if task is None:
        return True
    if task.state in ENDED:
        has_name = task.name is None and result.name is not None
        return has_name or (result.state == SUCCESS and task.state != SUCCESS)
    if result.state == RETRY and not _is_of_latest_try(result, task):
        return False
    if result.date_done is None:
        return True
    begun = task.started or task.received or task.sent or -math.inf
    # The sender's clock is not measured: what it sent was so when it came, at the latest.
    come = task.changed if task.changed is not None else math.inf
    return result.date_done >= min(begun, come) - older_s


def _is_of_latest_try(result: Result, task: Task) -> bool:
    """Whether the RETRY that is kept ended the latest try that was heard of, and no retry of that
    one was heard. The backend keeps it without a time, and until the task has ended: of one whose
    second try runs it is old. Without `result_extended` it does not say which try it was of."""
    latest = max((run.number for run in task.attempts), default=0)
    if any(run.number == latest and run.state == RETRY for run in task.attempts):
        return False
    return latest == (result.retries or 0)


def facts_of_request(
    worker: str, held: str, info: Mapping[str, object], task: Task | None, at: float
) -> Iterator[Event]:
    """What a worker that has the task, `held` as `active`, `reserved` or `scheduled`, knows more
    than events do. `info` is what it says of the request."""
    uuid = info.get("id")
    if not isinstance(uuid, str) or not 0 < len(uuid) <= UUID_MAX:
        return
    begun = info.get("time_start")
    is_running = held == "active" and isinstance(begun, int | float) and begun > 0
    if is_running:
        started = float(begun) if isinstance(begun, int | float) else at
        if not _is_known_run(task, worker, started):
            yield _of_request("started", worker, uuid, started, info, at)
    elif task is None or task.state == PENDING:
        yield _of_request("received", worker, uuid, at, info, at)


def _is_known_run(task: Task | None, worker: str, started: float) -> bool:
    if task is None or task.state in {PENDING, RECEIVED}:
        return False
    return any(
        run.worker == worker
        and run.started is not None
        and abs(run.started - started) <= SAME_RUN_S
        for run in task.attempts
    )


def _of_request(
    kind: str, worker: str, uuid: str, timestamp: float, info: Mapping[str, object], at: float
) -> Event:
    route = info.get("delivery_info")
    queue = route.get("routing_key") if isinstance(route, Mapping) else None
    return Event(
        type=f"{RECONCILED}{kind}",
        timestamp=timestamp,
        hostname=worker,
        uuid=uuid,
        name=_label(info.get("name")),
        args=_arguments(info.get("args")),
        kwargs=_arguments(info.get("kwargs")),
        queue=_label(queue),
        detail=_detail("worker", at),
    )


def expiry_of(task: Task, at: float) -> Event:
    """A task expired, and nobody ran it."""
    return Event(
        type=f"{RECONCILED}revoked",
        timestamp=at if task.expires is None else task.expires,
        hostname="",
        uuid=task.uuid,
        expired=True,
        detail=_detail("expiry", at),
    )


def unknown_end(task: Task, why: Why, sources: tuple[Source, ...], at: float) -> Event:
    """Nobody knows how the task ended."""
    provenance = Provenance(
        source=sources[-1] if sources else "expiry", at=at, why=why, sources=sources
    )
    return Event(
        type=UNKNOWN_FACT,
        timestamp=task.timestamp,
        hostname="",
        uuid=task.uuid,
        processed=task.fact_count,
        detail=detail_of(provenance),
    )


def _detail(source: Source, at: float) -> str:
    return detail_of(Provenance(source=source, at=at))


def _arguments(value: object) -> str | None:
    """As events tell arguments: a repr, of positional ones that of a tuple."""
    if value is None or isinstance(value, str):
        return _text(value)
    return _text(repr(tuple(value) if isinstance(value, list) else value))


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    return value if len(value) <= TEXT_MAX else f"{value[: TEXT_MAX - 3]}..."


def _label(value: object) -> str | None:
    return value[:LABEL_MAX] if isinstance(value, str) and value else None
