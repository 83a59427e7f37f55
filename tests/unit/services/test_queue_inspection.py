"""Queues: those that anybody knows, with what broker and workers say of them."""

from __future__ import annotations

import msgspec
import pytest

from tests.contract.stories import WORKER, heartbeat, shop
from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from tests.unit.services.test_inspection import NOW
from umbel.broker.base import QueuedMessage
from umbel.errors import BrokerUnreachable
from umbel.services.cluster.inspection import Inspection
from umbel.services.cluster.queue_inspection import (
    ARGUMENTS_MAX,
    CACHE_S,
    REMEMBERED_S,
    QueueInspection,
)
from umbel.services.jsonable import SHOWN_MAX
from umbel.store.memory import MemoryStore


class Scene:
    """A worker that consumes two queues, and a history with tasks in others."""

    def __init__(self) -> None:
        self.clock = SetClock(NOW)
        self.store = MemoryStore()
        self.store.apply([*shop(), heartbeat(WORKER, NOW, active=0, processed=0)])
        self.worker = MemoryWorker(WORKER)
        self.worker.says["active_queues"] = [{"name": "celery"}, {"name": "mail"}, {}, 7]
        self.cluster = MemoryCluster(self.worker)
        self.cluster.queues = {"celery": [QueuedMessage(task_id="a")], "mail": []}
        inspection = Inspection(self.store, self.cluster, self.clock)
        self.queues = QueueInspection(self.store, self.cluster, inspection, self.clock)


def test_known_are_queues_of_workers_of_tasks_and_the_default() -> None:
    scene = Scene()
    seen = {found.value for found in scene.store.suggest("queue", "", 100)}

    found = {row.name: row for row in scene.queues.all().items}

    assert set(found) == seen | {"celery", "mail"}
    assert (found["celery"].ready, found["celery"].workers) == (1, (WORKER,))
    assert (found["mail"].ready, found["mail"].workers) == (0, (WORKER,))


def test_known_are_those_of_the_application_and_of_the_broker_s_bindings() -> None:
    scene = Scene()
    scene.cluster.configured, scene.cluster.bound = ("reports",), ("nobody",)
    scene.cluster.queues["nobody"] = [QueuedMessage(task_id="b")] * 307

    found = {row.name: row for row in scene.queues.all().items}

    assert (found["nobody"].ready, found["nobody"].workers) == (307, ())
    assert found["reports"].workers == ()


def test_a_queue_whose_workers_are_gone_stays_until_it_is_empty_and_untold_for_a_day() -> None:
    scene = Scene()
    scene.worker.says["active_queues"] = [{"name": "media"}]
    scene.cluster.queues["media"] = [QueuedMessage(task_id="b")]
    scene.queues.all()
    scene.worker.says["active_queues"] = []

    def names(later_s: float) -> set[str]:
        scene.clock.time += later_s
        return {row.name for row in scene.queues.all().items}

    assert "media" in names(2 * REMEMBERED_S / 3)
    assert "media" in names(2 * REMEMBERED_S / 3)
    scene.cluster.queues["media"] = []
    assert "media" in names(2 * REMEMBERED_S / 3)
    assert "media" not in names(2 * REMEMBERED_S / 3)


def test_a_broker_that_tells_of_no_queues_now_costs_only_what_it_alone_knows() -> None:
    scene = Scene()
    scene.cluster.bound = ("nobody",)
    scene.queues.all()
    scene.cluster.bound = ()
    scene.clock.time += CACHE_S

    assert "nobody" in {row.name for row in scene.queues.all().items}


def test_queues_are_asked_for_once_by_all_who_look() -> None:
    scene = Scene()

    first = scene.queues.all()
    scene.cluster.queues["celery"] = []
    again = scene.queues.all()
    scene.clock.time += CACHE_S
    later = scene.queues.all()

    assert again is first
    assert next(row.ready for row in later.items if row.name == "celery") == 0


def test_without_an_answer_of_a_worker_consumers_are_unknown_not_none() -> None:
    scene = Scene()
    scene.worker.is_deaf = True

    found = scene.queues.all()

    assert found.missing == (WORKER,)
    assert {row.workers for row in found.items} == {None}


def test_where_workers_cannot_be_asked_depths_are_told_all_the_same() -> None:
    scene = Scene()
    scene.cluster.missing["control"] = "This broker carries no questions."

    found = {row.name: row for row in scene.queues.all().items}

    assert (found["celery"].ready, found["celery"].workers) == (1, None)


def test_where_depths_cannot_be_told_consumers_are_all_the_same() -> None:
    scene = Scene()
    scene.cluster.missing["depth"] = "This broker does not tell."

    found = {row.name: row for row in scene.queues.all().items}

    assert (found["mail"].ready, found["mail"].workers) == (None, (WORKER,))


def test_a_broker_out_of_reach_is_told() -> None:
    scene = Scene()
    scene.cluster.away = 100

    with pytest.raises(BrokerUnreachable):
        scene.queues.all()


def test_large_arguments_of_a_message_are_shown_by_their_beginning() -> None:
    scene = Scene()
    large = QueuedMessage(task_id="b", args=["x" * ARGUMENTS_MAX], kwargs={"n": 1})
    scene.cluster.queues["celery"].append(large)

    small, cut = scene.queues.peek("celery", 10)

    assert small == QueuedMessage(task_id="a")
    assert isinstance(cut.args, str)
    assert len(cut.args) == SHOWN_MAX + 1
    assert cut.kwargs == {"n": 1}
    assert "args has 16," in (cut.unreadable or "")
    assert len(msgspec.json.encode(cut)) < ARGUMENTS_MAX
