"""Workflows as they are answered: the list, and one with its tasks."""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

#: How a workflow is as a whole. `failed`: nothing runs any more, and something failed or was
#: revoked; `unknown`: nothing failed, and of some task Celery told no end.
WorkflowState = Literal["running", "failed", "succeeded", "unknown"]
#: What a list can be narrowed to: `failing` has failures, `blocked` has tasks that will not run,
#: `paused` has tasks that wait in a paused queue.
WorkflowFilter = Literal["running", "failing", "blocked", "paused", "succeeded"]
WORKFLOW_FILTERS: Final[tuple[WorkflowFilter, ...]] = get_args(WorkflowFilter)
#: `newest` goes by when they began; the others order the newest that were looked at.
WorkflowOrder = Literal["newest", "longest", "largest", "failures"]
WORKFLOW_ORDERS: Final[tuple[WorkflowOrder, ...]] = get_args(WorkflowOrder)


class FailingTask(msgspec.Struct, frozen=True, kw_only=True):
    """The task of a workflow that failed first; `error` as in rows of tasks."""

    uuid: str
    name: str | None
    error: str | None


class WorkflowPause(msgspec.Struct, frozen=True, kw_only=True):
    """So many `tasks` of a workflow wait in a `queue` that is paused: by whom, since when (Unix
    seconds), and why ("" where no reason was given)."""

    queue: str
    tasks: int
    by: str
    since: float
    reason: str


class WorkflowRow(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow in a list. `root_id` is its id and `name` that of its oldest task; with `group_id`
    it is a group or chord that a client sent, whose members have no root in common. Of `tasks` that
    are known so far, so many have `ended`; `states` counts them. `expected` counts tasks that are
    known to come and were not seen, of which `blocked` will not run. Times are Unix seconds; `end`
    is null while it runs, `duration_s` goes to now then. `has_canvas`: somebody told of groups,
    chords or chains; without, what is expected is not known. `complete` is False if not all tasks
    were read. `paused` are the paused queues in which tasks of it wait."""

    root_id: str
    name: str | None
    group_id: str | None
    state: WorkflowState
    tasks: int
    ended: int
    states: dict[str, int]
    expected: int
    blocked: int
    failing: FailingTask | None
    start: float
    end: float | None
    duration_s: float
    has_canvas: bool
    complete: bool
    paused: tuple[WorkflowPause, ...] = ()


class WorkflowList(msgspec.Struct, frozen=True, kw_only=True):
    """Workflows; `next` is the cursor of the next page, null after the last and in orders other
    than `newest`. `complete` is False when time ran out before the page was full: `next` goes on
    from there. So many were `looked_at`; with `bounded` older ones were not, and may come before
    these in the order asked for."""

    items: tuple[WorkflowRow, ...]
    next: str | None
    complete: bool
    looked_at: int
    bounded: bool = False


#: Who told of a group, chord or chain: a worker (`umbel_groups`), the result backend, or a message
#: that waits in a queue.
CanvasSource = Literal["worker", "results", "message"]


class WorkflowRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a task that was retried: its number and when it was started and ended (Unix
    seconds, null if not heard), and how."""

    number: int
    started: float | None
    ended: float | None
    state: str


class WorkflowNode(msgspec.Struct, frozen=True, kw_only=True):
    """A task of a workflow; fields as in rows of tasks. `chord_id` is the task that its chord runs
    when its group has ended. `canvas_source` is who told of its group, chord or chain, null if
    nobody did. `runs` has the runs of a task that was retried, where these were
    read."""

    uuid: str
    name: str | None
    state: str
    parent_id: str | None
    seen: float
    sent: float | None
    received: float | None
    started: float | None
    finished: float | None
    runtime: float | None
    wait: float | None
    eta: float | None
    retries: int
    worker: str | None
    queue: str | None
    error: str | None
    group_id: str | None
    chord_id: str | None
    canvas_source: CanvasSource | None = None
    runs: tuple[WorkflowRun, ...] = ()


#: `waiting` for what runs before it, `due` when all of that succeeded (or it was sent) and it was
#: not seen yet, `blocked` when something before it failed; `queued` when its message waits in a
#: queue, and `ended` when the result backend has its end and no event told of it.
ExpectedState = Literal["waiting", "due", "blocked", "queued", "ended"]


class ExpectedTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task that is known to come, or to be, and was not seen: the body of a chord, a link of a
    chain, a `member` of a group, or another `task` whose message waits. `after` is the task (or
    expected task) that a link follows, or that sent it; a body follows every task whose `chord_id`
    is its `uuid`: so many of its `members` have `ended`, of those that were seen. `failed` are the
    first that failed before it. `source` says from where it is known. Of a chord that waits
    `returned` is how many of its `members` the result backend counts. `result_state` is the state
    that the result backend has of it, `queue` where its message waits."""

    uuid: str
    name: str | None
    kind: Literal["chord", "chain", "member", "task"]
    state: ExpectedState
    after: str | None
    members: int
    ended: int
    failed: tuple[str, ...]
    source: CanvasSource = "worker"
    group_id: str | None = None
    returned: int | None = None
    result_state: str | None = None
    queue: str | None = None


class WorkflowGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group or chord of which another source than events tells. So many `members` are known, all
    of them with `is_whole`, and of these so many were `seen` in events. A chord runs `body_id`
    (null if nobody told) when `size` parts have `returned`, by the count of the result backend,
    which is null once the body was sent."""

    group_id: str
    source: CanvasSource
    members: int
    seen: int
    is_whole: bool
    body_id: str | None
    size: int | None
    returned: int | None


#: `read`; `part`: there is more than is read for one answer; `absent`: there is nothing to read;
#: `failed`: it did not answer.
ReadingState = Literal["read", "part", "absent", "failed"]


class SourceReading(msgspec.Struct, frozen=True, kw_only=True):
    """How reading a source of groups and chords went: so many results, groups and messages were
    `read`, and `why` is a sentence where it did not go well."""

    state: ReadingState
    read: int = 0
    why: str | None = None


class WorkflowSources(msgspec.Struct, frozen=True, kw_only=True):
    """What was read besides events, at `at` (Unix seconds): the result backend, and messages that
    wait in `queues`."""

    results: SourceReading
    messages: SourceReading
    queues: tuple[str, ...]
    at: float


class PathStep(msgspec.Struct, frozen=True, kw_only=True):
    """A task on the critical path: it held the workflow from `start` to `end` (Unix seconds), of
    which it ran `run_s` seconds; `share` is its part of the whole (0 to 1)."""

    uuid: str
    start: float
    end: float
    run_s: float
    share: float


class CriticalPath(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks that decided when the workflow ended, first to last: each ended, or sent the next,
    latest of all that the next needed. `run_share` is the part of the whole duration that they ran
    (0 to 1); the rest they waited."""

    steps: tuple[PathStep, ...]
    run_share: float


class WorkflowDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One workflow with its tasks, oldest first, at `now` (Unix seconds). `expected` has the first
    1,000, `groups` those that other sources than events tell. `sources` is null where only events
    were read."""

    workflow: WorkflowRow
    tasks: tuple[WorkflowNode, ...]
    expected: tuple[ExpectedTask, ...]
    path: CriticalPath
    now: float
    groups: tuple[WorkflowGroup, ...] = ()
    sources: WorkflowSources | None = None
