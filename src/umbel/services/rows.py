"""Tasks and workers as every face shows them: the wire shapes of the v1 API.

Every key is always present, `null` when unknown, so that a reader needs no guard for a key
that is missing. Names, units and meanings are those of `cluster.task` and `cluster.worker`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from umbel.cluster.attempts import Attempt
from umbel.cluster.task import Task
from umbel.cluster.worker import Worker
from umbel.store.ledger import Intent, Repeat


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a task that has not ended yet: `revoke`, `terminate` or `abort`, when
    (Unix seconds), by whom, and in which action."""

    kind: str
    at: float
    actor: str
    action_id: str


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """A task in a list: all of it but traceback, attempts and notes. `changed` is when Umbel took
    in the last of its events, by its own clock (Unix seconds)."""

    uuid: str
    state: str
    seen: float
    timestamp: float
    changed: float | None
    name: str | None
    worker: str | None
    queue: str | None
    sent: float | None
    received: float | None
    started: float | None
    finished: float | None
    succeeded: float | None
    failed: float | None
    retried: float | None
    revoked: float | None
    rejected: float | None
    runtime: float | None
    wait: float | None
    retries: int
    eta: float | None
    expires: float | None
    root_id: str | None
    parent_id: str | None
    args: str | None
    kwargs: str | None
    result: str | None
    exception: str | None
    exchange: str | None
    routing_key: str | None
    client: str | None
    pid: int | None
    clock: int | None
    flags: tuple[str, ...]
    intent: Asked | None = None


class WholeAttempt(Attempt, frozen=True, omit_defaults=False):
    """An attempt with every key present."""


class WholeTask(Task, frozen=True, kw_only=True):
    """A task with everything that is known of it. `repeats` are the ids of the task that it
    was sent to do again, `repeated_by` of those that were sent to do it again."""

    attempts: tuple[WholeAttempt, ...] = ()
    intent: Asked | None = None
    repeats: tuple[str, ...] = ()
    repeated_by: tuple[str, ...] = ()


class WorkerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A worker, and whether it is `online`, `silent` or `offline` at the time asked; or
    `unknown`, since Umbel itself hears nothing since `unknown_since` (Unix seconds)."""

    hostname: str
    status: str
    unknown_since: float | None
    heartbeat: float | None
    online: float | None
    offline: float | None
    pid: int | None
    freq: float | None
    active: int | None
    processed: int | None
    loadavg: tuple[float, ...] | None
    sw_ident: str | None
    sw_ver: str | None
    sw_sys: str | None


def task_row(task: Task, intent: Intent | None = None) -> TaskRow:
    """The task as a list shows it, with what was asked of it."""
    row = msgspec.convert(task, TaskRow, from_attributes=True)
    return row if intent is None else msgspec.structs.replace(row, intent=_asked(intent))


def whole_task(
    task: Task, intent: Intent | None = None, repeats: Sequence[Repeat] = ()
) -> WholeTask:
    """The task with all that is known; `repeats` are those in which it has a part."""
    return msgspec.structs.replace(
        msgspec.convert(task, WholeTask, from_attributes=True),
        intent=None if intent is None else _asked(intent),
        repeats=tuple(each.repeats for each in repeats if each.task_id == task.uuid),
        repeated_by=tuple(each.task_id for each in repeats if each.repeats == task.uuid),
    )


def _asked(intent: Intent) -> Asked:
    return Asked(kind=intent.kind, at=intent.at, actor=intent.actor, action_id=intent.action_id)


def worker_row(worker: Worker, status: str, unknown_since: float | None = None) -> WorkerRow:
    """The worker with this status."""
    fields = {name: getattr(worker, name) for name in Worker.__struct_fields__ if name != "told"}
    return WorkerRow(status=status, unknown_since=unknown_since, **fields)
