"""The thread that keeps queues paused, and finishes what a killed server began."""

from __future__ import annotations

import msgspec

from tests.unit.pauses.scene import CELERY, Scene
from umbel.services.pauses.pause_watch import AGAIN_AFTER_S, LEASE_S, PAUSING_S, TO_ALL_EVERY_S
from umbel.store.queue_pauses import QueuePause

PAUSE = QueuePause(queue="mail", actor="ann", at=100.0, action_id="a1")


def questions(scene: Scene) -> int:
    """How often workers were asked what they consume, since the last time."""
    found = len(scene.commands("active_queues"))
    scene.cluster.commands.clear()
    return found


def test_while_nothing_is_paused_nobody_is_asked() -> None:
    scene = Scene()
    scene.worker("w1")

    scene.watch.turn()

    assert scene.cluster.commands == []
    assert scene.ledger.lease("queue-pauses") is None


def test_a_pause_whose_server_was_killed_before_it_told_anybody_is_carried_out() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.worker("w2", CELERY)
    scene.ledger.keep_pause(PAUSE, instead_of=None)

    scene.watch.turn()

    assert scene.consumers("mail") == []
    assert [each.worker for each in scene.ledger.stopped("mail")] == ["w1"]
    [line] = scene.ledger.audit().items
    assert (line.actor, line.action) == ("umbel", "pause")
    assert line.target == "Stop w1 consuming mail, which ann paused."


def test_a_worker_that_joins_is_stopped_at_its_first_heartbeat_and_then_let_alone() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.do("pause")
    scene.wait(PAUSING_S)
    scene.watch.turn()
    scene.worker("w2")
    scene.watch.turn()
    scene.wait(AGAIN_AFTER_S)
    scene.watch.turn()
    questions(scene)

    for _ in range(5):
        scene.wait(AGAIN_AFTER_S)
        scene.watch.turn()

    assert scene.consumers("mail") == []
    assert questions(scene) == 0


def test_a_worker_that_was_restarted_is_stopped_again_and_back_at_resume() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.do("pause")
    scene.watch.turn()
    scene.wait(30)
    scene.worker("w1", pid=11).says["stats"] = {"uptime": 5}
    scene.watch.turn()
    stopped = scene.consumers("mail")
    scene.wait(30)
    scene.cluster.workers["w1"].says["stats"] = {"uptime": 35}

    scene.do("resume")

    assert stopped == []
    assert scene.consumers("mail") == ["w1"]


def test_who_does_not_answer_is_asked_again_later_and_later() -> None:
    scene = Scene()
    worker = scene.worker("w1")
    worker.is_deaf = True
    scene.ledger.keep_pause(PAUSE, instead_of=None)
    asked = []
    for _ in range(6):
        scene.watch.turn()
        asked.append(questions(scene))
        scene.wait(AGAIN_AFTER_S)

    worker.is_deaf = False
    scene.wait(TO_ALL_EVERY_S)
    scene.watch.turn()

    assert sum(asked) < 5
    assert scene.consumers("mail") == []


def test_a_worker_without_heartbeats_is_found_when_all_are_asked() -> None:
    scene = Scene()
    scene.ledger.keep_pause(PAUSE, instead_of=None)
    scene.watch.turn()
    scene.worker("mute", beats=False)
    scene.clock.time += TO_ALL_EVERY_S

    scene.watch.turn()

    assert scene.consumers("mail") == []


def test_of_two_servers_one_does_it_and_the_other_when_that_one_is_gone() -> None:
    scene = Scene()
    scene.ledger.keep_pause(PAUSE, instead_of=None)
    other = scene.another_watch()
    scene.watch.turn()
    scene.worker("w1")
    other.turn()
    left = scene.consumers("mail")
    scene.wait(LEASE_S + 1)

    other.turn()

    assert left == ["w1"]
    assert scene.consumers("mail") == []


def test_a_resume_whose_server_was_killed_is_finished() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.do("pause")
    pause = scene.ledger.pauses()["mail"]
    resuming = msgspec.structs.replace(
        pause, state="resuming", resumed=scene.clock.now(), resumed_by="bob"
    )
    scene.ledger.keep_pause(resuming, instead_of=pause)
    scene.watch.turn()
    at_once = scene.consumers("mail")
    scene.wait(60)

    scene.watch.turn()

    assert at_once == []
    assert scene.consumers("mail") == ["w1"]
    assert scene.ledger.pauses() == {}
    assert scene.ledger.audit().items[0].target == "Let w1 consume mail again, which bob resumed."


def test_who_resumes_while_a_worker_is_being_stopped_has_it_back() -> None:
    scene = Scene()
    scene.worker("w1")
    scene.ledger.keep_pause(PAUSE, instead_of=None)

    calls: list[str] = []

    def dropped(name: str) -> None:
        calls.append(name)
        if scene.ledger.stopped("mail"):
            scene.ledger.drop_pause(PAUSE)

    scene.cluster.on_call = dropped
    scene.watch.turn()

    assert calls
    assert scene.consumers("mail") == ["w1"]


def test_a_worker_without_the_queue_goes_on_as_it_is() -> None:
    scene = Scene()
    scene.worker("w1", CELERY)
    scene.ledger.keep_pause(PAUSE, instead_of=None)

    scene.watch.turn()

    assert scene.commands("cancel_consumer") == []
    assert scene.consumers("celery") == ["w1"]


def test_five_hundred_paused_queues_cost_one_question_while_nobody_comes() -> None:
    scene = Scene()
    scene.worker("w1", CELERY)
    for number in range(500):
        pause = msgspec.structs.replace(PAUSE, queue=f"q{number}", action_id=f"a{number}")
        scene.ledger.keep_pause(pause, instead_of=None)

    for _ in range(10):
        scene.watch.turn()
        scene.wait(2)

    assert questions(scene) == 1


def test_an_answer_that_is_rubbish_stops_nobody() -> None:
    scene = Scene()
    worker = scene.worker("w1")
    rubbish: list[object] = [
        None,
        1,
        {"name": 5},
        {"exchange": []},
        {"name": "mail", "exchange": 7},
    ]
    worker.says["active_queues"] = rubbish[:4]
    scene.ledger.keep_pause(PAUSE, instead_of=None)

    scene.watch.turn()

    assert scene.commands("cancel_consumer") == []


def test_a_pause_is_its_actions_while_that_is_under_way() -> None:
    scene = Scene()
    scene.worker("w1")
    young = msgspec.structs.replace(PAUSE, at=scene.clock.now())
    scene.ledger.keep_pause(young, instead_of=None)
    scene.watch.turn()
    at_once = scene.consumers("mail")
    scene.wait(PAUSING_S)

    scene.watch.turn()

    assert at_once == ["w1"]
    assert scene.consumers("mail") == []
