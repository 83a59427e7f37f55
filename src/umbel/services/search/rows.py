"""Tasks and workers as every face shows them: the wire shapes of the v1 API.

Every key is always present, `null` when unknown, so that a reader needs no guard for a key
that is missing. Names, units and meanings are those of `cluster.task` and `cluster.worker`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from umbel.cluster.attempts import Attempt
from umbel.cluster.task import ENDED, Task, TaskSummary
from umbel.cluster.worker import Worker
from umbel.services.search.doubt import Doubt
from umbel.store.ledger import Intent, Repeat

#: Of so many repetitions of a task it is told who sent them, when, and what became of them.
REPETITIONS_MAX: Final = 100


class IntentRow(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a task that has not ended yet: `revoke`, `terminate` or `abort`, when
    (Unix seconds), by whom, and in which action."""

    kind: str
    at: float
    actor: str
    action_id: str


class Marks(msgspec.Struct, frozen=True):
    """What is known of a task beside its events: what was asked of it, what speaks against its
    state, and the repetitions in which it has a part."""

    intent: Intent | None = None
    doubt: Doubt | None = None
    repeats: tuple[Repeat, ...] = ()


class Repetition(msgspec.Struct, frozen=True, kw_only=True):
    """A task that was sent to do another again, or that other one: by whom that was done, when
    (Unix seconds), and the task's name and state, null where nothing was heard of it."""

    task_id: str
    name: str | None
    at: float
    actor: str
    state: str | None


class TaskRow(TaskSummary, frozen=True, kw_only=True):
    """A task in a list: all of it but traceback, attempts and notes. `changed` is when Umbel took
    in the last of its events, by its own clock (Unix seconds). `doubt` speaks against its state;
    `repeated` is how often it was sent again. `cut` names the texts (`args`, `kwargs`, `result`,
    `exception`) that are cut here, in a page that would be too large; the task alone has them."""

    intent: IntentRow | None = None
    doubt: Doubt | None = None
    repeated: int = 0
    cut: tuple[str, ...] = ()


class WholeAttempt(Attempt, frozen=True, omit_defaults=False):
    """An attempt with every key present."""


class WholeTask(Task, frozen=True, kw_only=True):
    """A task with everything that is known of it. `repeats` are the ids of the task that it
    was sent to do again, `repeated_by` of those that were sent to do it again, of which
    `repetitions` tells more (the first 100), as `origins` does of `repeats`. `last_intent` is what
    was asked of it last, also once it ended. `doubt` speaks against its state."""

    attempts: tuple[WholeAttempt, ...] = ()
    intent: IntentRow | None = None
    last_intent: IntentRow | None = None
    repeats: tuple[str, ...] = ()
    repeated_by: tuple[str, ...] = ()
    repetitions: tuple[Repetition, ...] = ()
    origins: tuple[Repetition, ...] = ()
    doubt: Doubt | None = None


class WorkerRow(msgspec.Struct, frozen=True, kw_only=True):
    """A worker, and whether it is `online`, `silent` or `offline` at the time asked; or
    `unknown`, since nothing could be heard of it since `unknown_since`. Times are Unix seconds
    of this side's clock: `heard` is its last sign of life of any kind. `skew_s` is by how many
    seconds its own clock is ahead (behind: negative). `events_off_since`: it runs tasks and
    tells of none. `shared_name`: more than one worker speaks under its name."""

    hostname: str
    status: str
    unknown_since: float | None
    heard: float | None
    skew_s: float | None
    events_off_since: float | None
    shared_name: bool
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


#: What a row of a worker has as the worker has it.
_SHOWN: Final = (
    *("hostname", "heartbeat", "online", "offline", "pid", "freq", "active", "processed"),
    *("loadavg", "sw_ident", "sw_ver", "sw_sys"),
)


def task_row(task: Task, marks: Marks | None = None) -> TaskRow:
    """The task as a list shows it."""
    row = msgspec.convert(task, TaskRow, from_attributes=True)
    if marks is None:
        return row
    return msgspec.structs.replace(
        row,
        intent=None if marks.intent is None else _intent_row(marks.intent),
        doubt=marks.doubt,
        repeated=len(_by_others(task, marks)),
    )


def related_ids(task: Task, marks: Marks) -> list[str]:
    """Ids of the tasks that repeat it or that it repeats: `whole_task` tells their states."""
    repeated = [each.task_id for each in _by_others(task, marks)[:REPETITIONS_MAX]]
    return repeated + [each.repeats for each in _of_others(task, marks)]


def whole_task(task: Task, marks: Marks, others: Mapping[str, Task]) -> WholeTask:
    """The task with all that is known; `others` are those that repeat it or that it repeats, by id,
    as far as they are known. An intent is over once its task has ended: then it is the last."""
    repeated, origins = _by_others(task, marks), _of_others(task, marks)
    last_intent = None if marks.intent is None else _intent_row(marks.intent)
    return msgspec.structs.replace(
        msgspec.convert(task, WholeTask, from_attributes=True),
        intent=None if task.state in ENDED else last_intent,
        last_intent=last_intent,
        doubt=marks.doubt,
        repeats=tuple(each.repeats for each in origins),
        repeated_by=tuple(each.task_id for each in repeated),
        repetitions=tuple(
            _repetition(each, each.task_id, others) for each in repeated[:REPETITIONS_MAX]
        ),
        origins=tuple(_repetition(each, each.repeats, others) for each in origins),
    )


def _repetition(repeat: Repeat, task_id: str, others: Mapping[str, Task]) -> Repetition:
    other = others.get(task_id)
    return Repetition(
        task_id=task_id,
        name=None if other is None else other.name,
        at=repeat.at,
        actor=repeat.actor,
        state=None if other is None else other.state,
    )


def _of_others(task: Task, marks: Marks) -> list[Repeat]:
    return [each for each in marks.repeats if each.task_id == task.uuid]


def _by_others(task: Task, marks: Marks) -> list[Repeat]:
    return [each for each in marks.repeats if each.repeats == task.uuid]


def _intent_row(intent: Intent) -> IntentRow:
    return IntentRow(kind=intent.kind, at=intent.at, actor=intent.actor, action_id=intent.action_id)


def worker_row(
    worker: Worker,
    status: str,
    unknown_since: float | None = None,
    *,
    events_off_since: float | None = None,
) -> WorkerRow:
    """The worker with this status."""
    return WorkerRow(
        status=status,
        unknown_since=unknown_since,
        heard=worker.last_heard or None,
        skew_s=worker.skew_s,
        events_off_since=events_off_since,
        shared_name=worker.is_shared,
        **{name: getattr(worker, name) for name in _SHOWN},
    )
