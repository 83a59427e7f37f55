"""Groups and chords by all who tell of them: workers, the result backend, and waiting messages."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec.structs import replace

from tests.unit.workflows.lives import gallery, life
from umbel.broker.base import QueuedMessage
from umbel.results.base import KeptGroup, SentGroup, TaskCanvas
from umbel.services.workflows.canvas_facts import Canvas, joined
from umbel.services.workflows.canvas_groups import WaitingTask, no_facts
from umbel.services.workflows.summary import workflow_state
from umbel.store.workflows import WorkflowTask


def canvas(*tasks: TaskCanvas) -> dict[str, TaskCanvas]:
    return {task.task_id: task for task in tasks}


def sent(*groups: SentGroup, by: str = "root") -> TaskCanvas:
    return TaskCanvas(task_id=by, state="SUCCESS", sent=groups)


def join(*tasks: WorkflowTask, **facts: Any) -> Canvas:
    return joined(tasks, replace(no_facts(100.0), **facts))


def waiting(uuid: str, **more: Any) -> WaitingTask:
    return WaitingTask("mail", QueuedMessage(task_id=uuid, name=f"shop.{uuid}", **more))


ROOT = life("root", 0.0, root_id=None)


def test_what_workers_tell_stays_as_it_is() -> None:
    tasks = gallery("SUCCESS", "STARTED").tasks

    found = joined(tasks, no_facts(9.0))

    assert found.tasks == tasks
    assert found.sources == {"part0": "worker", "part1": "worker"}
    assert [(each.uuid, each.state, each.source) for each in found.expected] == [
        ("whole", "waiting", "worker")
    ]


def test_members_that_were_never_seen_are_expected_by_the_word_of_the_result_backend() -> None:
    seen = life("a", 2.0, parent_id="root")
    tasks = canvas(sent(SentGroup("g", ("a", "b", "c"))), TaskCanvas(task_id="b", state="FAILURE"))

    found = join(ROOT, seen, tasks=tasks)

    assert [(t.uuid, t.group_id) for t in found.tasks] == [("root", None), ("a", "g")]
    assert found.sources == {"a": "results", "b": "results", "c": "results"}
    assert [(e.uuid, e.kind, e.state, e.after, e.result_state) for e in found.expected] == [
        ("b", "member", "ended", "root", "FAILURE"),
        ("c", "member", "due", "root", None),
    ]
    (group,) = found.groups
    assert (group.members, group.seen, group.is_whole, group.body_id) == (3, 1, True, None)


def test_a_chord_waits_while_parts_that_were_not_seen_have_not_returned() -> None:
    parts = [life(f"p{number}", 2.0, parent_id="root") for number in range(2)]
    group = SentGroup("g", ("p0", "p1", "p2"), "body")
    kept = {"g": KeptGroup(group_id="g", size=3, returned=2)}

    found = join(ROOT, *parts, tasks=canvas(sent(group)), groups=kept)

    assert {task.chord_id for task in found.tasks[1:]} == {"body"}
    body = found.expected[-1]
    assert (body.uuid, body.state, body.members, body.returned) == ("body", "waiting", 3, 2)
    assert body.source == "results"
    assert workflow_state(Counter(SUCCESS=3), found.expected) == "running"


def test_a_body_is_known_by_its_parent_in_the_same_group_and_is_no_member() -> None:
    tasks = [
        ROOT,
        life("a", 1.0, parent_id="root"),
        life("body", 5.0, parent_id="a"),
    ]
    told = canvas(
        TaskCanvas(task_id="a", state="SUCCESS", group_id="g", parent_id="root"),
        TaskCanvas(task_id="body", state="SUCCESS", group_id="g", parent_id="a"),
    )

    found = join(*tasks, tasks=told)

    assert [(t.uuid, t.group_id, t.chord_id) for t in found.tasks] == [
        ("root", None, None), ("a", "g", "body"), ("body", None, None),
    ]  # fmt: skip
    assert found.expected == ()


def test_a_chord_in_a_chord_has_a_body_that_is_a_member() -> None:
    outer = SentGroup("outer", ("inner-body", "c"), "outer-body")
    inner = SentGroup("inner", ("a", "b"), "inner-body")
    parts = [life(uuid, 2.0, parent_id="root") for uuid in ("a", "b", "c")]

    found = join(ROOT, *parts, tasks=canvas(sent(outer, inner)))

    assert {t.uuid: t.chord_id for t in found.tasks} == {
        "root": None, "a": "inner-body", "b": "inner-body", "c": "outer-body",
    }  # fmt: skip
    expected = {each.uuid: each for each in found.expected}
    assert expected["outer-body"].state == "waiting"
    assert {group.group_id: group.body_id for group in found.groups} == {
        "outer": "outer-body", "inner": "inner-body",
    }  # fmt: skip


def test_waiting_messages_tell_who_waits_and_what_follows() -> None:
    queued = [
        waiting("b", group_id="g", chord_id="body", chord_name="shop.total", root_id="root",
                parent_id="root"),
        waiting("step", root_id="root", parent_id="root", chain=(("last", "shop.last"),)),
    ]  # fmt: skip

    found = join(ROOT, waiting=tuple(queued))

    assert sorted((e.uuid, e.name, e.kind, e.state, e.source) for e in found.expected) == [
        ("b", "shop.b", "member", "queued", "message"),
        ("body", "shop.total", "chord", "waiting", "message"),
        ("last", "shop.last", "chain", "waiting", "message"),
        ("step", "shop.step", "task", "queued", "message"),
    ]
    assert {e.queue for e in found.expected} == {"mail", None}


def test_a_part_that_failed_without_an_event_blocks_the_body() -> None:
    tasks = canvas(
        sent(SentGroup("g", ("a", "b"), "body")), TaskCanvas(task_id="b", state="FAILURE")
    )

    found = join(ROOT, life("a", 2.0, parent_id="root"), tasks=tasks)

    body = found.expected[-1]
    assert (body.uuid, body.state, body.failed) == ("body", "blocked", ("b",))


def test_groups_that_contain_themselves_do_no_harm() -> None:
    loop = SentGroup("g", ("root", "g", "a"), "a")

    found = join(ROOT, life("a", 2.0, parent_id="a"), tasks=canvas(sent(loop)))

    assert {task.uuid for task in found.tasks} == {"root", "a"}
    assert len(found.groups) == 1


def test_a_member_that_was_retried_or_replaced_is_its_own_parent_and_no_body() -> None:
    told = canvas(
        TaskCanvas(task_id="a", state="SUCCESS", group_id="g", parent_id="a"),
        TaskCanvas(task_id="b", state="SUCCESS", group_id="g", parent_id="root"),
    )
    parts = [life("a", 1.0, parent_id="a"), life("b", 2.0, parent_id="root")]

    found = join(ROOT, *parts, tasks=told)

    (group,) = found.groups
    assert (group.members, group.body_id) == (2, None)


def test_a_group_in_a_group_keeps_its_own_members() -> None:
    outer, inner = SentGroup("outer", ("a",)), SentGroup("inner", ("b", "c"))

    found = join(ROOT, life("a", 1.0, parent_id="root"), tasks=canvas(sent(outer, inner)))

    assert {e.uuid: e.group_id for e in found.expected} == {"b": "inner", "c": "inner"}
    assert [group.members for group in found.groups] == [1, 2]


def test_ten_thousand_members_are_joined_in_a_moment() -> None:
    group = SentGroup("g", tuple(f"m{number}" for number in range(10_000)), "body")
    seen = [life(f"m{number}", 2.0, parent_id="root") for number in range(9_000)]

    found = join(ROOT, *seen, tasks=canvas(sent(group)))

    assert len(found.tasks) == 9_001
    assert len(found.expected) == 1_001
    assert found.expected[-1].members == 10_000


def test_parents_in_a_ring_end() -> None:
    ring = [life("a", 1.0, parent_id="b"), life("b", 2.0, parent_id="a")]
    told = canvas(
        TaskCanvas(task_id="a", state="SUCCESS", group_id="g", parent_id="b"),
        TaskCanvas(task_id="b", state="SUCCESS", group_id="g", parent_id="a"),
    )

    found = join(*ring, tasks=told)

    assert {task.uuid for task in found.tasks} == {"a", "b"}
