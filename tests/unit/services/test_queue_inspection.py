"""Queues: those that anybody knows, with what broker and workers say of them."""

from __future__ import annotations

import msgspec
import pytest

from tests.contract.stories import WORKER, begun, heartbeat, shop
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
    names_of_queues,
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

    small, cut = scene.queues.peek("celery", 10).items

    assert small == QueuedMessage(task_id="a")
    assert isinstance(cut.args, str)
    assert len(cut.args) == SHOWN_MAX + 1
    assert cut.kwargs == {"n": 1}
    assert "args has 16," in (cut.unreadable or "")
    assert len(msgspec.json.encode(cut)) < ARGUMENTS_MAX


def test_headers_of_a_million_characters_are_cut() -> None:
    scene = Scene()
    huge = "x" * 1_000_000
    scene.cluster.queues["celery"] = [
        QueuedMessage(task_id=huge, name=huge, eta=huge, args_repr=huge, content_type=huge)
    ]

    (found,) = scene.queues.peek("celery", 10).items

    assert (found.task_id, found.name) == (None, "x" * 512 + "…")
    assert len(msgspec.json.encode(found)) < 8_000


def test_messages_are_counted_as_of_the_look_at_them() -> None:
    scene = Scene()
    scene.cluster.queues["celery"] = [QueuedMessage(task_id=str(number)) for number in range(7)]

    whole, part = scene.queues.peek("celery", 10), scene.queues.peek("celery", 3)

    assert (len(whole.items), whole.ready) == (7, 7)
    assert (len(part.items), part.ready) == (3, 7)


def test_messages_have_the_time_of_their_event_if_it_is_of_the_run_that_waits() -> None:
    scene = Scene()
    (sent, *_) = begun("one", NOW - 60)
    scene.store.apply([msgspec.structs.replace(sent, retries=1)])
    scene.cluster.queues["celery"] = [
        QueuedMessage(task_id="one", retries=1),
        QueuedMessage(task_id="one", retries=2),
        QueuedMessage(task_id="nobody told"),
        QueuedMessage(task_id="one", retries=1, sent=5.0),
    ]

    times = [each.sent for each in scene.queues.peek("celery", 10).items]

    assert times == [NOW - 60, None, None, 5.0]


def test_a_queue_that_a_worker_names_twice_is_one() -> None:
    """Pages have one line for each."""
    answer = [{"name": "mail"}, {"name": "celery"}, {"name": "mail"}, {"name": None}, None]

    assert [*names_of_queues(answer)] == ["mail", "celery"]


def test_of_very_many_queues_those_that_are_not_listed_are_counted_and_found() -> None:
    scene = Scene()
    scene.cluster.bound = tuple(f"tenant-{number}" for number in range(3_000))
    scene.cluster.queues["tenant-2977"] = [QueuedMessage(task_id="b")]

    listed, found = scene.queues.all(), scene.queues.all("Tenant 297")

    assert (len(listed.items), len(listed.items) + listed.more > 3_000) == (500, True)
    assert "tenant-2977" in {row.name for row in found.items}
    assert [row.ready for row in found.items if row.name == "tenant-2977"] == [1]
    assert (len(found.items), found.more) == (13, 0)
    assert {row.name for row in scene.queues.all(WORKER).items} == {"celery", "mail"}


def test_a_worker_that_names_thousands_of_queues_hides_none_of_others() -> None:
    many = MemoryWorker("a@h")
    many.says["active_queues"] = [{"name": f"q{n}"} for n in range(5_000)]
    other = MemoryWorker("b@h")
    other.says["active_queues"] = [{"name": "orders"}, {"name": "mail"}]
    store, clock = MemoryStore(), SetClock(NOW)
    store.apply([heartbeat(name, NOW, active=0, processed=0) for name in ("a@h", "b@h")])
    cluster = MemoryCluster(many, other)
    queues = QueueInspection(store, cluster, Inspection(store, cluster, clock), clock)

    for _ in range(3):
        found = {row.name: row.workers for row in queues.all().items}
        clock.time += CACHE_S + 10

        assert found["orders"] == found["mail"] == ("b@h",)
