"""The critical path: which tasks decided when a workflow ended.

It is walked backwards from the task that ended last. What a task needed is the task that sent it,
and for the body of a chord every member of the group; of these the one that let it go last is on
the path. A task that called another while it ran let it go when it sent it; else it did so with its
end. So the steps follow each other without a hole from the beginning to the end, and the time
between two of them (in a queue, or unseen) is the wait of the later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from umbel.services.workflows.expected import OVER
from umbel.services.workflows.rows import CriticalPath, PathStep
from umbel.store.workflows import WorkflowTask


def ready_at(task: WorkflowTask) -> float:
    """When the task could begin to wait: when it was sent, or first heard of."""
    return task.seen if task.sent is None else min(task.seen, task.sent)


def ended_at(task: WorkflowTask, now: float) -> float:
    """When the task ended, by its last event where none told its end, or `now` if it has not."""
    last = task.finished if task.finished is not None else now
    if task.finished is None and task.state in OVER:
        last = task.timestamp
    return max(last, ready_at(task))


def critical_path(tasks: Sequence[WorkflowTask], now: float) -> CriticalPath:
    """The path of these tasks; empty without any."""
    path = _walk(tasks, now)
    if not path:
        return CriticalPath(steps=(), run_share=0.0)
    start, end = min(map(ready_at, path)), ended_at(path[-1], now)
    whole = max(end - start, 1e-9)
    ends = [*map(ready_at, path[1:]), end]
    steps = tuple(_step(task, until, whole, now) for task, until in zip(path, ends, strict=True))
    return CriticalPath(steps=steps, run_share=min(1.0, sum(step.run_s for step in steps) / whole))


def _walk(tasks: Sequence[WorkflowTask], now: float) -> list[WorkflowTask]:
    known = {task.uuid: task for task in tasks}
    last_of = _last_members(tasks, now)
    task = max(tasks, key=lambda each: ended_at(each, now), default=None)
    path: dict[str, WorkflowTask] = {}
    while task is not None and task.uuid not in path:
        path[task.uuid] = task
        member = last_of.get(task.uuid)
        sender = known.get(task.parent_id or "")
        task = member if member is not None else sender
    return list(path.values())[::-1]


def _last_members(tasks: Sequence[WorkflowTask], now: float) -> Mapping[str, WorkflowTask]:
    """By the id of a chord's body, the member that ended last."""
    last: dict[str, WorkflowTask] = {}
    for task in tasks:
        if task.chord_id is None:
            continue
        other = last.get(task.chord_id)
        if other is None or ended_at(task, now) > ended_at(other, now):
            last[task.chord_id] = task
    return last


def _step(task: WorkflowTask, until: float, whole: float, now: float) -> PathStep:
    start = ready_at(task)
    end = max(start, until)
    ran = 0.0
    if task.started is not None:
        ran = max(0.0, min(end, ended_at(task, now)) - max(start, task.started))
    return PathStep(
        uuid=task.uuid, start=start, end=end, run_s=ran, share=min(1.0, (end - start) / whole)
    )
