"""celery-exporter's metrics: what Prometheus reads of them at `/metrics`."""

from __future__ import annotations

import pytest

from tests.api.metrics.scene import HOST, counts, families, sendings, world_of
from tests.api.world import NOW, World
from tests.contract.stories import heartbeat
from tests.support.exposition import labels

pytestmark = pytest.mark.anyio

CHARGE = {"name": "shop.charge", "hostname": HOST, "queue_name": "payments"}


async def test_names_and_types_are_those_of_celery_exporter() -> None:
    found = await families(world_of())

    kinds = {name: each.kind for name, each in found.items() if name.startswith("celery_")}
    assert {name: kind for name, kind in kinds.items() if not name.endswith("_created")} == {
        **{
            f"celery_task_{kind}_total": "counter"
            for kind in (
                "sent", "received", "started", "succeeded", "failed", "rejected", "revoked",
                "retried",
            )
        },
        "celery_task_runtime": "histogram",
        "celery_task_queue_wait_time": "histogram",
        "celery_worker_up": "gauge",
        "celery_worker_tasks_active": "gauge",
        "celery_queue_length": "gauge",
        "celery_active_consumer_count": "gauge",
        "celery_active_worker_count": "gauge",
        "celery_active_process_count": "gauge",
    }  # fmt: skip


async def test_tasks_are_counted_by_name_host_and_queue() -> None:
    found = await families(world_of())

    assert found["celery_task_received_total"].values() == {labels(**CHARGE): 3}
    assert found["celery_task_succeeded_total"].values() == {labels(**CHARGE): 2}
    sent = labels(**{**CHARGE, "hostname": "web"})
    assert found["celery_task_sent_total"].values() == {sent: 3, labels(**CHARGE): 0}


async def test_what_has_not_happened_yet_is_zero_so_that_the_first_one_is_an_increase() -> None:
    found = await families(world_of())

    assert found["celery_task_revoked_total"].values() == {labels(**CHARGE): 0}
    failed = found["celery_task_failed_total"].values()
    assert failed == {
        labels(**CHARGE, exception=""): 0,
        labels(**CHARGE, exception="ValueError"): 1,
    }


async def test_failures_of_which_no_class_is_known_are_told() -> None:
    found = await families(world_of(counts(failures={})))

    failed = found["celery_task_failed_total"].values()
    assert failed[labels(**CHARGE, exception="UnknownException")] == 1


async def test_a_queue_of_which_no_sender_told_is_the_default_one() -> None:
    found = await families(world_of(counts(queue="")))

    assert found["celery_task_started_total"].values() == {
        labels(**{**CHARGE, "queue_name": "celery"}): 3
    }


async def test_runtimes_and_waits_have_buckets() -> None:
    found = await families(world_of())

    runtime, wait = found["celery_task_runtime"], found["celery_task_queue_wait_time"]
    assert runtime.values("_count") == {labels(**CHARGE): 2}
    assert runtime.values("_sum") == {labels(**CHARGE): 0.9}
    assert wait.values("_bucket")[labels(**CHARGE, le="0.25")] == 0
    assert wait.values("_bucket")[labels(**CHARGE, le="0.5")] == 3
    ends = {dict(each)["le"] for each in wait.values("_bucket")}
    assert {"0.05", "1800.0", "+Inf"} <= ends


async def test_workers_of_one_host_are_told_apart_by_their_whole_name() -> None:
    world = World()
    for name in ("a@one", "b@one", "c@two"):
        world.store.apply([heartbeat(name, NOW - 1, active=2)])

    up = (await families(world))["celery_worker_up"].values()

    assert {dict(each)["hostname"] for each in up} == {"a@one", "b@one", "two", HOST}


async def test_senders_of_one_host_are_one() -> None:
    first = sendings()
    found = await families(world_of(first, sendings("shop.charge", 4)))
    sent = found["celery_task_sent_total"].values()

    assert sent == {labels(**{**CHARGE, "hostname": "web"}): 7}


async def test_queues_are_as_they_were_sampled_and_nobody_is_asked() -> None:
    world = world_of()
    asked: list[str] = []
    world.cluster.on_call = asked.append

    found = await families(world)

    depths = found["celery_queue_length"].values()
    assert depths == {labels(queue_name="celery"): 0, labels(queue_name="mail"): 0}
    assert found["celery_active_worker_count"].values()[labels(queue_name="mail")] == 1
    assert labels(queue_name="mail") in found["celery_active_process_count"].values()
    assert asked == []


async def test_an_offline_worker_is_zero_for_twenty_minutes_and_then_leaves() -> None:
    world = World()
    world.store.apply([heartbeat("late@down", NOW - 1_100), heartbeat("gone@away", NOW - 1_300)])

    found = await families(world)

    up = found["celery_worker_up"].values()
    assert up == {labels(hostname=HOST): 1, labels(hostname="down"): 0}
    assert found["celery_worker_tasks_active"].values()[labels(hostname="down")] == 0
