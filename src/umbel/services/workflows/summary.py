"""A workflow in one row: how far it is, what failed first, and how much that blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from umbel.cluster.task import FAILURE, UNKNOWN
from umbel.services.workflows.critical_path import ended_at, ready_at
from umbel.services.workflows.expected import OVER, STOPPED
from umbel.services.workflows.paused import waiting_in_paused
from umbel.services.workflows.rows import (
    ExpectedTask,
    FailingTask,
    WorkflowFilter,
    WorkflowRow,
    WorkflowState,
)
from umbel.store.queue_pauses import QueuePause
from umbel.store.workflows import WorkflowTask, WorkflowTasks

_NO_PAUSES: Final[Mapping[str, QueuePause]] = {}


def summarize(
    found: WorkflowTasks,
    expected: Sequence[ExpectedTask],
    now: float,
    pauses: Mapping[str, QueuePause] = _NO_PAUSES,
) -> WorkflowRow:
    """The row of a workflow of at least one task; `pauses` are those that hold, by queue."""
    tasks = found.tasks
    oldest = tasks[0]
    states = Counter(task.state for task in tasks)
    state = workflow_state(states, expected)
    start = min(map(ready_at, tasks))
    end = max(ended_at(task, now) for task in tasks)
    return WorkflowRow(
        root_id=oldest.root,
        name=oldest.name,
        group_id=_common_group(tasks),
        state=state,
        tasks=len(tasks),
        ended=sum(count for each, count in states.items() if each in OVER),
        states=dict(states.most_common()),
        expected=sum(each.state != "ended" for each in expected),
        blocked=sum(each.state == "blocked" for each in expected),
        failing=_failing(tasks),
        start=start,
        end=None if state == "running" else end,
        duration_s=max(0.0, end - start),
        has_canvas=any(task.group_id or task.chord_id or task.chain for task in tasks),
        complete=found.complete,
        paused=waiting_in_paused(tasks, expected, pauses),
    )


def workflow_state(states: Counter[str], expected: Sequence[ExpectedTask]) -> WorkflowState:
    """How a workflow with so many tasks in each state is as a whole."""
    if any(state not in OVER for state in states):
        return "running"
    if any(state in STOPPED for state in states):
        return "failed"
    if any(each.state == "queued" or _is_due(each) or _is_counted(each) for each in expected):
        return "running"
    is_unknown = any(each.kind == "member" and each.state == "due" for each in expected)
    return "unknown" if states[UNKNOWN] or is_unknown else "succeeded"


def _is_counted(expected: ExpectedTask) -> bool:
    """The result backend counts the parts of a chord until its body is sent."""
    return expected.state == "waiting" and expected.returned is not None


def _is_due(expected: ExpectedTask) -> bool:
    """A member of a group was sent: nobody knows whether it waits or its events were lost."""
    return expected.state == "due" and expected.kind in {"chord", "chain"}


def matches(row: WorkflowRow, wanted: WorkflowFilter | None) -> bool:
    """Whether a list that is narrowed so has this row."""
    if wanted == "failing":
        return row.failing is not None
    if wanted == "blocked":
        return row.blocked > 0
    if wanted == "paused":
        return bool(row.paused)
    return wanted is None or row.state == wanted


def _failing(tasks: Sequence[WorkflowTask]) -> FailingTask | None:
    failed = [task for task in tasks if task.state == FAILURE]
    if not failed:
        return None
    first = min(failed, key=lambda task: task.seen if task.finished is None else task.finished)
    return FailingTask(uuid=first.uuid, name=first.name, error=first.error)


def _common_group(tasks: Sequence[WorkflowTask]) -> str | None:
    """The group of the oldest task, if its members are the roots of their own."""
    roots = {task.root for task in tasks}
    return tasks[0].group_id if len(roots) > 1 else None
