"""What of a chord or a chain was not seen yet, and whether it will come."""

from __future__ import annotations

import pytest

from tests.unit.workflows.lives import gallery, life
from umbel.services.workflows.expected import expected_tasks


@pytest.mark.parametrize(
    ("states", "state", "ended", "failed"),
    [
        (("SUCCESS", "STARTED", "PENDING"), "waiting", 1, ()),
        (("SUCCESS", "SUCCESS", "SUCCESS"), "due", 3, ()),
        (("SUCCESS", "FAILURE", "STARTED"), "blocked", 2, ("part1",)),
        (("REVOKED", "FAILURE", "SUCCESS"), "blocked", 3, ("part0", "part1")),
        (("SUCCESS", "SUCCESS", "UNKNOWN"), "waiting", 3, ()),
    ],
)
def test_the_body_of_a_chord_waits_for_all_of_its_group(
    states: tuple[str, ...], state: str, ended: int, failed: tuple[str, ...]
) -> None:
    (body,) = expected_tasks(gallery(*states).tasks)

    assert (body.uuid, body.name, body.kind) == ("whole", "shop.whole", "chord")
    assert (body.state, body.ended, body.members) == (state, ended, 3)
    assert body.failed == failed


def test_a_body_that_came_is_not_expected() -> None:
    tasks = (*gallery("SUCCESS", "SUCCESS").tasks, life("whole", 9.0, parent_id="part1"))

    assert expected_tasks(tasks) == []


CHAIN = (("b", "shop.b"), ("c", "shop.c"), ("d", ""))


@pytest.mark.parametrize(
    ("state", "states"),
    [
        ("STARTED", ["waiting", "waiting", "waiting"]),
        ("SUCCESS", ["due", "waiting", "waiting"]),
        ("FAILURE", ["blocked", "blocked", "blocked"]),
        ("REJECTED", ["blocked", "blocked", "blocked"]),
    ],
)
def test_links_of_a_chain_follow_one_another(state: str, states: list[str]) -> None:
    found = expected_tasks([life("a", 0.0, state, chain=CHAIN)])

    assert [(each.uuid, each.after) for each in found] == [("b", "a"), ("c", "b"), ("d", "c")]
    assert [each.state for each in found] == states
    assert {each.failed for each in found} == ({("a",)} if "blocked" in states else {()})
    assert found[2].name is None


def test_each_link_that_came_tells_of_those_after_it() -> None:
    tasks = [
        life("a", 0.0, chain=CHAIN),
        life("b", 5.0, "FAILURE", parent_id="a", chain=CHAIN[1:]),
    ]

    found = expected_tasks(tasks)

    assert [(each.uuid, each.state, each.failed) for each in found] == [
        ("c", "blocked", ("b",)),
        ("d", "blocked", ("b",)),
    ]
