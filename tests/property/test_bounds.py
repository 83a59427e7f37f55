"""Laws of bounds: nothing outside of a person's grants is ever touched, whatever they choose."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.contract.stories import BASE, begun, failed, uuid_of
from tests.support.examples import examples
from tests.support.memory_cluster import MemoryResults
from tests.unit.control.scene import ADA, Scene
from umbel.auth.base import GRANTS, Actor
from umbel.auth.grants import Grant
from umbel.cluster.events import Event
from umbel.errors import ActionRefused, NotPermitted
from umbel.query.globbing import glob
from umbel.services.control.bounds import TaskBounds, is_refusal
from umbel.services.control.types import ActionRequest, Edit

WORDS = st.text("aAb.", min_size=1, max_size=3)
PATTERNS = st.text("aAb.*?", min_size=1, max_size=4)
GRANTED = st.builds(
    Grant, role=st.just("operator"), name=st.none() | PATTERNS, queue=st.none() | PATTERNS
).filter(lambda grant: grant.is_bounded)
MANY = st.lists(GRANTED, min_size=1, max_size=3).map(tuple)
#: The name and queue of each task (None: no event tells it), and whether it failed.
TASKS = st.lists(st.tuples(st.none() | WORDS, st.none() | WORDS, st.booleans()), max_size=8)


def bounded(grants: tuple[Grant, ...], name: str = "otto") -> Actor:
    return Actor(
        name=name, address="", via="api", permissions=GRANTS["viewer"], bounded=grants
    )  # fmt: skip


def life(number: int, name: str | None, queue: str | None, ends: bool) -> list[Event]:
    """The events of one task, without those that would tell what is not to be known."""
    uuid = uuid_of(number)
    if name is None:
        return begun(uuid, BASE + number)[2:]
    made: Any = {"name": name, "queue": queue or "x", "args": "(1,)"}
    events = failed(uuid, BASE + number, **made) if ends else begun(uuid, BASE + number, **made)[:2]
    return events if queue is not None else events[1:]


def scene_of(tasks: list[tuple[str | None, str | None, bool]]) -> Scene:
    """A history of these tasks, numbered from 1, and one of which nothing is said but an id."""
    unheard = [begun(uuid_of(90), BASE, name="other", queue="other")]
    lives = [life(number, *task) for number, task in enumerate(tasks, 1)]
    return Scene(
        *(event for events in (*lives, *unheard) for event in events), results=MemoryResults()
    )


def touched(scene: Scene, ids: list[str]) -> set[str]:
    """The tasks that were revoked, terminated, aborted or sent again."""
    by_command = {uuid for command in scene.told() for uuid in command.arguments["task_id"]}
    again = {str(each.headers["umbel_repeats"]) for each in scene.cluster.sent}
    return by_command | {*scene.ledger.intents(ids)} | again


@settings(max_examples=examples(150))
@given(
    tasks=TASKS,
    grants=MANY,
    action=st.sampled_from(["revoke", "terminate", "abort", "retry"]),
    by_search=st.booleans(),
    queue=st.none() | WORDS,
    executor=st.none() | MANY,
)
def test_what_a_plan_and_its_run_touch_is_within_the_bounds(
    tasks: list[tuple[str | None, str | None, bool]],
    grants: tuple[Grant, ...],
    action: Any,
    by_search: bool,
    queue: str | None,
    executor: tuple[Grant, ...] | None,
) -> None:
    scene, otto = scene_of(tasks), bounded(grants)
    ids = [uuid_of(number) for number in range(1, len(tasks) + 1)] + [uuid_of(90), uuid_of(91)]
    edit = Edit(queue=queue) if action == "retry" and queue is not None else None
    chosen: Any = {"q": ""} if by_search else {"ids": ids}
    permitted = {
        uuid
        for uuid in ids
        if (task := scene.store.tasks([uuid]).get(uuid)) is not None
        and otto.may_touch("operate", task.name, task.queue)
    }

    plan = scene.control.plan(ActionRequest(action=action, edit=edit, **chosen), otto)
    by = otto if executor is None else bounded(executor, "bob")
    try:
        scene.control.execute(plan.id, by, plan.confirm)
        scene.control.wait(plan.id, 10.0)
    except (ActionRefused, NotPermitted):
        assert executor is not None or plan.count == 0

    done = touched(scene, ids)
    assert done <= permitted
    assert {each.uuid for each in plan.sample if each.why is None} <= permitted
    if plan.complete:
        left_out = sum(plan.skipped.values())
        assert plan.count + left_out == (len(ids) if not by_search else len(tasks) + 1)
    for sent in scene.cluster.sent:
        assert otto.may_touch("operate", sent.name, sent.queue)
        assert by.may_touch("operate", sent.name, sent.queue)
    if executor is None:
        assert len(done) == plan.count
    if executor is None and action != "retry":
        open_ = {each.uuid for each in scene.store.tasks(ids).values() if each.state != "FAILURE"}
        assert done == permitted & open_


@settings(max_examples=50)
@given(tasks=TASKS, grants=MANY)
def test_bounds_leave_out_what_whoever_may_do_everything_would_have_touched(
    tasks: list[tuple[str | None, str | None, bool]], grants: tuple[Grant, ...]
) -> None:
    scene = scene_of(tasks)
    request = ActionRequest(action="revoke", q="")

    whole = scene.control.plan(request, ADA)
    plan = scene.control.plan(request, bounded(grants))

    number = sum(n for why, n in plan.skipped.items() if is_refusal(why))
    assert plan.count <= whole.count
    assert plan.count + sum(plan.skipped.values()) == whole.count + sum(whole.skipped.values())
    assert (number == 0) == all(
        bounded(grants).may_touch("operate", each.name, each.queue)
        for each in scene.store.tasks(
            [*(uuid_of(n) for n in range(1, len(tasks) + 1)), uuid_of(90)]
        ).values()
    )


@settings(max_examples=examples(2_000))
@given(PATTERNS, PATTERNS, st.text("aAb.*?", max_size=6))
@example("a?", "a*", "abb")
@example("*?", "*", "")
@example("a", "?", "b")
def test_bounds_contain_no_others_of_which_something_lies_outside(
    wide: str, narrow: str, text: str
) -> None:
    outer = TaskBounds("a", (Grant(role="operator", name=wide),))
    inner = TaskBounds("b", (Grant(role="operator", name=narrow),))

    if outer.contain(inner) and glob(narrow)(text):
        assert glob(wide)(text)


@given(MANY)
def test_bounds_contain_themselves(grants: tuple[Grant, ...]) -> None:
    assert TaskBounds("a", grants).contain(TaskBounds("b", grants))
