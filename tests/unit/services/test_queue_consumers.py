"""What workers have of a queue: by kind, bounded, and asked once of those that are silent."""

from __future__ import annotations

from tests.support.clocks import SetClock
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from umbel.services.cluster.inspection import LISTED_MAX, Inspection
from umbel.services.cluster.queue_consumers import QueueConsumer, queue_consumers
from umbel.store.memory import MemoryStore

NOW = 1_000_000.0
OF_MAIL = {"id": "x", "delivery_info": {"exchange": "", "routing_key": "mail"}}


def consumers_of_mail(cluster: MemoryCluster, *names: str) -> tuple[QueueConsumer, ...]:
    inspection = Inspection(MemoryStore(), cluster, SetClock(NOW))
    return queue_consumers(inspection, "mail", names, None)


def test_a_task_held_for_later_is_counted_apart_from_what_runs_and_waits() -> None:
    worker = MemoryWorker("a")
    worker.says |= {"active": [OF_MAIL], "reserved": [], "stats": {"prefetch_count": 8}}
    worker.says["scheduled"] = [{"eta": "2026-11-29T22:00:00", "request": OF_MAIL}] * 2

    found = consumers_of_mail(MemoryCluster(worker), "a")

    assert found == (
        QueueConsumer(worker="a", running=1, reserved=0, scheduled=2, prefetch=8),
    )  # fmt: skip


def test_a_count_among_the_last_thousands_is_said_to_be_at_least_that() -> None:
    worker = MemoryWorker("a")
    worker.says |= {"active": [], "reserved": [], "stats": {}}
    worker.says["scheduled"] = [{"request": OF_MAIL}] * (LISTED_MAX + 1)

    (found,) = consumers_of_mail(MemoryCluster(worker), "a")

    assert (found.scheduled, found.at_least) == (LISTED_MAX, ("scheduled",))


def test_a_worker_that_is_silent_costs_one_question() -> None:
    worker = MemoryWorker("a")
    worker.says |= {"active": [], "reserved": [], "scheduled": [], "stats": {}}
    cluster = MemoryCluster(worker)

    found = consumers_of_mail(cluster, "a", "silent")

    assert found[1] == QueueConsumer(worker="silent")
    assert [each.workers for each in cluster.commands] == [("a", "silent"), *[("a",)] * 3]
