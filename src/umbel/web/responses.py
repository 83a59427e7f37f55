"""Responses of the v1 API: one struct a route. Every key is always present.

Where a service answers a route as it is, the struct here gives the service's its name and its
words in the OpenAPI document; handlers return the service's own.
"""

from __future__ import annotations

import msgspec

from umbel.cluster.losses import Loss
from umbel.results.base import Result
from umbel.services.cluster.registered_tasks import RegisteredTask
from umbel.services.control.task_sender import SentTask
from umbel.services.control.types import Action, ActionPlan, ActionReport
from umbel.services.health.health import Pulse, Status
from umbel.services.health.liveness import Liveness
from umbel.services.live.changes import LiveChanges
from umbel.services.pauses.paused_queues import PausedQueueOfWorker
from umbel.services.search import task_page
from umbel.services.search.incomplete import Incomplete
from umbel.services.search.rows import TaskRow, WholeTask, WorkerRow
from umbel.services.search.search import Completion, QueryReading
from umbel.services.search.series_answers import SeriesAnswer
from umbel.store import base
from umbel.store.base import KeptGap
from umbel.store.ledger import AuditPage

__all__ = [
    "Accepted",
    "Action",
    "ActionPlan",
    "ActionReport",
    "Actions",
    "Applied",
    "AuditPage",
    "Changes",
    "Completions",
    "Count",
    "Gaps",
    "Hello",
    "Inspected",
    "Liveness",
    "OneWorker",
    "Pulse",
    "QueryReading",
    "RegisteredNames",
    "Reset",
    "Result",
    "SeriesAnswer",
    "Status",
    "TaskPage",
    "WholeTask",
    "Workflow",
]


class TaskPage(task_page.TaskPage[TaskRow], frozen=True, kw_only=True):
    """Tasks that match. `next` is the cursor of the next page, null after the last one.
    `complete` is false when time ran out; everything back to `reached` (Unix seconds) was
    looked at then, and `next` goes on from there. `sentence` is the query in words. `seq`
    is the change number to begin a live stream with, so that nothing is missed. `incomplete` is
    what is missing in the time of these rows, null if nothing is."""


class Count(base.Count, frozen=True, kw_only=True):
    """How many tasks match. `capped`: there are more than `total`. `complete` is false when
    time ran out first: there are at least `total`, of which 0 says nothing. `groups`: the most
    frequent values of `by`, with their counts; with `groups_complete` of all tasks that match,
    however many, else of those that were counted. `incomplete` is what is
    missing in the time that `q` asks for, null if nothing is."""

    incomplete: Incomplete | None


class Completions(msgspec.Struct, frozen=True):
    """What could stand at the caret, best first."""

    items: tuple[Completion, ...]


class Gaps(msgspec.Struct, frozen=True, kw_only=True):
    """Gaps of which a part lies in the span that was asked for, by their start, and the workers'
    losses in it, by worker, pid and time. `more` is how many of each are left out, the oldest."""

    gaps: tuple[KeptGap, ...]
    losses: tuple[Loss, ...]
    more: int


class Workflow(base.Workflow[TaskRow], frozen=True, kw_only=True):
    """All tasks that share a root, oldest first; `complete` is false when there are more."""


class Hello(msgspec.Struct, frozen=True):
    """The first event of a stream: everything after change number `seq` will be told."""

    seq: int


class Changes(LiveChanges[TaskRow], frozen=True, kw_only=True):
    """Event `changes`: rows that match, as they are now; the ids of those that did not match
    before; ids of tasks that changed and do not match, or no longer; and how many changed
    tasks are not told."""


class Reset(msgspec.Struct, frozen=True):
    """Event `reset`: what was seen before is void; load again, and go on from `seq`."""

    seq: int
    reason: str


class Accepted(msgspec.Struct, frozen=True):
    """Marks a response whose work goes on: it is sent with status 202 (Accepted)."""

    answer: object


class Actions(msgspec.Struct, frozen=True, kw_only=True):
    """Actions, newest first. Of the ids that an action names the first 20 are told. `next`
    is `before` of the next page (Unix seconds), null after the last one."""

    items: tuple[Action, ...]
    next: float | None


class Applied(SentTask, frozen=True, kw_only=True):
    """A task that was sent. `state` and `result` are as of the answer; `result` is null
    unless it was waited for, and has come."""


class OneWorker(WorkerRow, frozen=True, kw_only=True):
    """A worker, and what it says of itself: values of Celery's own inspections, null where
    nothing is known. `answers` is whether it did just now, null when it was not asked;
    `trouble` is the sentence that says why nothing is known. `paused_queues` are those that it
    consumed and does not now, since somebody paused them."""

    answers: bool | None
    trouble: str | None
    stats: object
    active_queues: object
    registered: object
    conf: object
    paused_queues: tuple[PausedQueueOfWorker, ...]


class Inspected(msgspec.Struct, frozen=True, kw_only=True):
    """What one worker says, as of `at` (Unix seconds). `answered` is false when nothing came
    in time, which says nothing of the worker. `error` is the sentence by which it refused.
    `left_out` is how many entries of a long list are not told: the first ones. `paused_queues` are
    those that the worker consumed and does not now, since somebody paused them."""

    worker: str
    inspection: str
    value: object
    at: float
    answered: bool
    error: str | None
    left_out: int
    paused_queues: tuple[PausedQueueOfWorker, ...]


class RegisteredNames(msgspec.Struct, frozen=True, kw_only=True):
    """Task names, as of `at` (Unix seconds). `missing` are workers that did not answer."""

    items: tuple[RegisteredTask, ...]
    at: float
    missing: tuple[str, ...]
