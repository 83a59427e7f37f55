"""Queues and workers over time, through the API."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.world import NOW, World, problem_of
from umbel.services.samples.sample_lines import LINES_MAX, POINTS_MAX

pytestmark = pytest.mark.anyio

HOUR, DAY = 3_600, 86_400


async def queues(world: World, **asked: Any) -> dict[str, Any]:
    answer = await world.get("/api/v1/samples/queues", **asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_queue_over_the_last_hour(world: World) -> None:
    world.samples.keep("queue", NOW - 25, {"mail": (3.0, 4.0, None, 2.0, 12.3456)})

    found = await queues(world)

    assert found == {
        "bucket_s": 20, "more": 0, "period_s": 10.0,
        "items": [{"name": "mail", "points": [
            {"at": (NOW - 25) // 20 * 20, "depth": 3.0, "depth_max": 4.0, "unacked": None,
             "consumers": 2.0, "oldest_s": 12.346},
        ]}],
    }  # fmt: skip


async def test_a_worker_over_the_last_hour(world: World) -> None:
    world.samples.keep("worker", NOW - 5, {"celery@a": (0.5, 2.0, 3.0, 7.0, 8.0)})

    found = (await world.get("/api/v1/samples/workers", bucket=10)).json()

    (line,) = found["items"]
    (point,) = line["points"]
    assert (line["name"], found["bucket_s"]) == ("celery@a", 10)
    assert point == {
        "at": (NOW - 5) // 10 * 10, "load": 0.5, "running": 2.0, "running_max": 3.0,
        "processed": 7.0, "pool": 8.0,
    }  # fmt: skip


@pytest.mark.parametrize(("span", "bucket", "bucket_s"), [
    (HOUR, None, 20), (HOUR, 1, 10), (HOUR, 60, 60), (HOUR, 61, 120), (6 * HOUR, None, 120),
    (DAY, None, 300), (DAY, 10, 120), (30 * DAY, None, 10_800), (30 * DAY, 1, 3_600),
])  # fmt: skip
async def test_buckets_are_as_wide_as_fits_the_span(
    world: World, span: int, bucket: int | None, bucket_s: int
) -> None:
    asked = {} if bucket is None else {"bucket": bucket}

    found = await queues(world, since=NOW - span, **asked)

    assert found["bucket_s"] == bucket_s
    assert span / bucket_s <= POINTS_MAX


async def test_of_a_time_of_which_only_wide_buckets_are_left_these_are_given(world: World) -> None:
    found = await queues(world, since=NOW - 3 * DAY, until=NOW - 3 * DAY + HOUR, bucket=10)

    assert found["bucket_s"] == 600


async def test_a_whole_life_is_a_bounded_answer(world: World) -> None:
    for after in range(0, 3_000, 10):
        world.samples.keep("queue", NOW - 3_000 + after, {"mail": (1.0,) * 5})

    found = await queues(world, since=0, bucket=1)

    assert [len(line["points"]) for line in found["items"]] == [1]


async def test_names_are_chosen_or_those_of_which_there_was_most(world: World) -> None:
    seen = {f"q{n}": (float(n),) * 5 for n in range(100)} | {"a,b": (0.0,) * 5}
    world.samples.keep("queue", NOW - 5, seen)

    most = await queues(world, limit=2)
    named = await queues(world, names="q3,q7,none")
    with_comma = await queues(world, names=json.dumps(["a,b"]))

    assert ([line["name"] for line in most["items"]], most["more"]) == (["q98", "q99"], 99)
    assert ([line["name"] for line in named["items"]], named["more"]) == (["q3", "q7"], 0)
    assert [line["name"] for line in with_comma["items"]] == ["a,b"]


@pytest.mark.parametrize(("asked", "parameter"), [
    ({"since": NOW, "until": NOW}, "since"),
    ({"names": ","}, "names"),
    ({"names": "[1]"}, "names"),
    ({"names": ",".join(map(str, range(LINES_MAX + 1)))}, "names"),
    ({"bucket": 0}, "bucket"),
    ({"limit": LINES_MAX + 1}, "limit"),
])  # fmt: skip
async def test_what_cannot_be_is_refused(
    world: World, asked: dict[str, Any], parameter: str
) -> None:
    answer = await world.get("/api/v1/samples/queues", **asked)

    assert problem_of(answer)["parameter"] == parameter


async def test_the_status_says_how_is_sampled(world: World) -> None:
    sampler = world.services.sampler
    assert sampler is not None
    world.cluster.queues = {"celery": []}
    before = (await world.get("/api/v1/status")).json()["samples"]

    sampler.turn()

    after = (await world.get("/api/v1/status")).json()["samples"]
    assert (before["period_s"], before["at"], before["elsewhere"]) == (10.0, None, False)
    assert (after["at"], after["queues"], after["workers"], after["trouble"]) == (NOW, 1, 1, None)
