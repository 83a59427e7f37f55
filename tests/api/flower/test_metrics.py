"""`/metrics` over a small history: what Prometheus reads there."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.api.world import NOW, World, collector
from tests.contract.stories import WORKER, begun, heartbeat, uuid_of
from tests.support.exposition import Family, labels, parsed
from umbel.store.base import CollectorStatus, MetricCounts, TaskCounts
from umbel.web.metrics.exposition import number

pytestmark = pytest.mark.anyio

BOUNDS = (0.1, 1.0)


def tally(task: str = "shop.send", worker: str = WORKER, **changes: Any) -> TaskCounts:
    """Two tasks that were received, one of which succeeded after half a second."""
    usual = TaskCounts(
        worker, task, NOW - 60, {"task-received": 2, "task-succeeded": 1}, (0, 1, 0), 0.5, 0.0, True
    )
    return msgspec.structs.replace(usual, **changes)


def world_of(*items: TaskCounts, bounds: tuple[float, ...] = BOUNDS) -> World:
    world = World()
    told(world, collector(), *items, bounds=bounds)
    return world


def told(
    world: World, status: CollectorStatus, *items: TaskCounts, bounds: tuple[float, ...] = BOUNDS
) -> None:
    """The collector reports, and what it has counted."""
    world.store.report(status)
    name, started = status.collector, status.started
    world.store.keep_metric_counts(
        MetricCounts(collector=name, started=started, bounds=bounds, items=items)
    )


async def families(world: World) -> dict[str, Family]:
    response = await world.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return parsed(response.text)


async def events(world: World) -> dict[str, float]:
    """How many succeeded, by task."""
    counted = (await families(world))["flower_events_total"].values()
    return {dict(key)["task"]: n for key, n in counted.items() if ("type", "task-succeeded") in key}


async def test_names_and_types_are_flowers() -> None:
    found = await families(world_of(tally()))

    kinds = {name: each.kind for name, each in found.items() if name.startswith("flower_")}
    assert kinds == {
        "flower_events_total": "counter",
        "flower_events_created": "gauge",
        "flower_task_runtime_seconds": "histogram",
        "flower_task_runtime_seconds_created": "gauge",
        "flower_task_prefetch_time_seconds": "gauge",
        "flower_worker_prefetched_tasks": "gauge",
        "flower_worker_online": "gauge",
        "flower_worker_number_of_currently_executing_tasks": "gauge",
    }


async def test_events_runtimes_and_waits_are_told_by_worker_and_task() -> None:
    found = await families(world_of(tally(), tally("shop.mail", runtimes=(), waited_s=None)))

    send = {"worker": WORKER, "task": "shop.send"}
    mail = {"worker": WORKER, "task": "shop.mail"}
    assert found["flower_events_total"].values() == {
        labels(**task, type=kind): n
        for task in (send, mail)
        for kind, n in (("task-received", 2.0), ("task-succeeded", 1.0))
    }
    runtime = found["flower_task_runtime_seconds"]
    ends = {"0.1": 0.0, "1.0": 1.0, "+Inf": 1.0}
    assert runtime.values("_bucket") == {labels(**send, le=end): n for end, n in ends.items()}
    assert runtime.values("_sum") == {labels(**send): 0.5}
    assert runtime.values("_count") == {labels(**send): 1.0}
    assert found["flower_task_prefetch_time_seconds"].values() == {labels(**send): 0.0}
    created = found["flower_task_runtime_seconds_created"].values()
    assert created == {labels(**send): NOW - 60}


async def test_a_worker_tells_that_it_is_there_and_how_much_it_runs() -> None:
    found = await families(World())

    assert found["flower_worker_online"].values() == {labels(worker=WORKER): 1.0}
    executing = found["flower_worker_number_of_currently_executing_tasks"]
    assert executing.values() == {labels(worker=WORKER): 1.0}


async def test_prefetched_tasks_are_those_that_wait_now_and_zero_once_none_do() -> None:
    world = world_of(tally("shop.gone"), tally("shop.later", is_due=False))
    world.store.apply(begun(uuid_of(50), NOW - 5)[:2])

    found = (await families(world))["flower_worker_prefetched_tasks"].values()

    assert found[labels(worker=WORKER, task="shop.send")] == 1.0
    assert found[labels(worker=WORKER, task="shop.gone")] == 0.0
    assert labels(worker=WORKER, task="shop.later") not in found


async def test_a_worker_that_is_offline_is_zero_for_twenty_minutes_and_then_leaves() -> None:
    world = World()
    world.store.apply([heartbeat("gone@h", NOW - 1_300), heartbeat("down@h", NOW - 1_100)])

    found = (await families(world))["flower_worker_online"].values()

    assert found == {labels(worker=WORKER): 1.0, labels(worker="down@h"): 0.0}


async def test_a_worker_that_is_listed_no_more_leaves_with_all_it_did() -> None:
    world = World(gone_after_s=600)
    world.store.apply([heartbeat("gone@h", NOW - 3_600)])
    sent = TaskCounts("gen1@web", "shop.sent", NOW - 60, {"task-sent": 1})
    told(world, collector(), tally(), tally("shop.old", "gone@h"), sent)

    found = await families(world)

    assert await events(world) == {"shop.send": 1.0}
    told_of = found["flower_events_total"].values()
    assert labels(worker="gen1@web", task="shop.sent", type="task-sent") in told_of
    assert found["flower_worker_online"].values() == {labels(worker=WORKER): 1.0}


@pytest.mark.parametrize("odd", ['a"b\\c\nd', "ä,}", 'x="y"', "", "{le='1'}"])
async def test_labels_may_have_any_characters(odd: str) -> None:
    assert await events(world_of(tally(odd))) == {odd: 1.0}


async def test_without_a_collector_nothing_is_counted_and_all_is_said() -> None:
    found = await families(World())

    assert found["flower_events_total"].samples == {}
    assert found["flower_task_runtime_seconds"].samples == {}


async def test_counts_of_an_earlier_run_stay() -> None:
    world = world_of(tally())
    world.store.report(collector(started=NOW - 1))

    assert await events(world) == {"shop.send": 1.0}


async def test_what_was_counted_stays_when_the_collector_is_away() -> None:
    world = world_of(tally())
    world.clock.time = NOW + 60

    assert await events(world) == {"shop.send": 1.0}


async def test_what_several_collectors_counted_is_added_up() -> None:
    world = World()
    for name in ("eu", "us"):
        told(
            world, collector(collector=name, transport="amqp", queue="umbel"), tally(), tally(name)
        )
    told(
        world,
        collector(collector="z", transport="amqp", queue="umbel"),
        tally("shop.mail"),
        bounds=(9.0,),
    )

    found = await families(world)

    assert await events(world) == {"shop.send": 2.0, "eu": 1.0, "us": 1.0, "shop.mail": 1.0}
    counts = found["flower_task_runtime_seconds"].values("_count")
    assert counts[labels(worker=WORKER, task="shop.send")] == 2.0
    assert labels(worker=WORKER, task="shop.mail") not in counts


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.005, "0.005"), (1, "1.0"), (10.0, "10.0"), (999_999, "999999.0"), (1e6, "1e+06"),
        (12_345_678.5, "1.23456785e+07"), (1.795e9, "1.795e+09"), (2.5e20, "2.5e+20"),
        (float("inf"), "+Inf"),
    ],
)  # fmt: skip
async def test_numbers_are_written_as_go_writes_them(value: float, written: str) -> None:
    assert number(value) == written
