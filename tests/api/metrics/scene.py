"""A cluster of which every metric tells something."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.api.world import NOW, World, collector
from tests.contract.stories import WORKER, begun, uuid_of
from tests.support.exposition import Family, parsed
from umbel.services.ingest.metric_counter import RUNTIME_BOUNDS, WAIT_BOUNDS
from umbel.store.base import MetricCounts, TaskCounts, TaskExample

#: The part of its name after the `@`.
HOST = WORKER.partition("@")[2]


def buckets(bounds: tuple[float, ...], **at: int) -> tuple[int, ...]:
    """So many in the bucket of this index (`b3=2`)."""
    return tuple(at.get(f"b{index}", 0) for index in range(len(bounds) + 1))


def counts(task: str = "shop.charge", worker: str = WORKER, **changes: Any) -> TaskCounts:
    """Three tasks that were received: two succeeded, one failed."""
    usual = TaskCounts(
        worker,
        task,
        NOW - 60,
        {"task-received": 3, "task-started": 3, "task-succeeded": 2, "task-failed": 1},
        buckets(RUNTIME_BOUNDS, b7=2),
        0.9,
        0.0,
        True,
        "payments",
        buckets(WAIT_BOUNDS, b3=3),
        1.2,
        {"ValueError": 1},
        {7: TaskExample("0123-a", 0.45, NOW - 9)},
        {3: TaskExample("0123-b", 0.4, NOW - 8)},
    )
    return msgspec.structs.replace(usual, **changes)


def sendings(task: str = "shop.charge", count: int = 3) -> TaskCounts:
    """What a web server counts for that sends tasks."""
    return TaskCounts("gen7@web", task, NOW - 60, {"task-sent": count}, queue="payments")


def world_of(*items: TaskCounts, **options: Any) -> World:
    """The cluster whose collector has counted this, sampled just now."""
    world = World(**options)
    world.store.report(collector(heard_at=NOW))
    keep(
        world,
        *(items or (counts(), sendings())),
        totals={"events": 9, "malformed.json": 1, "spans.sent": 1},
    )
    world.store.apply(begun(uuid_of(50), NOW - 5)[:2])
    world.cluster.queues = {"celery": [], "mail": []}
    assert world.services.sampler is not None
    world.services.sampler.turn()
    world.services.sampler.turn()
    return world


def keep(world: World, *items: TaskCounts, **more: Any) -> None:
    world.store.keep_metric_counts(
        MetricCounts(
            collector="eu-1:7",
            started=NOW - 3_600,
            bounds=RUNTIME_BOUNDS,
            items=items,
            wait_bounds=WAIT_BOUNDS,
            **more,
        )
    )


async def families(world: World) -> dict[str, Family]:
    """What Prometheus reads at its second scrape: the first is the first request."""
    await world.get("/metrics")
    response = await world.get("/metrics")
    assert response.status_code == 200, response.text
    return parsed(response.text)
