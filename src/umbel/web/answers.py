"""What the v1 API answers, route by route. Every key is always present."""

from __future__ import annotations

import msgspec

from umbel.services.health import Liveness, Pulse, Status
from umbel.services.rows import TaskRow, WholeTask, WorkerRow
from umbel.services.search import Completion, Reading
from umbel.store.base import Bucket

__all__ = [
    "Changes",
    "Completions",
    "Count",
    "Hello",
    "Liveness",
    "Pulse",
    "Reading",
    "Reset",
    "Series",
    "Status",
    "TaskPage",
    "WholeTask",
    "Workers",
    "Workflow",
]


class TaskPage(msgspec.Struct, frozen=True, kw_only=True):
    """Tasks that match. `next` is the cursor of the next page, null after the last one.
    `complete` is false when time ran out; everything back to `reached` (Unix seconds) was
    looked at then, and `next` goes on from there. `sentence` is the query in words. `seq`
    is the change number to begin a live stream with, so that nothing is missed."""

    items: tuple[TaskRow, ...]
    next: str | None
    complete: bool
    reached: float | None
    sentence: str
    seq: int


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """How many tasks match. `capped`: there are more than `total`. `complete` is false when
    time ran out first. `groups`: the most frequent values of `by`, with their counts."""

    total: int
    capped: bool
    complete: bool
    groups: dict[str, int]


class Completions(msgspec.Struct, frozen=True):
    """What could stand at the caret, best first."""

    items: tuple[Completion, ...]


class Series(msgspec.Struct, frozen=True):
    """A measure over time, oldest bucket first, empty buckets left out. `bucket_s` may be
    longer than asked for."""

    measure: str
    bucket_s: float
    buckets: tuple[Bucket, ...]


class Workflow(msgspec.Struct, frozen=True, kw_only=True):
    """All tasks that share a root, oldest first; `complete` is false when there are more."""

    root_id: str
    tasks: tuple[TaskRow, ...]
    complete: bool


class Workers(msgspec.Struct, frozen=True, kw_only=True):
    """Every worker known, by name, judged at `now` (Unix seconds)."""

    items: tuple[WorkerRow, ...]
    now: float


class Hello(msgspec.Struct, frozen=True):
    """The first event of a stream: everything after change number `seq` will be told."""

    seq: int


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    """Event `changes`: rows that match, as they are now; ids of tasks that changed and do
    not match, or no longer; and how many changed tasks are not told."""

    seq: int
    items: tuple[TaskRow, ...]
    left: tuple[str, ...]
    skipped: int


class Reset(msgspec.Struct, frozen=True):
    """Event `reset`: what was seen before is void; load again, and go on from `seq`."""

    seq: int
    reason: str
