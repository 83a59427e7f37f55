"""Groups, chords and chains of a workflow from every source that tells of them, joined. Pure.

Events tell of each task its root and its parent. Which tasks are a group, what their chord runs in
the end and what follows in a chain is told by a worker with the task, by the result backend with
the task that sent them, and by messages that still wait; nothing is taken from how tasks look. A
member that was told of and never seen is expected; of what was told twice the worker's word goes
first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import QueuedMessage
from umbel.cluster.task import PENDING
from umbel.services.workflows.canvas_groups import (
    CanvasFacts,
    CanvasGroup,
    WaitingTask,
    canvas_groups,
)
from umbel.services.workflows.expected import OVER, expected_tasks
from umbel.services.workflows.rows import (
    CanvasSource,
    ExpectedState,
    ExpectedTask,
    WorkflowGroup,
)
from umbel.store.workflows import WorkflowTask

#: Groups that are told of one workflow.
GROUPS_SHOWN: Final = 200


class Canvas(msgspec.Struct, frozen=True, kw_only=True):
    """The tasks of a workflow with all that is known of their groups, what is expected of it, and
    who told: by the id of a task."""

    tasks: tuple[WorkflowTask, ...]
    expected: tuple[ExpectedTask, ...]
    groups: tuple[WorkflowGroup, ...]
    sources: Mapping[str, CanvasSource]


def joined(tasks: Sequence[WorkflowTask], facts: CanvasFacts) -> Canvas:
    """See `Canvas`."""
    groups = canvas_groups(tasks, facts)
    waiting = {each.message.task_id: each for each in facts.waiting if each.message.task_id}
    seen = {task.uuid for task in tasks}
    bodies = {group.body_id for group in groups.values()}
    unseen = dict.fromkeys(waiting.keys() - seen)
    unseen |= dict.fromkeys(
        member for group in groups.values() for member in group.members if member not in seen
    )
    group_of = {member: group for group in groups.values() for member in group.members}
    sources: dict[str, CanvasSource] = {}
    whole = [
        _filled(task, group_of.get(task.uuid), waiting.get(task.uuid), sources)
        for task in (*tasks, *(_unseen(uuid, group_of, waiting, facts) for uuid in unseen))
    ]
    sizes = {
        group.body_id: max(size, len(group.members))
        for group in groups.values()
        if group.body_id is not None and (size := _size(group, facts)) is not None
    }
    by_body = {group.body_id: group for group in groups.values() if group.body_id is not None}
    expected = [
        _expected(uuid, group_of.get(uuid), waiting.get(uuid), task, facts)
        for uuid, task in zip(unseen, whole[len(tasks) :], strict=True)
        if uuid not in bodies or uuid in waiting or uuid in group_of
    ]
    expected += [
        _with_source(each, by_body, sources, facts) for each in expected_tasks(whole, sizes)
    ]
    return Canvas(
        tasks=tuple(whole[: len(tasks)]),
        expected=tuple(expected),
        groups=tuple(_row(group, seen, facts) for group in [*groups.values()][:GROUPS_SHOWN]),
        sources=sources,
    )


def _unseen(
    uuid: str,
    group_of: Mapping[str, CanvasGroup],
    waiting: Mapping[str, WaitingTask],
    facts: CanvasFacts,
) -> WorkflowTask:
    """Stands for a task that no event told of."""
    canvas, group = facts.tasks.get(uuid), group_of.get(uuid)
    message = waiting[uuid].message if uuid in waiting else QueuedMessage(task_id=uuid)
    parent = message.parent_id or (group.sender if group is not None else None)
    return WorkflowTask(
        uuid=uuid,
        state=canvas.state if canvas is not None and canvas.state in OVER else PENDING,
        seen=facts.at,
        timestamp=facts.at,
        name=message.name,
        root_id=message.root_id,
        parent_id=parent,
    )


def _filled(
    task: WorkflowTask,
    group: CanvasGroup | None,
    waiting: WaitingTask | None,
    sources: dict[str, CanvasSource],
) -> WorkflowTask:
    """The task with what others than its own worker tell of its group and its chain."""
    if task.group_id or task.chord_id or task.chain:
        sources[task.uuid] = "worker"
    changes: dict[str, object] = {}
    if group is not None and not task.group_id:
        changes["group_id"] = group.group_id
    if group is not None and group.body_id and not task.chord_id:
        changes |= {"chord_id": group.body_id, "chord_name": group.body_name}
    if changes and group is not None:
        sources.setdefault(task.uuid, group.source)
    if waiting is not None and waiting.message.chain and not task.chain:
        changes["chain"] = waiting.message.chain
        sources.setdefault(task.uuid, "message")
    return msgspec.structs.replace(task, **changes) if changes else task


def _expected(
    uuid: str,
    group: CanvasGroup | None,
    waiting: WaitingTask | None,
    task: WorkflowTask,
    facts: CanvasFacts,
) -> ExpectedTask:
    canvas = facts.tasks.get(uuid)
    has_ended = task.state in OVER
    state: ExpectedState = "ended" if has_ended else "queued" if waiting is not None else "due"
    source: CanvasSource = "message" if group is None else group.source
    return ExpectedTask(
        uuid=uuid,
        name=task.name,
        kind="task" if group is None else "member",
        state=state,
        after=task.parent_id,
        members=1,
        ended=int(has_ended),
        failed=(),
        source="message" if waiting is not None and not has_ended else source,
        group_id=task.group_id,
        result_state=canvas.state if canvas is not None else None,
        queue=waiting.queue if waiting is not None else None,
    )


def _with_source(
    expected: ExpectedTask,
    by_body: Mapping[str, CanvasGroup],
    sources: Mapping[str, CanvasSource],
    facts: CanvasFacts,
) -> ExpectedTask:
    """A body or a link with who told of it, and how far the result backend counts its chord."""
    group = by_body.get(expected.uuid)
    if group is None:
        source = sources.get(expected.after or "", "worker")
        return msgspec.structs.replace(expected, source=source)
    kept, canvas = facts.groups.get(group.group_id), facts.tasks.get(expected.uuid)
    has_ended = canvas is not None and canvas.state in OVER and expected.state != "blocked"
    return msgspec.structs.replace(
        expected,
        state="ended" if has_ended else expected.state,
        source=group.source,
        group_id=group.group_id,
        returned=kept.returned if kept is not None else None,
        result_state=canvas.state if canvas is not None else None,
    )


def _size(group: CanvasGroup, facts: CanvasFacts) -> int | None:
    kept = facts.groups.get(group.group_id)
    if kept is not None and kept.size is not None:
        return kept.size
    return len(group.members) if group.is_whole else None


def _row(group: CanvasGroup, seen: set[str], facts: CanvasFacts) -> WorkflowGroup:
    kept = facts.groups.get(group.group_id)
    return WorkflowGroup(
        group_id=group.group_id,
        source=group.source,
        members=len(group.members),
        seen=sum(member in seen for member in group.members),
        is_whole=group.is_whole or (_size(group, facts) or -1) == len(group.members),
        body_id=group.body_id,
        size=kept.size if kept is not None else None,
        returned=kept.returned if kept is not None else None,
    )
