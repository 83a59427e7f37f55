"""What is told of what changed, and how much of it at most."""

from __future__ import annotations

import msgspec

from umbel.cluster.task import Task
from umbel.query.match import compile_query
from umbel.query.parse import parse
from umbel.services.live.deltas import (
    BYTES_MAX,
    ITEMS_MAX,
    LEFT_MAX,
    ChangedTask,
    Delta,
    PendingChanges,
)


def everything(_task: Task) -> bool:
    return True


def nothing(_task: Task) -> bool:
    return False


def change(
    number: int, *, state: str = "STARTED", was: str | None = None, args: str | None = None
) -> ChangedTask:
    return ChangedTask(
        Task(uuid=f"t{number}", state=state, seen=1.0, timestamp=2.0, args=args), was
    )


def taken(pending: PendingChanges, seq: int = 1) -> Delta:
    delta = pending.take(seq)
    assert delta is not None
    return delta


def uuids(delta: Delta) -> list[str]:
    return [msgspec.json.decode(row)["uuid"] for row in delta.items]


def test_nothing_changed_is_nothing_to_tell() -> None:
    assert PendingChanges().take(5) is None


def test_what_was_told_is_not_pending_any_more() -> None:
    pending = PendingChanges()
    pending.add(change(1), everything)

    assert taken(pending, seq=7).seq == 7
    assert pending.take(8) is None


def test_a_task_that_changed_twice_is_told_once_as_it_is_now() -> None:
    pending = PendingChanges()
    pending.add(change(1), everything)
    pending.add(change(2), everything)
    pending.add(change(1, state="SUCCESS"), everything)

    delta = taken(pending)

    assert uuids(delta) == ["t2", "t1"]
    assert msgspec.json.decode(delta.items[1])["state"] == "SUCCESS"


def test_new_is_what_matches_now_and_did_not_before() -> None:
    failures = compile_query(parse("state:FAILURE"), now=9.0)
    pending = PendingChanges()
    pending.add(change(1, state="FAILURE", was="STARTED"), failures)
    pending.add(change(2, state="FAILURE"), failures)
    pending.add(change(3, state="FAILURE", was="FAILURE"), failures)
    pending.add(change(4, state="SUCCESS", was="STARTED"), failures)

    delta = taken(pending)

    assert uuids(delta) == ["t1", "t2", "t3"]
    assert delta.new == ("t1", "t2")


def test_new_is_judged_by_what_was_before_all_that_is_told_at_once() -> None:
    pending = PendingChanges()
    pending.add(change(1, was=None), everything)
    pending.add(change(2, was="RECEIVED"), everything)
    pending.add(change(1, state="SUCCESS", was="STARTED"), everything)
    pending.add(change(2, state="SUCCESS", was="STARTED"), everything)

    assert taken(pending).new == ("t1",)


def test_without_left_what_does_not_match_is_nothing_to_tell() -> None:
    pending = PendingChanges(with_unmatched=False)
    pending.add(change(1), everything)
    pending.add(change(2), nothing)
    pending.add(change(1), nothing)

    assert pending.is_empty
    assert pending.take(5) is None


def test_a_task_that_no_longer_matches_has_left_and_the_other_way_round() -> None:
    pending = PendingChanges()
    pending.add(change(1), everything)
    pending.add(change(2), nothing)
    pending.add(change(1), nothing)
    pending.add(change(2), everything)

    delta = taken(pending)

    assert (uuids(delta), delta.left, delta.skipped) == (["t2"], ("t1",), 0)


def test_of_too_many_the_newest_are_told_and_the_rest_counted() -> None:
    pending = PendingChanges()
    for number in range(ITEMS_MAX + 5):
        pending.add(change(number), everything)
    for number in range(300, 300 + LEFT_MAX + 7):
        pending.add(change(number), nothing)
    pending.skip(10)

    delta = taken(pending)

    assert uuids(delta)[-1] == f"t{ITEMS_MAX + 4}"
    assert (len(delta.items), len(delta.left), delta.skipped) == (ITEMS_MAX, LEFT_MAX, 22)
    assert delta.tasks == ITEMS_MAX + LEFT_MAX + 22


def test_large_rows_are_told_up_to_a_size() -> None:
    pending = PendingChanges()
    for number in range(20):
        pending.add(change(number, args="x" * 60_000), everything)

    delta = taken(pending)

    assert sum(map(len, delta.items)) <= BYTES_MAX
    assert uuids(delta)[-1] == "t19"
    assert len(delta.items) + delta.skipped == 20
