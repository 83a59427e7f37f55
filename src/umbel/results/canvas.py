"""What result backends keep of groups and chords, as ids and numbers alone.

Celery writes with a task's result what the task sent (`children`: the tuples of
`ResultBase.as_tuple`, celery/result.py) and the group that it is in (`group_id`, celery/backends/
base.py, `_get_result_meta`). A group that was saved has its members under a key of its own; a chord
that waits has its size and how many of it have returned (celery/backends/redis.py,
`on_chord_part_return`; elsewhere a counter).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from umbel.characters import encodable
from umbel.cluster.events import UUID_MAX
from umbel.errors import ResultsUnavailable
from umbel.results.base import KeptGroup, SentGroup, TaskCanvas

#: Members of one group, and groups of one result, that are read.
MEMBERS_MAX: Final = 10_000
GROUPS_MAX: Final = 200
#: A larger value is left where it is, bytes: one of 10,000 members has 600 kB.
VALUE_MAX: Final = 1_000_000
#: So many tasks and groups of one value are looked at.
_NODES_MAX: Final = 50_000


def no_canvas(where: str) -> ResultsUnavailable:
    """Why groups cannot be read at `where`."""
    error = ResultsUnavailable(
        f"Of the result backend {where} Umbel does not read groups and chords.",
        remedy="Let workers tell them (umbel_groups).",
    )
    error.retriable = False
    return error


def task_canvas(task_id: str, meta: object) -> TaskCanvas | None:
    """What a decoded meta tells; None if it is no task's."""
    if not isinstance(meta, Mapping) or not isinstance(meta.get("status"), str):
        return None
    children = meta.get("children")
    return TaskCanvas(
        task_id=task_id,
        state=encodable(meta["status"][:UUID_MAX]),
        group_id=_id(meta.get("group_id")),
        parent_id=_id(meta.get("parent_id")),
        sent=_bounded(_groups(children if isinstance(children, list) else [])),
    )


def kept_group(group_id: str, value: object) -> KeptGroup | None:
    """What a decoded value of a saved group tells; None if it is none."""
    if isinstance(value, Mapping):
        value = value.get("result")
    found = _bounded(_groups([value]))
    own = next((each for each in found if each.group_id == group_id), None)
    if own is None:
        return None
    return KeptGroup(
        group_id=group_id,
        members=own.members,
        sent=tuple(each for each in found if each.group_id != group_id),
    )


def _bounded(found: Iterator[SentGroup]) -> tuple[SentGroup, ...]:
    by_id: dict[str, SentGroup] = {}
    for each in found:
        if len(by_id) >= GROUPS_MAX:
            break
        earlier = by_id.get(each.group_id)
        if earlier is None or earlier.body_id is None:
            by_id[each.group_id] = each
    return tuple(by_id.values())


def _groups(nodes: list[Any]) -> Iterator[SentGroup]:
    """`[[id, parent], None]` is a task, `[[id, parent], [...]]` a group. A task whose parent is a
    group is the body of its chord (`chord.run`, celery/canvas.py)."""
    left, waiting = _NODES_MAX, nodes[::-1]
    while waiting and left > 0:
        left -= 1
        own, parent, members = _node(waiting.pop())
        if own is None:
            continue
        if members is not None:
            yield SentGroup(own, _ids(members))
            waiting += members[:MEMBERS_MAX][::-1]
        above, _, header = _node(parent)
        if above is not None and header is not None and members is None:
            yield SentGroup(above, _ids(header), own)
            waiting += header[:MEMBERS_MAX][::-1]
        elif above is not None:
            waiting.append(parent)


def _ids(members: list[Any]) -> tuple[str, ...]:
    """Of the tasks among them: a group in a group is none, and has members of its own."""
    found = map(_node, members[:MEMBERS_MAX])
    return tuple(uuid for uuid, _, inner in found if uuid is not None and inner is None)


def _node(value: object) -> tuple[str | None, object, list[Any] | None]:
    """Id, parent, and members of a group."""
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], list):
        return None, None, None
    head, members = value
    if len(head) != 2:
        return None, None, None
    return _id(head[0]), head[1], members if isinstance(members, list) else None


def _id(value: object) -> str | None:
    return encodable(value) if isinstance(value, str) and 0 < len(value) <= UUID_MAX else None
