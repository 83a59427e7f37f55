"""What somebody plans and does who may act on tasks of some names or queues alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.stories import BASE, begun, failed, succeeded, uuid_of
from tests.support.memory_cluster import MemoryResults
from tests.unit.control.scene import ADA, Scene
from umbel.auth.base import GRANTS, Actor
from umbel.auth.grants import Grant
from umbel.broker.base import QueuedMessage
from umbel.cluster.events import Event
from umbel.errors import NotPermitted
from umbel.services.control.task_sender import Apply
from umbel.services.control.types import ActionPlan, ActionReport, ActionRequest, Edit

PAID, WAITS, OTHER, SLOW, ENDED, UPPER = map(uuid_of, range(1, 7))
UNHEARD = uuid_of(99)
ALL = [PAID, WAITS, OTHER, SLOW, ENDED, UPPER, UNHEARD]
ALONE = "Not permitted: otto may act on tasks billing.* alone."


def bounded(*grants: Grant, name: str = "otto") -> Actor:
    permissions = GRANTS["viewer"]
    return Actor(name=name, address="x", via="api", permissions=permissions, bounded=grants)


BILLING = Grant(role="operator", name="billing.*", because='rule 2: groups has "billing"')
OTTO = bounded(BILLING)
IN_SLOW = bounded(Grant(role="operator", queue="slow"))


def history() -> list[Event]:
    """Of billing one failed, one waits, and one ended; two of the shop wait, one of them in the
    queue `slow`, as does one whose name differs from billing's by a capital letter."""
    return [
        *failed(PAID, BASE, name="billing.pay", args="(7,)"),
        *begun(WAITS, BASE + 1, name="billing.pay")[:2],
        *begun(OTHER, BASE + 2, name="shop.pack")[:2],
        *begun(SLOW, BASE + 3, name="shop.pack", queue="slow")[:2],
        *succeeded(ENDED, BASE + 4, name="billing.sum"),
        *begun(UPPER, BASE + 5, name="Billing.pay")[:2],
    ]


@pytest.fixture
def scene() -> Scene:
    return Scene(*history(), results=MemoryResults())


def plan(scene: Scene, actor: Actor, action: Any, **request: Any) -> ActionPlan:
    return scene.control.plan(ActionRequest(action=action, **request), actor)


def do(scene: Scene, actor: Actor, action: Any, **request: Any) -> ActionReport:
    planned = plan(scene, actor, action, **request)
    scene.control.execute(planned.id, actor, planned.confirm)
    return scene.control.wait(planned.id, 10.0)


def sent(scene: Scene) -> list[tuple[str, str | None]]:
    return [(each.name, each.queue) for each in scene.cluster.sent]


# -- plans -------------------------------------------------------------------------------------


def test_a_plan_says_how_many_of_the_chosen_ids_are_left_out_and_why(scene: Scene) -> None:
    made = plan(scene, OTTO, "revoke", ids=ALL)

    assert made.count == 1
    assert made.skipped == {ALONE: 4, "These have ended already.": 2}
    assert made.by_state == {"FAILURE": 1, "RECEIVED": 1, "SUCCESS": 1}
    assert made.sentence == "Revoke 1 task: billing.pay."
    assert made.bounds == (Grant(role="operator", name="billing.*"),)


def test_a_plan_says_how_many_that_a_search_finds_are_left_out_and_why(scene: Scene) -> None:
    made = plan(scene, OTTO, "revoke", q="")

    assert made.count == 1
    assert made.skipped == {ALONE: 3, "These have ended already.": 2}
    assert made.complete


@pytest.mark.parametrize("chosen", [{"ids": ALL}, {"q": ""}])
def test_the_sample_marks_those_that_are_left_out(scene: Scene, chosen: dict[str, Any]) -> None:
    made = plan(scene, OTTO, "revoke", **chosen)

    whys = {each.uuid: each.why for each in made.sample}
    assert made.sample[0].uuid == WAITS
    assert whys[WAITS] is None
    assert whys[OTHER] == whys[SLOW] == whys[UPPER] == ALONE


def test_a_plan_of_nothing_that_one_may_act_on_is_impossible_and_audited(scene: Scene) -> None:
    made = plan(scene, OTTO, "terminate", ids=[OTHER])

    assert made.count == 0
    assert made.impossible == f"There is nothing left to do. {ALONE}"
    [line] = scene.audit()
    assert (line.actor, line.outcome, line.answer) == ("otto", "refused", ALONE)


def test_whoever_may_act_on_everything_has_no_bounds(scene: Scene) -> None:
    made = plan(scene, ADA, "revoke", ids=ALL)

    assert made.bounds is None
    assert made.count == 5
    assert made.skipped == {"These have ended already.": 2}


def test_a_queue_bounds_too_and_a_queue_that_is_not_known_is_not_in_it(scene: Scene) -> None:
    received_alone = begun(uuid_of(8), BASE, name="shop.pack")[1:2]
    scene.store.apply(received_alone)

    made = plan(scene, IN_SLOW, "revoke", q="")

    assert made.count == 1
    assert made.sample[0].uuid == SLOW


def test_several_grants_add_up(scene: Scene) -> None:
    both = bounded(BILLING, Grant(role="operator", queue="slow"))

    made = plan(scene, both, "revoke", q="")

    assert made.count == 2
    sentence = "Not permitted: otto may act on tasks billing.* and tasks in the queue slow alone."
    assert made.skipped[sentence] == 2


def test_many_that_are_found_are_counted_within_the_bounds(scene: Scene) -> None:
    names = {number: "shop.x" if number % 7 else "billing.x" for number in range(100, 1_500)}
    lives = [begun(uuid_of(number), BASE, name=name)[:2] for number, name in names.items()]
    scene.store.apply([event for life in lives for event in life])

    made = plan(scene, OTTO, "revoke", q="name:*.x")

    assert made.count == 200
    assert made.skipped == {ALONE: 1_200}
    assert made.confirm == 200


# -- runs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", [{"ids": ALL}, {"q": ""}])
@pytest.mark.parametrize("action", ["revoke", "terminate", "abort"])
def test_a_run_touches_what_one_may_act_on_alone(
    scene: Scene, action: str, chosen: dict[str, Any]
) -> None:
    report = do(scene, OTTO, action, **chosen)

    assert report.state == "done"
    assert report.done == 1
    assert {*scene.ledger.intents(ALL)} == {WAITS}
    told = {uuid for command in scene.told() for uuid in command.arguments["task_id"]}
    assert told == ({WAITS} if action != "abort" else set())


def test_a_run_looks_at_each_task_again_before_it_touches_it(scene: Scene) -> None:
    nameless = uuid_of(8)
    scene.store.apply(begun(nameless, BASE, name="billing.pay")[1:2])
    made = plan(scene, OTTO, "revoke", ids=[WAITS, nameless])
    assert made.count == 2
    renamed = begun(nameless, BASE + 9, name="shop.pack")[1]
    scene.store.apply([renamed])

    scene.control.execute(made.id, OTTO)
    report = scene.control.wait(made.id, 10.0)

    assert {*scene.ledger.intents([WAITS, nameless])} == {WAITS}
    assert report.left_out == {ALONE: 1}


# -- who executes and cancels ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("grant", "may"),
    [
        (Grant(role="operator", name="billing.*"), True),
        (Grant(role="admin", name="bill*"), True),
        (Grant(role="operator", name="*"), True),
        (Grant(role="operator", name="billing.p?y"), False),
        (Grant(role="operator", name="billing.?"), False),
        (Grant(role="operator", name="billing.*", queue="mail"), False),
        (Grant(role="operator", queue="*"), False),
    ],
)
def test_a_bounded_plan_is_executed_by_those_whose_bounds_contain_its_own(
    scene: Scene, grant: Grant, may: bool
) -> None:
    made = plan(scene, OTTO, "revoke", ids=ALL)
    other = bounded(grant, name="bob")

    if may:
        scene.control.execute(made.id, other)
        scene.control.wait(made.id, 10.0)
        assert {*scene.ledger.intents(ALL)} == {WAITS}
    else:
        with pytest.raises(NotPermitted, match="bob may not execute this plan: otto made it for"):
            scene.control.execute(made.id, other)


def test_whoever_may_do_everything_executes_a_bounded_plan_within_its_bounds(scene: Scene) -> None:
    made = plan(scene, OTTO, "revoke", q="")

    scene.control.execute(made.id, ADA)
    scene.control.wait(made.id, 10.0)

    assert {*scene.ledger.intents(ALL)} == {WAITS}


def test_a_plan_for_everything_is_not_executed_by_somebody_with_bounds(scene: Scene) -> None:
    made = plan(scene, ADA, "revoke", q="name:billing.*")

    with pytest.raises(NotPermitted, match="ada made it for everything, and otto may act on tasks"):
        scene.control.execute(made.id, OTTO)

    assert scene.ledger.intents(ALL) == {}


def test_a_plan_is_not_executed_by_its_maker_whose_bounds_were_narrowed(scene: Scene) -> None:
    made = plan(scene, OTTO, "revoke", ids=ALL)
    narrowed = bounded(Grant(role="operator", name="billing.sum"))

    with pytest.raises(NotPermitted):
        scene.control.execute(made.id, narrowed)


def test_somebody_with_bounds_withdraws_their_own_plans_and_not_those_of_others(
    scene: Scene,
) -> None:
    own, others = plan(scene, OTTO, "revoke", q=""), plan(scene, ADA, "revoke", q="")

    assert scene.control.cancel(own.id, OTTO).state == "cancelled"
    with pytest.raises(NotPermitted, match="otto may not cancel this: that is about an action of"):
        scene.control.cancel(others.id, OTTO)
    with pytest.raises(NotPermitted):
        scene.control.cancel(own.id, Actor(name="otto", address="", via="api",
                                           permissions=GRANTS["viewer"]))  # fmt: skip
    assert scene.control.action(others.id).report.state == "planned"


# -- sending again -----------------------------------------------------------------------------


def test_a_retry_sends_what_one_may_act_on(scene: Scene) -> None:
    report = do(scene, OTTO, "retry", q="state:FAILURE")

    assert sent(scene) == [("billing.pay", "mail")]
    assert report.state == "done"


def test_an_edited_queue_must_be_covered_as_well(scene: Scene) -> None:
    grant = Grant(role="operator", name="billing.*", queue="m*")
    otto = bounded(grant, Grant(role="operator", name="billing.*", queue="urgent"))

    refused = plan(scene, otto, "retry", ids=[PAID], edit=Edit(args=[7], queue="slow"))
    report = do(scene, otto, "retry", ids=[PAID], edit=Edit(args=[7], queue="urgent"))

    [why] = refused.skipped
    assert refused.impossible == f"There is nothing left to do. {why}"
    assert why.startswith("Not permitted: otto may not send billing.pay to the queue slow")
    assert report.state == "done"
    assert sent(scene) == [("billing.pay", "urgent")]


def test_a_task_that_is_shown_by_another_name_is_not_sent_by_its_true_one() -> None:
    task = uuid_of(1)
    scene = Scene(*begun(task, BASE, name="billing.pay")[:1])
    message = QueuedMessage(task_id=task, name="admin.drop", args=[], kwargs={})
    scene.cluster.queues["mail"] = [message]

    made = plan(scene, OTTO, "retry", ids=[task])
    run = scene.control.plan(ActionRequest(action="retry", q=""), OTTO)

    [why] = made.skipped
    assert why.startswith("Not permitted: otto may not send admin.drop")
    assert run.count == 0


def test_tasks_of_celerys_own_are_not_sent_again_as_they_send_others() -> None:
    group = uuid_of(1)
    scene = Scene(*failed(group, BASE, name="celery.chunks", queue="slow", args="(1,)"))

    made = plan(scene, IN_SLOW, "retry", ids=[group])

    assert made.impossible is not None
    assert "Celery's own tasks" in made.impossible


def test_copies_of_a_message_go_nowhere_else() -> None:
    task = uuid_of(1)
    scene = Scene(*begun(task, BASE, queue="slow")[:1])
    message = QueuedMessage(
        task_id=task, name="shop.send", args=[], kwargs={}, headers={"CC": ["money"]}
    )
    scene.cluster.queues["slow"] = [message]

    assert plan(scene, IN_SLOW, "retry", ids=[task]).count == 0
    by_name = bounded(Grant(role="operator", name="shop.*"))
    assert plan(scene, by_name, "retry", ids=[task]).count == 1


# -- limits, queues, workers -------------------------------------------------------------------


def test_a_limit_of_a_name_takes_a_grant_for_the_name_in_every_queue(scene: Scene) -> None:
    limits: list[dict[str, Any]] = [
        {"action": "rate_limit", "rate": "1/s"},
        {"action": "time_limit", "soft": 1.0},
    ]
    for limit in limits:
        assert plan(scene, OTTO, **limit, name="billing.pay").impossible is None
        with pytest.raises(NotPermitted, match="otto may act on tasks billing"):
            plan(scene, OTTO, **limit, name="shop.pack")
        in_queue = bounded(Grant(role="operator", name="billing.*", queue="mail"))
        with pytest.raises(NotPermitted, match=r"all tasks billing\.pay, in every queue"):
            plan(scene, in_queue, **limit, name="billing.pay")


def test_a_purge_takes_a_grant_of_an_admin_for_the_queue_whatever_the_names(scene: Scene) -> None:
    scene.cluster.queues["slow"] = []
    admin = bounded(Grant(role="admin", queue="s*"))

    assert plan(scene, admin, "purge", queue="slow").sentence.startswith("Remove 0 messages")
    for actor in (IN_SLOW, bounded(Grant(role="admin", queue="slow", name="*")), OTTO):
        with pytest.raises(NotPermitted):
            plan(scene, actor, "purge", queue="slow")
    with pytest.raises(NotPermitted, match="all tasks in the queue mail, of every name"):
        plan(scene, admin, "purge", queue="mail")


def test_what_is_done_to_workers_takes_the_role_for_everything(scene: Scene) -> None:
    everything = bounded(Grant(role="admin", name="*"), Grant(role="admin", queue="*"))
    requests: list[dict[str, Any]] = [
        {"action": "ping"}, {"action": "shutdown"}, {"action": "pool_grow"},
        {"action": "add_consumer", "queue": "slow"}, {"action": "enable_events"},
        {"action": "cancel_consumer", "queue": "slow"},
    ]  # fmt: skip
    for request in requests:
        with pytest.raises(NotPermitted, match="may act on tasks \\* and tasks in the queue"):
            plan(scene, everything, **request)


# -- sending -----------------------------------------------------------------------------------


def send(scene: Scene, actor: Actor, name: str, **options: Any) -> None:
    scene.control.apply(Apply(name=name, **options), actor)


def test_whoever_has_a_name_sends_it_to_whatever_queue(scene: Scene) -> None:
    send(scene, OTTO, "billing.pay")
    send(scene, OTTO, "billing.pay", queue="slow")
    send(scene, OTTO, "billing.pay", exchange="e", routing_key="r")

    assert sent(scene) == [("billing.pay", None), ("billing.pay", "slow"), ("billing.pay", None)]
    for name in ("shop.pack", "Billing.pay", "billing", "celery.map"):
        with pytest.raises(NotPermitted):
            send(scene, OTTO, name)


def test_whoever_has_a_queue_sends_what_goes_there_and_it_goes_there(scene: Scene) -> None:
    scene.cluster.routes["shop.pack"] = "slow"

    send(scene, IN_SLOW, "shop.pack")
    send(scene, IN_SLOW, "any.name", queue="slow")

    assert sent(scene) == [("shop.pack", "slow"), ("any.name", "slow")]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"queue": "mail"},
        {"queue": "Slow"},
        {"exchange": "", "routing_key": "slow"},
        {"exchange": "slow"},
        {"routing_key": "slow"},
        {"queue": "slow", "headers": {"CC": ["mail"]}},
        {"queue": "slow", "headers": {"BCC": ["mail"]}},
        {"queue": "slow", "task_id": OTHER},
    ],
    ids=repr,
)
def test_what_may_go_elsewhere_is_not_sent(scene: Scene, options: dict[str, Any]) -> None:
    with pytest.raises(NotPermitted, match="tasks in the queue slow"):
        send(scene, IN_SLOW, "any.name", **options)

    assert sent(scene) == []
    [line] = scene.audit()
    assert (line.actor, line.target, line.outcome) == ("otto", "send any.name", "refused")


def test_the_refusal_names_the_queue_to_which_the_application_would_send_it(scene: Scene) -> None:
    with pytest.raises(NotPermitted) as raised:
        send(scene, IN_SLOW, "any.name")

    assert "otto may not send any.name to the queue celery" in str(raised.value)
    assert "It would go to the queue celery" in str(raised.value)


@pytest.mark.parametrize("name", ["celery.map", "celery.group", "celery.chord_unlock"])
def test_celerys_own_tasks_are_sent_by_nobody_who_has_bounds(scene: Scene, name: str) -> None:
    for actor in (IN_SLOW, bounded(Grant(role="admin", name="*"))):
        with pytest.raises(NotPermitted, match="run or send others"):
            send(scene, actor, name, queue="slow")


def test_a_viewer_is_told_which_permission_sending_needs(scene: Scene) -> None:
    viewer = Actor(name="vera", address="", via="api", permissions=GRANTS["viewer"])

    with pytest.raises(NotPermitted, match="vera may not send tasks: that needs the permission to"):
        send(scene, viewer, "shop.pack")


def test_a_task_is_not_taken_over_by_sending_another_with_its_id(scene: Scene) -> None:
    """What is received last names a task in the history; so its id is nobody's to choose."""
    with pytest.raises(NotPermitted, match="may not choose the id of a task"):
        send(scene, OTTO, "billing.pay", task_id=OTHER)
