"""Workflows as stores give them: tasks that have to do with each other, and the list of the newest.

A workflow is every task of one root. A group or a chord that a client sent has no root in common:
each member is the root of its own, and the body of the chord stands under the member that ended
last. Where workers told groups and chords (`umbel.worker`), `gather` joins them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from umbel.cluster.task import Task
from umbel.errors import CursorError

#: The most tasks of one workflow that are read.
TASKS_MAX: Final = 10_000
_CURSOR: Final = "w"
_CURSOR_MAX: Final = 30


class WorkflowTask(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Of one task what a workflow shows of it; names and times as in `TaskSummary`. `group_id`,
    `chord_id`, `chord_name` and `chain` are what a worker told, null and empty if none did."""

    uuid: str
    state: str
    seen: float
    timestamp: float
    name: str | None = None
    worker: str | None = None
    queue: str | None = None
    error: str | None = None
    root_id: str | None = None
    parent_id: str | None = None
    sent: float | None = None
    received: float | None = None
    started: float | None = None
    finished: float | None = None
    runtime: float | None = None
    wait: float | None = None
    eta: float | None = None
    retries: int = 0
    group_id: str | None = None
    chord_id: str | None = None
    chord_name: str | None = None
    chain: tuple[tuple[str, str], ...] = ()

    @property
    def root(self) -> str:
        """The root of its workflow, itself if no other is known."""
        return self.root_id or self.uuid


def workflow_task(task: Task) -> WorkflowTask:
    """What a workflow shows of `task`."""
    return WorkflowTask(**{field: getattr(task, field) for field in WorkflowTask.__struct_fields__})


class WorkflowTasks(msgspec.Struct, frozen=True):
    """The tasks of one workflow, oldest first; `complete` is False past the limit, and when time
    ran out."""

    tasks: tuple[WorkflowTask, ...]
    complete: bool = True


class WorkflowPage(msgspec.Struct, frozen=True):
    """Ids of workflows, those that began last first: of roots, and of members of groups without a
    common root. Of some no more than one task is left. `cursor` gives the next page, None after the
    last. `complete` is False when time ran out before the page was full."""

    ids: tuple[str, ...]
    #: For each, the cursor that goes on after it.
    cursors: tuple[str, ...]
    cursor: str | None
    complete: bool = True


class WorkflowLookup(Protocol):
    """How a store finds tasks for `gather`. Each may give some twice, and ends when time is up."""

    def by_ids(self, ids: Iterable[str]) -> Iterable[WorkflowTask]:
        """Tasks with these ids."""

    def by_roots(self, ids: Iterable[str]) -> Iterable[WorkflowTask]:
        """Tasks, other than the roots themselves, that have one of these roots."""

    def by_groups(self, ids: Iterable[str]) -> Iterable[WorkflowTask]:
        """Members of these groups."""


def gather(lookup: WorkflowLookup, workflow_id: str, limit: int) -> tuple[WorkflowTask, ...]:
    """The tasks of the workflow with this id (that of its root, of a task of a group without one,
    or of that group), in no order; at most one more than `limit`."""
    return _Closure(lookup, limit).tasks(workflow_id)


class _Closure:
    def __init__(self, lookup: WorkflowLookup, limit: int) -> None:
        self._lookup = lookup
        self._limit = limit
        self._found: dict[str, WorkflowTask] = {}
        self._roots: set[str] = set()
        self._groups: set[str] = set()
        self._chords: set[str] = set()

    def tasks(self, workflow_id: str) -> tuple[WorkflowTask, ...]:
        roots = {workflow_id}
        groups = {workflow_id}
        while (roots or groups) and not self._is_full():
            self._roots |= roots
            self._groups |= groups
            self._add(self._lookup.by_ids(roots))
            self._add(self._lookup.by_roots(roots))
            joined = self._add(self._lookup.by_groups(groups) if groups else ())
            joined += self._add(self._lookup.by_ids(self._bodies()))
            groups = self._of_all("group_id") - self._groups
            roots = {task.root for task in joined} - self._roots
        return tuple(self._found.values())[: self._limit + 1]

    def _bodies(self) -> set[str]:
        """Ids of bodies of chords that were not looked for yet."""
        new = self._of_all("chord_id") - self._chords - self._found.keys()
        self._chords |= new
        return new

    def _of_all(self, field: str) -> set[str]:
        return {value for task in self._found.values() if (value := getattr(task, field))}

    def _add(self, tasks: Iterable[WorkflowTask]) -> list[WorkflowTask]:
        """Take these in; those that are new."""
        new: list[WorkflowTask] = []
        for task in tasks:
            if self._is_full():
                break
            if task.uuid not in self._found:
                self._found[task.uuid] = task
                new.append(task)
        return new

    def _is_full(self) -> bool:
        return len(self._found) > self._limit


def in_order(tasks: Iterable[WorkflowTask], limit: int, *, complete: bool = True) -> WorkflowTasks:
    """The first `limit` of them, oldest first."""
    ordered = sorted(tasks, key=lambda task: (task.seen, task.uuid))
    return WorkflowTasks(tuple(ordered[:limit]), complete and len(ordered) <= limit)


def write_cursor(arrival: int) -> str:
    """The cursor that goes on with workflows which began before the task of this arrival."""
    return f"{_CURSOR}{arrival}"


def read_cursor(cursor: str) -> int:
    """The arrival that `cursor` names. Raises `CursorError`."""
    digits = cursor.removeprefix(_CURSOR)
    is_ours = cursor.startswith(_CURSOR) and len(cursor) < _CURSOR_MAX
    if not (is_ours and digits.isascii() and digits.isdigit() and int(digits) < 2**63):
        raise CursorError(
            "The cursor is not one of a list of workflows.", remedy="Begin at the first page."
        )
    return int(digits)
