"""Workflows among tasks in memory: what every store must answer, in the plainest way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from umbel.cluster.task import Task
from umbel.store.workflows import (
    WorkflowPage,
    WorkflowTask,
    read_cursor,
    workflow_task,
    write_cursor,
)


class MemoryLookup:
    """See `WorkflowLookup`."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks = tasks

    def by_ids(self, ids: Iterable[str]) -> Iterator[WorkflowTask]:
        wanted = set(ids)
        return (workflow_task(task) for task in self._tasks if task.uuid in wanted)

    def by_roots(self, ids: Iterable[str]) -> Iterator[WorkflowTask]:
        wanted = set(ids)
        return (workflow_task(task) for task in self._tasks if _sender(task) in wanted)

    def by_groups(self, ids: Iterable[str]) -> Iterator[WorkflowTask]:
        wanted = set(ids)
        return (workflow_task(task) for task in self._tasks if task.group_id in wanted)


def _sender(task: Task) -> str | None:
    """The root of a task that another sent."""
    return None if task.root_id == task.uuid else task.root_id


def workflow_page(
    tasks: Iterable[tuple[Task, int]], cursor: str | None, limit: int
) -> WorkflowPage:
    """See `Store.workflows`; tasks come with their arrivals."""
    before = None if cursor is None else read_cursor(cursor)
    begun = sorted(_begun(list(tasks)), reverse=True)
    after = [(arrival, each) for arrival, each in begun if before is None or arrival < before]
    cursors = tuple(write_cursor(arrival) for arrival, _ in after[:limit])
    following = cursors[-1] if len(after) > limit else None
    return WorkflowPage(tuple(each for _, each in after[:limit]), cursors, following)


def _begun(tasks: list[tuple[Task, int]]) -> list[tuple[int, str]]:
    """The arrival of each workflow's beginning, and its id."""
    roots: dict[str, int] = {}
    groups: dict[str, tuple[int, str]] = {}
    grouped = {task.uuid for task, _ in tasks if task.group_id and _sender(task) is None}
    for task, arrival in sorted(tasks, key=lambda pair: pair[1]):
        root = _sender(task)
        if root is not None and root not in grouped:
            roots.setdefault(root, arrival)
        elif root is None and task.group_id is not None:
            groups.setdefault(task.group_id, (arrival, task.uuid))
    return [*((arrival, root) for root, arrival in roots.items()), *groups.values()]
