"""Celery's events as structs, and their bounds.

Theory of operation. A broker message carries one event (a JSON object) or several (a JSON
list, routing key `task.multi`). `decode` first tries the whole body against one flat
struct, which costs a few microseconds and is right for nearly every message. Whatever does
not fit (another shape, numbers as strings, unknown types, invalid UTF-8, over-long texts)
goes through `lenient`, which judges each event of the message alone: what can be
understood is kept, what cannot becomes a `Fault` with a countable reason. Nothing in here
raises for bad input, imports, evaluates or unpickles anything.

Source of the fields: celery/events/dispatcher.py, celery/app/amqp.py,
celery/worker/strategy.py, celery/worker/request.py, celery/worker/heartbeat.py.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

#: Every kind of task event with a meaning, and its rank among events of one instant: what
#: can only happen later in one run has the higher rank. Stored sets of events are sorted by it:
#: no rank ever changes.
TASK_RANK: dict[str, int] = {
    "task-sent": 0,
    "task-received": 1,
    "task-started": 2,
    "task-retried": 3,
    "task-rejected": 4,
    "task-revoked": 5,
    "task-failed": 6,
    "task-succeeded": 7,
}
#: The rank of a task event of any other type (`task-progress`, `task-cancelled`, ...).
CUSTOM_RANK = 8
#: Kinds of event that carry name, arguments and lineage.
DESCRIBING = frozenset({"task-sent", "task-received"})
#: How the types of facts begin that come from no broker: see `cluster.reconciled`.
RECONCILED = "reconciled-"
#: Their types, which share a rank.
RECONCILED_RANK: dict[str, int] = dict.fromkeys(
    (
        f"{RECONCILED}{kind}"
        for kind in ("received", "started", "retried", "revoked", "failed", "succeeded", "unknown")
    ),
    9,
)
#: The ranks of all types that have one of their own.
RANKS: dict[str, int] = TASK_RANK | RECONCILED_RANK
WORKER_KINDS = frozenset({"worker-online", "worker-heartbeat", "worker-offline"})
#: What a worker tells of the log of a task (`umbel.worker`). It changes no task.
LOG_LINES = "log-lines"

#: The longest text of one field, in characters. Celery itself cuts reprs at 1,024, but
#: applications can send their own (`argsrepr`), and tracebacks are not cut.
TEXT_MAX = 65_536
#: The longest name (task, worker, queue, ...), in characters.
LABEL_MAX = 512
#: The longest text of one log line, in characters.
LOG_TEXT_MAX = 16_384
#: How many log lines one event has at most.
LOG_LINES_MAX = 2_000
#: A longer task id is refused: it could not be found again under a shortened one.
UUID_MAX = 255
#: Of a longer chain no more of its next tasks are taken.
CHAIN_MAX = 50

# The limits are part of the types, so that msgspec checks them while it decodes. They may
# only ever grow: what was stored under them must stay readable.
Label = Annotated[str, msgspec.Meta(max_length=LABEL_MAX)]
Text = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
Uuid = Annotated[str, msgspec.Meta(max_length=UUID_MAX)]
Seconds = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]
Loads = Annotated[tuple[float, ...], msgspec.Meta(max_length=3)]
#: The tasks that a chain still has to run, the next first: the id and the name of each.
Chain = Annotated[tuple[tuple[Uuid, Label], ...], msgspec.Meta(max_length=CHAIN_MAX)]
Whole = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Ordinal = Annotated[int, msgspec.Meta(ge=0, le=2**62)]
LogText = Annotated[str, msgspec.Meta(max_length=LOG_TEXT_MAX)]


class LogLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line: when (Unix seconds), its level as `logging` counts, its logger, its text, and how
    many characters more it had in the worker."""

    at: Seconds
    level: Whole
    logger: Label
    text: LogText
    cut: Ordinal = 0


class LogLines(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Lines of one run of a task that follow each other, the first with the number `first` (from 1
    on). The run began at `started` (Unix seconds), has written `written` lines up to these, and
    `left_out` of them are not told (`umbel.worker.task_log`)."""

    started: Seconds
    first: Ordinal
    written: Ordinal
    left_out: Ordinal
    lines: Annotated[tuple[LogLine, ...], msgspec.Meta(max_length=LOG_LINES_MAX)]


class Event(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, kw_only=True):
    """One event. Which fields are set depends on `type`; times are Unix seconds, UTC.

    `args`, `kwargs` and `result` are Python reprs, as Celery cut them; `args_json` and
    `kwargs_json` the complete arguments. `group_id` is its group, `chord_id` and `chord_name` the
    task that a chord runs when its group has ended, `chain` the tasks that its chain runs after it,
    where a worker tells them (`umbel.worker`). `eta` and `expires` are ISO 8601 texts. `runtime` is
    in seconds. `detail` is the JSON text of the fields that an application's own event type
    brought, `log_lines` what a `log-lines` event did.
    """

    type: Label
    timestamp: float
    hostname: Label
    pid: Whole | None = None
    clock: Whole | None = None
    uuid: Uuid = ""
    name: Label | None = None
    args: Text | None = None
    kwargs: Text | None = None
    args_json: Text | None = None
    kwargs_json: Text | None = None
    retries: Whole | None = None
    eta: Label | None = None
    expires: Label | None = None
    root_id: Label | None = None
    parent_id: Label | None = None
    group_id: Label | None = None
    chord_id: Label | None = None
    chord_name: Label | None = None
    chain: Chain | None = None
    queue: Label | None = None
    exchange: Label | None = None
    routing_key: Label | None = None
    result: Text | None = None
    runtime: Seconds | None = None
    exception: Text | None = None
    traceback: Text | None = None
    terminated: bool | None = None
    signum: Whole | None = None
    expired: bool | None = None
    requeue: bool | None = None
    freq: Seconds | None = None
    active: Whole | None = None
    processed: Whole | None = None
    loadavg: Loads | None = None
    sw_ident: Label | None = None
    sw_ver: Label | None = None
    sw_sys: Label | None = None
    detail: Text | None = None
    log_lines: LogLines | None = None

    @property
    def is_task(self) -> bool:
        return self.type.startswith("task-") or self.type in RECONCILED_RANK


class Fault(msgspec.Struct, frozen=True):
    """Something that could not be understood: a countable reason, a sentence, and the
    first characters of what came, for a person to look at."""

    reason: str
    message: str
    sample: str


class Decoded(msgspec.Struct, frozen=True):
    """What one message held."""

    events: list[Event]
    faults: list[Fault]
