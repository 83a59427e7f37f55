"""The groups and chords of a workflow: their members and bodies, by all who tell of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from umbel.broker.base import QueuedMessage
from umbel.results.base import KeptGroup, TaskCanvas
from umbel.services.workflows.rows import CanvasSource, SourceReading
from umbel.store.workflows import WorkflowTask


class WaitingTask(msgspec.Struct, frozen=True):
    """A message, and the queue in which it waits."""

    queue: str
    message: QueuedMessage


class CanvasFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was read at `at` (Unix seconds): `tasks` by id and `groups` by id from the result
    backend, and messages that wait, of this workflow."""

    tasks: Mapping[str, TaskCanvas]
    groups: Mapping[str, KeptGroup]
    waiting: tuple[WaitingTask, ...]
    results: SourceReading
    messages: SourceReading
    queues: tuple[str, ...]
    at: float


def no_facts(now: float) -> CanvasFacts:
    """Nothing was read: events tell all that there is."""
    nothing = SourceReading(state="read")
    return CanvasFacts(
        tasks={}, groups={}, waiting=(), results=nothing, messages=nothing, queues=(), at=now
    )


class CanvasGroup:
    """A group, as far as it is told of: `is_whole` if `members` are all of them. `sender` is the
    task that sent it."""

    def __init__(self, group_id: str, source: CanvasSource) -> None:
        self.group_id = group_id
        self.source: CanvasSource = source
        self.members: dict[str, None] = {}
        self.is_whole = False
        self.body_id: str | None = None
        self.body_name: str | None = None
        self.sender: str | None = None


def unseen_ids(tasks: Sequence[WorkflowTask], facts: CanvasFacts) -> list[str]:
    """Ids of members and bodies that were told of and are not among `tasks`."""
    seen = {task.uuid for task in tasks}
    wanted: dict[str, None] = {}
    for group in canvas_groups(tasks, facts).values():
        wanted |= dict.fromkeys(group.members)
        if group.body_id is not None:
            wanted[group.body_id] = None
    return [uuid for uuid in wanted if uuid not in seen]


def canvas_groups(tasks: Sequence[WorkflowTask], facts: CanvasFacts) -> dict[str, CanvasGroup]:
    """By id."""
    found: dict[str, CanvasGroup] = {}
    _add_kept(found, facts)
    own = {task.uuid: task.group_id for task in tasks if task.group_id}
    own |= {uuid: each.group_id for uuid, each in facts.tasks.items() if each.group_id}
    for each in facts.waiting:
        if each.message.task_id and each.message.group_id:
            own[each.message.task_id] = each.message.group_id

    def add(group_id: str | None, uuid: str, parent: str | None, by: CanvasSource) -> None:
        # The body of a chord has the group of its members, of which one sent it.
        if group_id is None:
            return
        # What is retried or replaced has itself as its parent.
        parent = parent if parent != uuid else None
        group = found.setdefault(group_id, CanvasGroup(group_id, by))
        if parent is not None and (own.get(parent) == group_id or parent in group.members):
            group.body_id = group.body_id or uuid
        else:
            group.members[uuid] = None
            group.sender = group.sender or parent

    for task in tasks:
        add(task.group_id, task.uuid, task.parent_id, "worker")
        if task.group_id:
            found[task.group_id].source = "worker"
        if task.group_id and task.chord_id and task.uuid in found[task.group_id].members:
            _name_body(found[task.group_id], task.chord_id, task.chord_name)
    parents = {task.uuid: task.parent_id for task in tasks}
    for uuid, canvas in facts.tasks.items():
        add(canvas.group_id, uuid, canvas.parent_id or parents.get(uuid), "results")
    for each in facts.waiting:
        message = each.message
        if message.task_id is None or message.group_id is None:
            continue
        add(message.group_id, message.task_id, message.parent_id, "message")
        if message.chord_id is not None:
            _name_body(found[message.group_id], message.chord_id, message.chord_name)
    for group in found.values():
        if group.body_id is not None:
            group.members.pop(group.body_id, None)
    return found


def _add_kept(found: dict[str, CanvasGroup], facts: CanvasFacts) -> None:
    sent = [(uuid, each) for uuid, canvas in facts.tasks.items() for each in canvas.sent]
    sent += [("", each) for group in facts.groups.values() for each in group.sent]
    for sender, each in sent:
        group = found.setdefault(each.group_id, CanvasGroup(each.group_id, "results"))
        group.members |= dict.fromkeys(each.members)
        group.is_whole = True
        group.body_id = group.body_id or each.body_id
        group.sender = group.sender or sender or None
    for group_id, kept in facts.groups.items():
        group = found.setdefault(group_id, CanvasGroup(group_id, "results"))
        group.members |= dict.fromkeys(kept.members or kept.returned_ids)
        group.is_whole |= kept.members is not None


def _name_body(group: CanvasGroup, body_id: str, name: str | None) -> None:
    group.body_id = body_id
    group.body_name = group.body_name or name
