"""Members of groups that events alone would not join to a workflow, with what these sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from umbel.services.errors.time_budget import TimeBudget
from umbel.store.base import Store
from umbel.store.workflows import (
    TASKS_MAX,
    WorkflowTask,
    WorkflowTasks,
    in_order,
    workflow_task,
)

#: Of so many members that are roots of their own what they sent is read.
_ROOTS_READ: Final = 200
_AT_ONCE: Final = 500


def with_members(
    store: Store, found: WorkflowTasks, ids: Sequence[str], budget: TimeBudget
) -> WorkflowTasks:
    """The workflow with the tasks of these `ids`, as far as they are stored, and what they sent.
    Raises `StoreError`."""
    tasks: dict[str, WorkflowTask] = {task.uuid: task for task in found.tasks}
    roots = {task.root for task in found.tasks}
    new: dict[str, None] = {}
    complete = found.complete
    for at in range(0, min(len(ids), TASKS_MAX - len(tasks)), _AT_ONCE):
        if budget.is_over:
            complete = False
            break
        for task in map(workflow_task, store.tasks(ids[at : at + _AT_ONCE]).values()):
            tasks[task.uuid] = task
            if task.root not in roots:
                new[task.root] = None
    for count, root in enumerate(new):
        if budget.is_over or count >= _ROOTS_READ or len(tasks) > TASKS_MAX:
            complete = False
            break
        below = store.workflow_tasks(root, budget_s=budget.left_s)
        tasks |= {task.uuid: task for task in below.tasks}
        complete &= below.complete
    return in_order(tasks.values(), TASKS_MAX, complete=complete)
