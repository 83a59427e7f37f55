"""The row of a task: its columns in the table `task`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from umbel.cluster.task import Task
from umbel.store.sqlite.files.stored_numbers import FLAG_BITS

Id = str | bytes
#: The values of `COLUMNS`.
Row = tuple[Any, ...]

_canonical: Final = re.compile(
    "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
).fullmatch

#: The bits of the column `flags` that say which fields the body has.
(
    ARGS_FLAG, KWARGS_FLAG, RESULT_FLAG, EXCEPTION_FLAG, TRACEBACK_FLAG, CLIENT_FLAG,
    EXCHANGE_FLAG, ROUTING_KEY_FLAG,
) = (
    FLAG_BITS[field]
    for field in (
        "args", "kwargs", "result", "exception", "traceback", "client", "exchange", "routing_key",
    )
)  # fmt: skip
_LARGEST: Final = 2**63 - 1

#: The columns of `task` after `id`, in the order in which `row` gives them.
COLUMNS: Final = (
    "uuid", "name", "state", "worker", "queue", "error", "root", "parent",
    "seen", "timestamp", "sent", "received", "started", "finished",
    "failed", "retried", "revoked", "rejected",
    "eta", "expires", "runtime", "wait", "retries", "changed", "pid", "flags",
)  # fmt: skip

#: When a task changed last. Tasks that an earlier Umbel wrote have the time of their last event.
CHANGED: Final = "ifnull(task.changed, task.timestamp)"


def id_value(uuid: str) -> Id:
    """A task id as it is kept: 16 bytes for a canonical UUID, else its text."""
    return bytes.fromhex(uuid.replace("-", "")) if _canonical(uuid) else uuid


def id_text(value: Id) -> str:
    """The task id again."""
    if isinstance(value, str):
        return value
    digits = value.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def row(task: Task, uuid: Id, shared: Callable[[str, str | None], int | None]) -> Row:
    """The columns of `task`; `shared` gives the number of a field's shared value."""
    root = task.root_id
    flags = sum(map(FLAG_BITS.__getitem__, task.flags)) if task.flags else 0
    # Written out, since this runs for every task that changes.
    if task.args is not None:
        flags |= ARGS_FLAG
    if task.kwargs is not None:
        flags |= KWARGS_FLAG
    if task.result is not None:
        flags |= RESULT_FLAG
    if task.exception is not None:
        flags |= EXCEPTION_FLAG
    if task.traceback is not None:
        flags |= TRACEBACK_FLAG
    if task.client is not None:
        flags |= CLIENT_FLAG
    if task.exchange is not None:
        flags |= EXCHANGE_FLAG
    if task.routing_key is not None:
        flags |= ROUTING_KEY_FLAG
    return (
        uuid,
        shared("name", task.name),
        shared("state", task.state),
        shared("worker", task.worker),
        shared("queue", task.queue),
        None if task.error is None else shared("error", task.error),
        None if not root or root == task.uuid else id_value(root),
        None if task.parent_id is None else id_value(task.parent_id),
        task.seen, task.timestamp, task.sent, task.received, task.started, task.finished,
        task.failed, task.retried, task.revoked, task.rejected,
        task.eta, task.expires, task.runtime, task.wait,
        fitting(task.retries), task.changed, fitting(task.pid), flags,
    )  # fmt: skip


def fitting(number: int | None) -> int | None:
    """The number, if a column can hold it; nothing that a worker sends may stop the rest."""
    return number if number is None or -_LARGEST <= number <= _LARGEST else None
