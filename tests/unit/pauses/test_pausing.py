"""Pausing and resuming a queue: what a person plans, does, and is answered."""

from __future__ import annotations

import pytest

from tests.unit.control.scene import BOB
from tests.unit.pauses.scene import CELERY, MAIL, Scene
from umbel.broker.base import QueuedMessage
from umbel.errors import ActionRefused, BrokerUnreachable
from umbel.services.control.types import ActionRequest


def held(queue: str) -> dict[str, object]:
    return {"id": "1", "delivery_info": {"routing_key": queue}}


def test_a_plan_says_who_is_stopped_what_waits_and_what_still_runs() -> None:
    scene = Scene()
    scene.cluster.queues["mail"] = [QueuedMessage(task_id=str(n)) for n in range(307)]
    for name in ("w1", "w2"):
        worker = scene.worker(name)
        worker.says |= {"active": [held("mail")], "reserved": [held("mail"), held("celery")],
                        "scheduled": [{"eta": 1, "request": held("mail")}]}  # fmt: skip
    scene.worker("w3", CELERY)

    plan = scene.plan("pause")

    assert plan.sentence == (
        "Pause the queue mail: stop 2 workers consuming it; 307 messages wait there."
    )
    assert (plan.count, plan.workers, plan.confirm) == (2, ("w1", "w2"), None)
    assert plan.consequences[0] == (
        "What workers have fetched already still runs: 2 run now, 2 wait in workers, 2 are for "
        "later."
    )


def test_a_plan_names_the_workers_that_did_not_say_what_they_consume() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.worker("busy").is_deaf = True
    scene.cluster.consumers["mail"] = 3

    consequences = " ".join(scene.plan("pause").consequences)

    assert "busy did not say what it consumes, and may go on" in consequences
    assert "The broker counts 2 consumers more than these workers." in consequences


def test_a_paused_queue_is_consumed_by_nobody_and_others_go_on() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.worker("w2")

    report = scene.do("pause", reason="SMTP is down")

    assert (report.state, [each.outcome for each in report.workers]) == ("done", ["ok", "ok"])
    assert report.sentence == "mail is paused. 2 of 2 workers stopped consuming it."
    assert scene.consumers("mail") == []
    assert scene.consumers("celery") == ["w1", "w2"]
    pause = scene.ledger.pauses()["mail"]
    assert (pause.actor, pause.reason, pause.action_id) == ("ada", "SMTP is down", report.id)


def test_it_is_resumed_as_it_was_consumed() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.worker("w2", CELERY)
    scene.do("pause")

    report = scene.do("resume")

    assert report.sentence == "mail is paused no more. 1 of 1 worker consumes it again."
    assert scene.consumers("mail") == ["w1"]
    assert scene.ledger.pauses() == {}
    [(arguments, workers)] = scene.commands("add_consumer")
    assert workers == ("w1",)
    assert arguments == {
        "queue": "mail", "exchange": "mail", "exchange_type": "topic", "exchange_durable": True,
        "exchange_auto_delete": False, "routing_key": "mail.#", "queue_durable": True,
        "queue_arguments": {"x-max-priority": 5}, "no_ack": False,
    }  # fmt: skip


def test_a_queue_that_is_paused_says_since_when_and_by_whom() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.do("pause", reason="SMTP\nis down")

    plan = scene.plan("pause")

    assert plan.impossible is not None
    assert "mail is paused by ada since" in plan.impossible
    assert "UTC (SMTP is down) already" in plan.impossible
    with pytest.raises(ActionRefused, match="paused by ada"):
        scene.control.execute(plan.id, BOB)


def test_of_two_clicks_one_pauses_and_the_other_is_told_who_did() -> None:
    scene = Scene()
    scene.worker("w1")
    first, second = scene.plan("pause"), scene.plan("pause")

    scene.control.execute(first.id, BOB)
    scene.control.wait(first.id, 10)
    scene.control.execute(second.id, BOB)
    report = scene.control.wait(second.id, 10)

    assert report.state == "failed"
    assert "mail is paused by bob since" in report.sentence
    assert scene.ledger.pauses()["mail"].action_id == first.id
    assert scene.consumers("mail") == []


def test_only_what_is_paused_is_resumed_and_once() -> None:
    scene = Scene()
    scene.worker("w1")
    impossible = scene.plan("resume").impossible
    scene.do("pause")
    first, second = scene.plan("resume"), scene.plan("resume")

    scene.control.execute(first.id, BOB)
    scene.control.wait(first.id, 10)
    scene.control.execute(second.id, BOB)
    report = scene.control.wait(second.id, 10)

    assert impossible is not None
    assert "mail is not paused here" in impossible
    assert report.state == "failed"
    assert "mail is not paused here" in report.sentence
    assert scene.consumers("mail") == ["w1"]


def test_a_queue_that_nobody_knows_is_not_paused() -> None:
    scene = Scene()
    scene.worker("w1")

    plan = scene.plan("pause", queue="mial")

    assert plan.impossible is not None
    assert "No queue mial is known" in plan.impossible
    assert "Did you mean mail?" in plan.impossible


def test_a_broker_that_carries_no_commands_says_so() -> None:
    scene = Scene()
    scene.cluster.missing["control"] = "SQS has no remote control."

    assert scene.plan("pause").impossible == "SQS has no remote control."


def test_a_worker_that_has_been_busy_for_so_long_that_it_is_silent_is_told_all_the_same() -> None:
    """A solo pool sends no heartbeats while it runs a task, and hears afterwards."""
    scene = Scene()
    busy = scene.worker("busy")
    scene.inspection.inspect("active_queues")
    busy.is_deaf = True
    scene.clock.time += 60
    scene.worker("w1")

    report = scene.do("pause")

    assert {each.worker: each.outcome for each in report.workers} == {"w1": "ok", "busy": "unknown"}
    assert ({"queue": "mail"}, ("busy",)) in scene.commands("cancel_consumer")


def test_a_worker_that_does_not_answer_is_named_and_a_busy_one_is_told_all_the_same() -> None:
    scene = Scene()
    scene.worker("w1")
    busy = scene.worker("busy")
    scene.worker("dumb").is_deaf = True
    scene.inspection.inspect("active_queues")
    busy.is_deaf = True

    report = scene.do("pause")

    assert {each.worker: each.outcome for each in report.workers} == {
        "w1": "ok", "busy": "unknown", "dumb": "unknown",
    }  # fmt: skip
    assert "busy and dumb did not confirm it, and are asked again." in report.sentence
    assert ({"queue": "mail"}, ("busy",)) in scene.commands("cancel_consumer")
    assert [each.worker for each in scene.ledger.stopped("mail")] == ["busy", "w1"]


def test_a_worker_that_refuses_is_told_in_its_own_words() -> None:
    scene = Scene()
    scene.worker("w1").refuses["cancel_consumer"] = "KeyError('mail')"

    report = scene.do("pause")

    assert [(e.outcome, e.answer) for e in report.workers] == [("refused", "KeyError('mail')")]
    assert "w1 refused." in report.sentence


def test_workers_that_left_are_absent_and_nobody_is_said_to_consume_it() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.do("pause")
    del scene.cluster.workers["w1"]
    scene.clock.time += 3_700

    report = scene.do("resume")

    assert report.state == "done"
    assert report.workers == ()
    assert "w1 is gone." in report.sentence
    assert any("Nobody consumes mail now" in note for note in report.notes)
    assert scene.ledger.pauses() == {}


def test_a_worker_that_was_started_anew_comes_back_by_its_own_queues() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.do("pause")
    scene.wait(600)
    scene.worker("w1", CELERY).says["stats"] = {"uptime": 60}

    report = scene.do("resume")

    assert scene.commands("add_consumer") == []
    assert scene.consumers("mail") == []
    assert [each.outcome for each in report.workers] == ["ok"]
    assert any("Nobody consumes mail now" in note for note in report.notes)


def test_a_worker_that_is_busy_at_resume_is_not_forgotten() -> None:
    scene = Scene()
    worker = scene.worker("w1")
    scene.do("pause")
    worker.is_deaf = True

    report = scene.do("resume")

    assert [each.outcome for each in report.workers] == ["unknown"]
    assert scene.ledger.pauses()["mail"].state == "resuming"
    worker.is_deaf = False
    scene.wait(60)
    scene.watch.turn()
    assert scene.consumers("mail") == ["w1"]
    assert scene.ledger.pauses() == {}


def test_a_queue_is_paused_again_before_all_its_workers_were_back() -> None:
    scene = Scene()
    worker = scene.worker("w1")
    scene.do("pause")
    worker.is_deaf = True
    scene.do("resume")
    worker.is_deaf = False

    scene.do("pause", actor=BOB)

    assert scene.ledger.pauses()["mail"].actor == "bob"
    assert [each.worker for each in scene.ledger.stopped("mail")] == ["w1"]
    scene.do("resume")
    assert scene.consumers("mail") == ["w1"]


@pytest.mark.parametrize("unsure", [0, 1])  # whether workers may have been told
def test_a_broker_that_goes_away_leaves_the_intent_which_is_carried_out_later(unsure: int) -> None:
    scene = Scene()
    scene.worker("w1")
    plan = scene.plan("pause")
    is_away = True

    def called(name: str) -> None:
        if is_away and name != "depths":
            error = BrokerUnreachable("The broker at memory:// does not answer.")
            error.unsure = unsure
            raise error

    scene.cluster.on_call = called
    scene.control.execute(plan.id, BOB)
    report = scene.control.wait(plan.id, 20)
    is_away = False
    scene.wait(60)
    scene.watch.turn()

    assert report.state == "failed"
    assert report.sentence.startswith("mail is paused. It went no further:")
    assert scene.consumers("mail") == []


def test_a_worker_is_not_let_consume_a_paused_queue() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.do("pause")

    plan = scene.plan("add_consumer", workers=["w1"])

    assert plan.impossible is not None
    assert "Resume the queue instead." in plan.impossible


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_workers_are_not_chosen_for_a_queue(action: str) -> None:
    scene = Scene()

    with pytest.raises(ActionRefused, match="means nothing"):
        scene.plan(action, workers=["w1"])
    with pytest.raises(ActionRefused, match="needs `queue`"):
        scene.control.plan(ActionRequest(action=action), BOB)  # type: ignore[arg-type]


def test_both_stand_in_the_audit_with_who_and_why() -> None:
    scene = Scene()
    scene.worker("w1", MAIL)
    scene.do("pause", reason="SMTP is down")
    scene.do("resume")

    lines = scene.ledger.audit().items[::-1]

    assert [(e.actor, e.action, e.outcome) for e in lines] == [
        ("ada", "pause", None), ("ada", "pause", "done"),
        ("ada", "resume", None), ("ada", "resume", "done"),
    ]  # fmt: skip
    assert lines[0].reason == "SMTP is down"
