"""Groups and chords in what Celery keeps with results."""

from __future__ import annotations

from typing import Any

import pytest

from umbel.results.base import SentGroup
from umbel.results.canvas import GROUPS_MAX, MEMBERS_MAX, kept_group, task_canvas


def member(uuid: str, parent: Any = None) -> list[Any]:
    return [[uuid, parent], None]


def group(uuid: str, *members: Any) -> list[Any]:
    return [[uuid, None], list(members)]


def meta(*children: Any, **more: Any) -> dict[str, Any]:
    return {"status": "SUCCESS", "result": None, "children": list(children), **more}


def test_a_task_tells_the_group_that_it_sent() -> None:
    found = task_canvas("a", meta(group("g", member("b"), member("c")), member("d")))

    assert found is not None
    assert found.sent == (SentGroup("g", ("b", "c")),)


def test_a_task_whose_parent_is_a_group_is_the_body_of_its_chord() -> None:
    inner = group("inner", member("a"), member("b"))

    found = task_canvas("root", meta(group("outer", member("body", inner), member("c"))))

    assert found is not None
    assert found.sent == (
        SentGroup("outer", ("body", "c")),
        SentGroup("inner", ("a", "b"), "body"),
    )


def test_a_group_in_a_group_is_no_task() -> None:
    found = task_canvas("a", meta(group("outer", member("b"), group("inner", member("c")))))

    assert found is not None
    assert found.sent == (SentGroup("outer", ("b",)), SentGroup("inner", ("c",)))


def test_a_saved_group_tells_its_members_and_the_chords_among_them() -> None:
    inner = group("inner", member("a"), member("b"))

    found = kept_group("outer", {"result": group("outer", member("body", inner), member("c"))})

    assert found is not None
    assert found.members == ("body", "c")
    assert found.sent == (SentGroup("inner", ("a", "b"), "body"),)
    assert kept_group("other", {"result": group("outer", member("c"))}) is None


def test_large_groups_are_read_up_to_a_bound() -> None:
    members = [member(str(number)) for number in range(MEMBERS_MAX + 5)]
    groups = [group(f"g{number}") for number in range(GROUPS_MAX + 5)]

    large, many = task_canvas("a", meta(group("g", *members))), task_canvas("a", meta(*groups))

    assert large is not None
    assert many is not None
    assert len(large.sent[0].members) == MEMBERS_MAX
    assert len(many.sent) == GROUPS_MAX


def deep(levels: int) -> Any:
    node: Any = member("bottom")
    for level in range(levels):
        node = [[f"g{level}", node], [node]]
    return node


@pytest.mark.parametrize(
    "children",
    ["text", [1, None, [[]], [[1, 2], 3]], [[["x" * 1_000_000, None], None]], [[[None, None], []]]],
)
def test_rubbish_tells_nothing(children: Any) -> None:
    found = task_canvas("a", {"status": "SUCCESS", "children": children, "group_id": 7})

    assert found is not None
    assert (found.sent, found.group_id) == ((), None)
    assert task_canvas("a", {"state": "no meta"}) is None
    assert task_canvas("a", ["no meta"]) is None


def test_a_tower_of_groups_ends() -> None:
    found = task_canvas("a", meta(deep(300)))

    assert found is not None
    assert 0 < len(found.sent) <= GROUPS_MAX
