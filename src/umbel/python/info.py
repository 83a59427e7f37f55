"""`TaskInfo`: a task as the dictionary that the Python API gives, from whatever a caller has.

`as_dict` takes Umbel's tasks, Celery's, dictionaries and objects with attributes; `task_of` makes
a `Task` of any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, Protocol, TypedDict, cast

from umbel.cluster.error_fingerprint import error_fingerprint
from umbel.cluster.task import STATES, Task
from umbel.cluster.timestamps import parse_iso
from umbel.python.attribute_dict import AttributeDict

#: Every state that a task can have, from waiting to ended.
TASK_STATES: Final = list(STATES)


class WorkerInfo(TypedDict):
    """The worker that has a task: its node name, the process that ran the task, and the
    software that it said it is. What is not known is None."""

    hostname: str
    pid: int | None
    sw_ident: str | None
    sw_ver: str | None
    sw_sys: str | None


class TaskInfo(TypedDict):
    """A task. Every key is always there, None for what is not known.

    Times (`timestamp` of the latest event, `sent`, `received`, `started`, `succeeded`, `failed`,
    `retried`, `revoked`, `rejected`, `eta`, `expires`) are Unix seconds, `runtime` is seconds.
    `args`, `kwargs` and `result` are Python reprs as the worker told them, cut if they are long.
    `hostname` is the node name that also stands in `worker`. `client` names the process that
    sent the task. `children` are the ids of the tasks that it sent, oldest first and at most
    1,000; None where the task alone was at hand, as with `as_dict`. Events do not tell a
    `priority`.
    """

    uuid: str
    name: str | None
    state: str
    hostname: str | None
    timestamp: float | None
    sent: float | None
    received: float | None
    started: float | None
    succeeded: float | None
    failed: float | None
    retried: float | None
    revoked: float | None
    rejected: float | None
    runtime: float | None
    args: str | None
    kwargs: str | None
    retries: int | None
    eta: float | None
    expires: float | None
    result: str | None
    traceback: str | None
    exception: str | None
    error: str | None
    queue: str | None
    exchange: str | None
    routing_key: str | None
    priority: int | None
    worker: WorkerInfo | None
    clock: int | None
    client: str | None
    root_id: str | None
    parent_id: str | None
    children: list[str] | None


class WorkerLike(Protocol):
    """What is told of a worker's software."""

    @property
    def sw_ident(self) -> str | None: ...
    @property
    def sw_ver(self) -> str | None: ...
    @property
    def sw_sys(self) -> str | None: ...


_TIMES: Final = (
    "timestamp", "sent", "received", "started", "succeeded", "failed", "retried", "revoked",
    "rejected", "eta", "expires",
)  # fmt: skip
_TEXTS: Final = ("args", "kwargs", "result", "traceback", "exception")
_SAME: Final = (
    "name", "runtime", "retries", "queue", "exchange", "routing_key", "priority", "clock",
    "client", "root_id", "parent_id",
)  # fmt: skip


def as_dict(task: object) -> TaskInfo:
    """All of `TaskInfo` of a task: one of ours, a `celery.events.state.Task`, or any mapping
    or object with keys or attributes of these names. A dictionary of ours is copied."""
    if isinstance(task, Task):
        return task_info(task)
    get = reader(task)
    uuid = get("uuid") or get("id")
    found: dict[str, Any] = {name: get(name) for name in _SAME}
    found |= {name: time_of(get(name)) for name in _TIMES}
    found |= {name: text_of(get(name)) for name in _TEXTS}
    worker = _worker(get("worker"), get("hostname"), get("pid"))
    if isinstance(found["client"], str) and not found["client"]:
        found["client"] = None
    return cast(
        TaskInfo,
        {
            **{name: found.get(name) for name in TaskInfo.__annotations__},
            "uuid": "" if uuid is None else str(uuid),
            "state": str(get("state") or "PENDING"),
            "worker": worker,
            "hostname": worker["hostname"] if worker is not None else None,
            "root_id": found["root_id"] or id_of(get("root")),
            "parent_id": found["parent_id"] or id_of(get("parent")),
            "error": text_of(get("error")) or _error(found["exception"], found["traceback"]),
            "children": _ids(get("children")),
        },
    )


def task_info(
    task: Task,
    workers: Mapping[str, WorkerLike] | None = None,
    *,
    traceback: str | None = None,
    children: list[str] | None = None,
) -> TaskInfo:
    """A task of the history; `workers` by name tell of their software."""
    row = (workers or {}).get(task.worker or "")
    worker: WorkerInfo | None = None
    if task.worker is not None:
        worker = _worker_info(
            hostname=task.worker,
            pid=task.pid,
            sw_ident=row.sw_ident if row is not None else None,
            sw_ver=row.sw_ver if row is not None else None,
            sw_sys=row.sw_sys if row is not None else None,
        )
    return {
        "uuid": task.uuid,
        "name": task.name,
        "state": task.state,
        "hostname": task.worker,
        "timestamp": task.timestamp,
        "sent": task.sent,
        "received": task.received,
        "started": task.started,
        "succeeded": task.succeeded,
        "failed": task.failed,
        "retried": task.retried,
        "revoked": task.revoked,
        "rejected": task.rejected,
        "runtime": task.runtime,
        "args": task.args,
        "kwargs": task.kwargs,
        "retries": task.retries,
        "eta": task.eta,
        "expires": task.expires,
        "result": task.result,
        "traceback": traceback if traceback is not None else task.traceback,
        "exception": task.exception,
        "error": task.error,
        "queue": task.queue,
        "exchange": task.exchange,
        "routing_key": task.routing_key,
        "priority": None,
        "worker": worker,
        "clock": task.clock,
        "client": task.client,
        "root_id": task.root_id,
        "parent_id": task.parent_id,
        "children": children,
    }


def _error(exception: str | None, traceback: str | None) -> str | None:
    """Which error texts are, for a task that comes from elsewhere."""
    fingerprint = error_fingerprint(exception, traceback)
    return None if fingerprint is None else fingerprint.label


def task_of(task: object) -> Task:
    """The same as a value of the history, for what works on those alone. Arguments that are
    real containers become their reprs."""
    if isinstance(task, Task):
        return task
    info = as_dict(task)
    given = {name: info[name] for name in Task.__struct_fields__ if name in info}  # type: ignore[literal-required]
    given |= {
        "worker": info["hostname"],
        "pid": info["worker"]["pid"] if info["worker"] is not None else None,
        "timestamp": info["timestamp"] or 0.0,
        "seen": info["received"] or info["timestamp"] or 0.0,
        "retries": info["retries"] or 0,
        "finished": _finished(info),
    }
    return Task(**given)


def _finished(info: TaskInfo) -> float | None:
    """When the end came that decided the state."""
    match info["state"]:
        case "SUCCESS":
            return info["succeeded"]
        case "FAILURE":
            return info["failed"]
        case "REVOKED":
            return info["revoked"]
        case _:
            return None


def reader(task: object) -> Callable[[str], Any]:
    """What `task` has under a name, whether it is a key or an attribute; None if it lacks it."""
    if isinstance(task, Mapping):
        return task.get
    return lambda name: getattr(task, name, None)


def hostname_of(worker: object) -> str | None:
    """The node name of a worker told as a text, a mapping or an object."""
    if worker is None or isinstance(worker, str):
        return worker or None
    found = reader(worker)("hostname")
    return str(found) if found else None


def time_of(value: object) -> float | None:
    """A time in Unix seconds, told as a number, a datetime or an ISO 8601 text."""
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, str) and value:
        try:
            return float(value)
        except ValueError:
            return parse_iso(value)
    return None


def text_of(value: object) -> str | None:
    """Arguments and results as texts: a text as it is, everything else as its repr."""
    return value if value is None or isinstance(value, str) else repr(value)


def id_of(task: object) -> str | None:
    """The id of a task told as a text or an object."""
    if task is None or isinstance(task, str):
        return task or None
    found = reader(task)("uuid") or reader(task)("id")
    return str(found) if found else None


def _worker(worker: object, hostname: object, pid: object) -> WorkerInfo | None:
    name = hostname_of(worker) or (hostname if isinstance(hostname, str) else None)
    if not name:
        return None
    get = reader(worker)
    return _worker_info(
        hostname=name,
        pid=get("pid") or (pid if isinstance(pid, int) else None),
        sw_ident=get("sw_ident"),
        sw_ver=get("sw_ver"),
        sw_sys=get("sw_sys"),
    )


def _worker_info(**fields: Any) -> WorkerInfo:
    """With attributes, too, as code has it that reads `task["worker"].hostname`."""
    return cast(WorkerInfo, AttributeDict(fields))


def _ids(children: object) -> list[str] | None:
    if children is None or isinstance(children, str) or not isinstance(children, Iterable):
        return None
    return sorted(found for child in children if (found := id_of(child)))
