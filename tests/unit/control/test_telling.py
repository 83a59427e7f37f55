"""What a plan tells of names, queues and workflows before anything is sent or stopped."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.contract.stories import BASE, begun, failed, placed, succeeded, uuid_of
from tests.support.memory_cluster import MemoryResults
from tests.unit.control.scene import EU, FAILED, NOW, US, WAITING, Scene, history
from umbel.broker.base import QueuedMessage, Signature
from umbel.cluster.events import Event
from umbel.results.base import Result
from umbel.services.control.types import ActionPlan, Edit
from umbel.store.ledger import Repeat

TASK, OTHER = uuid_of(71), uuid_of(72)


def consuming(scene: Scene, **queues: list[str]) -> None:
    """Workers (`eu`, `us`) that say what they consume."""
    names = {"eu": EU, "us": US}
    scene.workers.queues = {
        names[worker]: [{"name": queue} for queue in consumed]
        for worker, consumed in queues.items()
    }


def registering(scene: Scene, *names: str) -> None:
    scene.workers.registered = {EU: [f"{name} [rate_limit=5/m]" for name in names]}


def waiting(scene: Scene, queue: str, number: int) -> None:
    scene.cluster.queues[queue] = [QueuedMessage(task_id=f"w{n}") for n in range(number)]


def told(plan: ActionPlan) -> str:
    return "\n".join(plan.consequences)


def in_shadow(uuid: str) -> list[Event]:
    """A task that its worker tells by the name that the sender chose to be shown."""
    shown = [
        msgspec.structs.replace(event, name="pay for Ada")
        if event.type == "task-received"
        else event
        for event in failed(uuid, BASE, name="shop.pay", args="(1,)")
    ]
    assert {event.name for event in shown if event.name} == {"shop.pay", "pay for Ada"}
    return shown


# -- names ---------------------------------------------------------------------------------


def test_a_task_that_is_shown_by_a_shadow_is_sent_again_by_its_true_name() -> None:
    scene = Scene(*in_shadow(TASK))
    registering(scene, "shop.pay")

    plan = scene.plan("retry", ids=[TASK])
    scene.do("retry", ids=[TASK])

    assert (
        "Events call 1 of these by another name (a shadow); it is sent by the true one: shop.pay."
        in plan.consequences
    )
    assert [sent.name for sent in scene.cluster.sent] == ["shop.pay"]


def test_the_true_name_comes_from_the_result_where_no_sent_event_was_seen() -> None:
    events = [event for event in in_shadow(TASK) if event.type != "task-sent"]
    kept = Result(
        task_id=TASK, state="FAILURE", name="shop.pay", args=[1], kwargs={}, worker=EU, queue="mail"
    )
    scene = Scene(*events, results=MemoryResults(kept))
    registering(scene, "shop.pay")

    scene.do("retry", ids=[TASK])

    assert [(sent.name, sent.args) for sent in scene.cluster.sent] == [("shop.pay", (1,))]


def test_a_result_of_a_task_that_replaced_this_one_does_not_name_it() -> None:
    kept = Result(
        task_id=FAILED, state="FAILURE", name="shop.other", args=[2], kwargs={}, worker=EU
    )
    scene = Scene(results=MemoryResults(kept))
    registering(scene, "shop.send", "shop.other")

    scene.do("retry", ids=[FAILED])

    assert [(sent.name, sent.args) for sent in scene.cluster.sent] == [("shop.send", (7, "EUR"))]


def test_a_plan_says_which_names_no_live_worker_has() -> None:
    scene = Scene()
    registering(scene, "shop.pay")

    plan = scene.plan("retry", ids=[FAILED])

    assert (
        "No live worker registers shop.send: a worker that gets this task discards it."
        in plan.consequences
    )
    registering(scene, "shop.send")
    assert "registers" not in told(scene.plan("retry", ids=[FAILED]))


def test_nothing_is_said_of_names_when_nobody_answers_but_that() -> None:
    plan = Scene().plan("retry", ids=[FAILED])

    assert "No worker said in time which tasks it has" in told(plan)
    assert "registers" not in told(plan)


# -- queues --------------------------------------------------------------------------------


def test_a_retry_into_a_queue_that_nobody_consumes_says_how_many_wait_there() -> None:
    scene = Scene()
    consuming(scene, eu=["celery"], us=["celery"])
    waiting(scene, "mail", 307)

    plan = scene.plan("retry", ids=[FAILED])

    assert (
        "Nobody consumes the queue mail (307 waiting): what is sent there waits until somebody "
        "does." in plan.consequences
    )


def test_a_retry_of_a_task_without_a_known_queue_says_where_it_goes_and_that_nobody_is_there() -> (
    None
):
    scene = Scene(*[event for event in failed(TASK, BASE) if event.type != "task-sent"])
    consuming(scene, eu=["mail"], us=["mail"])
    waiting(scene, "celery", 2)

    plan = scene.plan("retry", ids=[TASK])

    assert (
        "The queue of 1 is not known: it will be sent to celery, as the routes or the default "
        "queue that Umbel knows say. Give a queue if it belongs elsewhere." in plan.consequences
    )
    assert "Nobody consumes the queue celery (2 waiting)" in told(plan)
    to_mail = scene.plan("retry", ids=[TASK], edit=Edit(queue="mail"))
    assert "The queue of 1" not in told(to_mail)
    assert "Nobody consumes" not in told(to_mail)


def test_routes_say_where_a_task_without_a_known_queue_goes_as_far_as_they_can() -> None:
    scene = Scene(*[event for event in failed(TASK, BASE) if event.type != "task-sent"])
    consuming(scene, eu=["mail"], us=["mail"])
    scene.cluster.routes["shop.send"] = "mail"

    assert "it will be sent to mail, as the routes" in told(scene.plan("retry", ids=[TASK]))
    assert "Nobody consumes" not in told(scene.plan("retry", ids=[TASK]))

    def routeless(signature: Signature) -> str | None:
        raise IndexError(signature.name)

    scene.cluster.destination = routeless  # type: ignore[method-assign]
    assert "to where the application or its default says" in told(scene.plan("retry", ids=[TASK]))


def test_a_retry_into_a_queue_of_ones_own_is_looked_at_and_not_the_old_one() -> None:
    scene = Scene()
    consuming(scene, eu=["celery"], us=["celery"])
    registering(scene, "shop.send")

    elsewhere = scene.plan("retry", ids=[FAILED], edit=Edit(queue="celery"))

    assert "onsumes" not in told(elsewhere)


def test_a_worker_that_does_not_say_what_it_consumes_is_not_counted_as_nobody() -> None:
    scene = Scene()
    consuming(scene, eu=["celery"])

    plan = scene.plan("retry", ids=[FAILED])

    assert f"No worker that answers consumes the queue mail; {US} did not say." in told(plan)


@pytest.mark.parametrize(
    "request_",
    [
        {"action": "cancel_consumer", "queue": "reports", "workers": [EU]},
        {"action": "shutdown", "workers": [EU]},
    ],
)
def test_taking_away_the_last_consumer_of_a_queue_says_how_many_wait(
    request_: dict[str, Any],
) -> None:
    scene = Scene()
    consuming(scene, eu=["reports", "celery"], us=["celery"])
    waiting(scene, "reports", 307)

    plan = scene.plan(**request_)

    assert "Nobody else consumes reports (307 waiting)." in plan.consequences


def test_a_queue_that_others_consume_too_is_not_mentioned() -> None:
    scene = Scene()
    consuming(scene, eu=["reports"], us=["reports"])

    assert "consumes reports" not in told(
        scene.plan("cancel_consumer", queue="reports", workers=[EU])
    )
    everybody = scene.plan("cancel_consumer", queue="reports")
    assert "Nobody else consumes reports" in told(everybody)


def test_a_worker_that_does_not_consume_the_queue_which_it_is_to_leave_is_named() -> None:
    scene = Scene()
    consuming(scene, eu=["reports"], us=["celery"])

    neither = scene.plan("cancel_consumer", queue="nosuch")
    one = scene.plan("cancel_consumer", queue="reports")

    assert (
        f"{EU} and {US} do not consume the queue nosuch: nothing changes there, whatever the "
        "answer is."
    ) in neither.consequences
    assert "Nobody else consumes" not in told(neither)
    assert f"{US} does not consume the queue reports" in told(one)
    assert "Nobody else consumes reports" in told(one)


def test_purging_a_queue_that_nobody_knows_is_refused_with_the_nearest_name() -> None:
    scene = Scene()
    waiting(scene, "mial", 0)
    waiting(scene, "mail", 0)

    wrong = scene.plan("purge", queue="mial")

    assert "No queue mial is known" in (wrong.impossible or "")
    assert "Did you mean mail?" in (wrong.impossible or "")
    assert scene.plan("purge", queue="mail").impossible is None


# -- what is left behind -------------------------------------------------------------------


def test_what_belonged_to_a_workflow_is_told_to_stand_still() -> None:
    scene = Scene(*failed(TASK, BASE, args="(1,)", root=OTHER, parent=OTHER))

    plan = scene.plan("retry", ids=[TASK])

    assert "1 of these belongs to a workflow: it does not go on" in told(plan)
    assert "next steps of a chain" in told(plan)
    assert "none of them is sent again" in told(plan)


def test_what_a_worker_told_of_chord_and_chain_is_told_to_stay_behind() -> None:
    chain = ((OTHER, "shop.next"),)
    scene = Scene(*placed(failed(TASK, BASE, args="(1,)"), chord_id="b", group_id="g", chain=chain))

    plan = scene.plan("retry", ids=[TASK])

    assert "a workflow (next steps of a chain, a chord and a group)" in told(plan)
    assert "its body stays blocked, also when this succeeds" in told(plan)


@pytest.mark.parametrize(
    "events", [succeeded(TASK, BASE, args="(1,)"), begun(TASK, BASE, args="(1,)")]
)
def test_the_next_steps_of_what_waits_runs_or_succeeded_are_not_said_to_stay_undone(
    events: list[Event],
) -> None:
    scene = Scene(*placed(events, chord_id="b", group_id="g", chain=((OTHER, "shop.next"),)))

    plan = scene.plan("retry", ids=[TASK])

    assert "nothing of it follows what is sent again" in told(plan)
    assert "stay undone" not in told(plan)
    assert "stays blocked" not in told(plan)


def test_a_member_of_a_group_is_known_by_its_result() -> None:
    kept = Result(
        task_id=TASK, state="FAILURE", name="shop.send", args=[1], kwargs={}, worker=EU,
        group_id="g",
    )  # fmt: skip
    scene = Scene(*failed(TASK, BASE, args="(1,)"), results=MemoryResults(kept))

    assert "belongs to a workflow (a group)" in told(scene.plan("retry", ids=[TASK]))


def test_a_queued_message_gives_what_events_do_not_tell() -> None:
    message = QueuedMessage(
        task_id=TASK, name="shop.send", args=[1], kwargs={}, priority=7, follows=("chain", "link"),
        soft_time_limit_s=5.0, time_limit_s=9.0, headers={"tenant": "acme"}, shadow="send for Ada",
        expires="2999-01-01T00:00:00+00:00", ignore_result=True,
    )  # fmt: skip
    events = failed(TASK, BASE, args="('** 5678',)")[:1]
    scene = Scene(*events)
    scene.cluster.queues["mail"] = [message]

    plan = scene.plan("retry", ids=[TASK])
    scene.do("retry", ids=[TASK])

    (sent,) = scene.cluster.sent
    assert plan.fidelity == {"exact": 1}
    assert "1 of these belongs to a workflow that goes on with the task of before" in told(plan)
    assert "are those of the queued messages" in told(plan)
    assert "what waited for its time may begin at once" in told(plan)
    assert (sent.args, sent.priority) == ((1,), 7)
    assert (sent.soft_time_limit_s, sent.time_limit_s) == (5.0, 9.0)
    assert sent.headers == {
        "tenant": "acme", "shadow": "send for Ada", "ignore_result": True, "umbel_repeats": TASK,
    }  # fmt: skip
    assert sent.expires is not None
    assert sent.expires > NOW


def test_masked_arguments_are_asked_for() -> None:
    scene = Scene(*failed(TASK, BASE, args="()", kwargs="{'card': '**** 5678'}"))

    plan = scene.plan("retry", ids=[TASK])
    given = scene.plan("retry", ids=[TASK], edit=Edit(kwargs={"card": "4111"}))

    assert plan.count == 0
    assert "The named arguments look masked" in next(iter(plan.skipped))
    assert "Give its arguments" in (plan.impossible or "")
    assert given.fidelity == {"edited": 1}


def test_only_those_that_are_sent_again_are_said_to_have_succeeded_or_not_ended() -> None:
    cut, whole, waits, before = (uuid_of(n) for n in range(80, 84))
    scene = Scene(
        *succeeded(cut, BASE, args="('x...',)"),
        *succeeded(whole, BASE, args="(1,)"),
        *begun(waits, BASE, args="('x...',)")[:2],
        *succeeded(before, BASE, args="(1,)"),
    )
    scene.ledger.repeat([Repeat(uuid_of(90), before, BASE, "ada")])

    searched = scene.plan("retry", q="")
    named = scene.plan("retry", ids=[cut, whole, waits, before])

    assert (searched.count, named.count) == (1, 1)
    for plan in (searched, named):
        assert "1 of these succeeded before." in plan.consequences
        assert "not ended" not in told(plan)
        assert not [each for each in plan.consequences if each.startswith(("2 ", "3 "))]


def test_nothing_is_said_of_tasks_of_which_none_is_sent_again() -> None:
    masked = succeeded(TASK, BASE, args="()", kwargs="{'card': '**** 5678'}")

    plan = Scene(*masked).plan("retry", ids=[TASK])

    assert plan.count == 0
    assert not [each for each in plan.consequences if "of these" in each]


def test_the_history_of_this_test_is_told_without_a_workflow() -> None:
    assert "workflow" not in told(Scene(*history()).plan("retry", ids=[FAILED, WAITING]))
