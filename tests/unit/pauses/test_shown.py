"""A pause is shown wherever its queue is."""

from __future__ import annotations

import msgspec

from tests.contract.stories import failed, uuid_of
from tests.unit.control.scene import ADA, NOW
from tests.unit.pauses.scene import CELERY, MAIL, Scene
from umbel.broker.base import QueuedMessage
from umbel.services.cluster.queue_inspection import QueueInspection
from umbel.services.cluster.queue_list import QueueLists
from umbel.services.cluster.task_route import TaskRoutes
from umbel.services.control.types import ActionRequest, Edit
from umbel.services.pauses.paused_queues import ResumingQueue, resuming_queue
from umbel.store.memory_samples import MemorySamples
from umbel.store.queue_pauses import QueuePause, StoppedConsumer

PAUSE = QueuePause(queue="mail", actor="ann", at=100.0, action_id="a1", reason="SMTP is down")


def inspected(scene: Scene) -> QueueInspection:
    return QueueInspection(
        scene.store, scene.cluster, scene.inspection, scene.clock, ledger=scene.ledger
    )


def test_the_list_says_who_paused_a_queue_and_does_not_call_it_the_worst() -> None:
    scene = Scene()
    scene.worker("w1", CELERY)
    scene.cluster.queues = {"mail": [QueuedMessage(task_id="a")] * 9, "lost": [], "celery": []}
    scene.cluster.queues["lost"] = [QueuedMessage(task_id="a")]
    scene.cluster.configured = ("lost",)
    scene.ledger.keep_pause(PAUSE, instead_of=None)

    lists = QueueLists(scene.store, MemorySamples(), inspected(scene), scene.clock)
    rows = {row.name: row.paused for row in lists.list().items}

    assert [*rows] == ["lost", "mail", "celery"]
    assert rows["celery"] is None
    assert rows["mail"] is not None
    assert msgspec.structs.astuple(rows["mail"]) == ("ann", 100.0, "SMTP is down")


def test_a_resumed_queue_is_paused_no_more_though_not_all_its_workers_are_back() -> None:
    scene = Scene()
    scene.ledger.keep_pause(
        msgspec.structs.replace(PAUSE, state="resuming", resumed=200.0), instead_of=None
    )

    assert all(row.paused is None for row in inspected(scene).all().items)
    assert resuming_queue(scene.ledger, "mail") is None


def test_a_queue_that_waits_for_a_worker_after_its_pause_says_for_which() -> None:
    scene = Scene()
    pause = msgspec.structs.replace(PAUSE, state="resuming", resumed=200.0, resumed_by="bob")
    scene.ledger.keep_pause(pause, instead_of=None)
    scene.ledger.keep_stopped(pause, [StoppedConsumer(worker="w1", at=150.0)])

    found = resuming_queue(scene.ledger, "mail")

    assert found == ResumingQueue(by="bob", since=200.0, workers=("w1",))


def test_five_hundred_paused_queues_are_listed_each_with_its_pause() -> None:
    scene = Scene()
    for number in range(500):
        scene.ledger.keep_pause(
            msgspec.structs.replace(PAUSE, queue=f"q{number:03}"), instead_of=None
        )

    rows = inspected(scene).all().items

    assert len([row for row in rows if row.paused is not None]) == 500


def test_a_route_says_that_its_task_would_wait() -> None:
    scene = Scene()
    scene.worker("w1", CELERY, MAIL)
    scene.cluster.routes = {"shop.mail": "mail"}
    scene.do("pause")

    routes = TaskRoutes(scene.cluster, inspected(scene), scene.inspection, scene.ledger)
    route = routes.of("shop.mail")

    assert route.paused is not None
    assert route.paused.by == "ada"
    assert "The queue mail is paused by ada since" in route.warnings[0]
    assert not any("No worker" in each and "consumes" in each for each in route.warnings)
    assert routes.of("shop.other").paused is None
    assert routes.of("shop.other", "mail").paused is not None
    assert routes.of("shop.mail", "celery").paused is None


def test_a_retry_into_a_paused_queue_says_that_it_would_wait() -> None:
    scene = Scene()
    scene.worker("w1", CELERY, MAIL).says["registered"] = ["shop.charge"]
    scene.store.apply(failed(uuid_of(4), NOW - 60, args="(7, 'EUR')"))
    scene.do("pause")

    request = ActionRequest(
        action="retry", ids=[uuid_of(4)], edit=Edit(args=[], kwargs={}, queue="mail")
    )
    plan = scene.control.plan(request, ADA)

    assert plan.impossible is None
    assert any("The queue mail is paused by ada since" in each for each in plan.consequences)
    assert not any("Nobody consumes" in each for each in plan.consequences)
