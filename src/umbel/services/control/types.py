"""What is asked for, planned and reported when somebody acts on a cluster.

Every action is planned first: the plan says on what, how many, and with what consequences,
in sentences. It is executed by its id, by the person who made it or anybody who may do what it
may, until it expires; and it is executed once. The report grows while it runs.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from umbel.auth.grants import Grant
from umbel.cluster.events import LABEL_MAX, UUID_MAX

TaskAction = Literal["revoke", "terminate", "abort", "retry"]
NameAction = Literal["rate_limit", "time_limit"]
WorkerAction = Literal[
    "shutdown", "pool_restart", "pool_grow", "pool_shrink", "autoscale", "add_consumer",
    "cancel_consumer", "enable_events", "disable_events", "ping", "log_level",
]  # fmt: skip
QueueAction = Literal["purge", "pause", "resume"]
ActionKind = Literal[TaskAction, NameAction, WorkerAction, QueueAction]
Fidelity = Literal["exact", "literal", "edited"]

#: The most ids that one action may name; more are chosen by a query.
IDS_MAX = 10_000
#: Who acts on more tasks than this types their number.
CONFIRM_OVER = 100
#: How long a plan may be executed, in seconds.
PLAN_EXPIRES_S = 600.0

#: A person's own words for the audit.
Reason = Annotated[str, Meta(max_length=1_000)]
_Label = Annotated[str, Meta(min_length=1, max_length=LABEL_MAX)]
_Id = Annotated[str, Meta(min_length=1, max_length=UUID_MAX)]


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What a person changes of a task that is sent again; None is as it was. `countdown` is
    in seconds, `eta` in Unix seconds, `expires` in seconds from the sending."""

    args: list[object] | None = None
    kwargs: dict[str, object] | None = None
    queue: _Label | None = None
    priority: Annotated[int, Meta(ge=0, le=255)] | None = None
    countdown: Annotated[float, Meta(ge=0, le=31_536_000)] | None = None
    eta: Annotated[float, Meta(ge=0, le=7_258_118_400)] | None = None
    expires: Annotated[float, Meta(gt=0, le=31_536_000)] | None = None


class ActionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody wants to do.

    Tasks are chosen by `ids` or by `q` (a search; "" is every task; times in it that name no
    zone are in `tz`): one of them for the actions on tasks, none for others. `workers` (node
    names; empty: all) bounds the actions on workers and names; `name` is the task name of a
    rate or time limit, `queue` the queue of a consumer, or that is
    purged, paused or resumed. `signal` goes with
    `terminate`; `n` with growing and shrinking; `min` and `max` with `autoscale`; `rate`
    (`10/m`; `0` lifts it), `soft` and `hard` (seconds) with limits; `level` with `log_level`;
    `edit` with `retry`, and `again`: also those of several that were sent again already.
    `reason` is a person's own words for the audit.
    """

    action: ActionKind
    ids: Annotated[list[_Id], Meta(min_length=1, max_length=IDS_MAX)] | None = None
    q: Annotated[str, Meta(max_length=4_000)] | None = None
    tz: Annotated[str, Meta(max_length=64)] = "UTC"
    workers: Annotated[list[_Label], Meta(max_length=1_000)] = []
    name: _Label | None = None
    queue: _Label | None = None
    signal: Annotated[str, Meta(max_length=20)] = "SIGTERM"
    n: Annotated[int, Meta(ge=1, le=10_000)] = 1
    min: Annotated[int, Meta(ge=0, le=10_000)] | None = None
    max: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    rate: Annotated[str, Meta(max_length=40)] | None = None
    soft: Annotated[float, Meta(gt=0, le=31_536_000)] | None = None
    hard: Annotated[float, Meta(gt=0, le=31_536_000)] | None = None
    level: Literal["debug", "info", "warning", "error", "critical"] | None = None
    edit: Edit | None = None
    again: bool = False
    reason: Reason | None = None


class Chosen(msgspec.Struct, frozen=True):
    """One task of a plan's sample. `fidelity` is how a retry would know its arguments; None
    with `why` when it would not. `why` also says why an action does not apply to it."""

    uuid: str
    state: str | None
    name: str | None
    fidelity: Fidelity | None = None
    why: str | None = None


class ActionPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What would happen. `sentence` says it in one; `count` is how many tasks (workers,
    messages) it concerns: more if `capped`, at least so many if not `complete`, since time ran
    out while they were counted. `skipped` is how many of those chosen are left out, by the
    sentence that says why. `bounds` are grants of who made it, outside of which tasks are left
    out; None where they may act on all. `by_state` (within the bounds) and `fidelity` count
    tasks. `consequences` are sentences a
    person should read first. `confirm` is the number that must be typed, None if none.
    `workers` are those that should answer. `impossible` says why it cannot be executed at
    all, if so. Times are Unix seconds."""

    id: str
    request: ActionRequest
    actor: str
    made: float
    expires: float
    sentence: str
    count: int
    capped: bool = False
    complete: bool = True
    skipped: dict[str, int] = {}
    bounds: tuple[Grant, ...] | None = None
    by_state: dict[str, int] = {}
    fidelity: dict[Fidelity, int] = {}
    sample: tuple[Chosen, ...] = ()
    consequences: tuple[str, ...] = ()
    workers: tuple[str, ...] = ()
    confirm: int | None = None
    impossible: str | None = None


class WorkerAnswer(msgspec.Struct, frozen=True):
    """What became of a command at one worker: `ok`, `refused`, `gone` (it answered, and then
    nothing more came from it) or `unknown` (no answer came, which says nothing), with its own
    words; of a refusal in words for people, and `said` is what the worker itself said."""

    worker: str
    outcome: Literal["ok", "refused", "gone", "unknown"]
    answer: str | None = None
    said: str | None = None


ActionState = Literal["planned", "running", "done", "failed", "cancelled", "interrupted"]


class ActionReport(msgspec.Struct, frozen=True, kw_only=True):
    """How an action goes. `done` of `total` tasks were dealt with, `failed` of them without
    success; `sent` are ids of new tasks by the id of the task that they repeat (the first
    1,000); `action:ID` searches for all of them. `interrupted`: the process that ran it ended.
    `is_unsure`: more than `done` may have been done, since the broker did not answer to what was on
    its way. `is_unconfirmed`: it is done, as workers were told, and none of them confirmed it.
    `failures` are the sentences of those that failed, with how often each, `left_out` of those
    that were `skipped`; `notes` are sentences about the whole. `sentence` says how it stands,
    in one."""

    id: str
    state: ActionState
    sentence: str
    total: int = 0
    done: int = 0
    failed: int = 0
    skipped: int = 0
    workers: tuple[WorkerAnswer, ...] = ()
    failures: dict[str, int] = {}
    left_out: dict[str, int] = {}
    notes: tuple[str, ...] = ()
    sent: dict[str, str] = {}
    is_unsure: bool = False
    is_unconfirmed: bool = False
    started: float | None = None
    finished: float | None = None


class Action(msgspec.Struct, frozen=True):
    """A plan and how it stands."""

    plan: ActionPlan
    report: ActionReport
