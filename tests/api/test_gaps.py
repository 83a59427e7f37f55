"""What was not heard, and the answers that say what they do not hold."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.world import NOW, World
from tests.contract.stories import BASE, WORKER
from umbel.cluster.losses import Loss, Losses
from umbel.store.base import KeptGap

pytestmark = pytest.mark.anyio


@pytest.fixture
def holed(world: World) -> World:
    """Twenty seconds and three tasks are missing, five minutes after the first task."""
    world.store.keep_gaps([KeptGap(BASE + 300, BASE + 320, "collector-away", collector="eu-1:7")])
    loss = Loss(hostname=WORKER, pid=7, start=BASE + 299, end=BASE + 321, count=3)
    world.store.apply((), Losses(losses=(loss,)))
    return world


async def answer(world: World, path: str, **parameters: Any) -> Any:
    return (await world.get(path, **parameters)).json()


async def test_gaps_and_losses_are_told_by_time(holed: World) -> None:
    found = await answer(holed, "/api/v1/gaps")
    before = await answer(holed, "/api/v1/gaps", end=BASE + 200)

    assert found["gaps"] == [
        {
            "start": BASE + 300, "end": BASE + 320, "cause": "collector-away",
            "collector": "eu-1:7",
        }
    ]  # fmt: skip
    assert [(loss["hostname"], loss["count"]) for loss in found["losses"]] == [(WORKER, 3)]
    assert before == {"gaps": [], "losses": [], "more": 0}


async def test_a_count_says_what_it_does_not_hold(holed: World) -> None:
    whole = (await answer(holed, "/api/v1/tasks/count"))["incomplete"]
    later = (await answer(holed, "/api/v1/tasks/count", q="received:-1m.."))["incomplete"]
    part = await answer(holed, "/api/v1/tasks/count", q=f"received:-{600 - 310}s..")

    assert (whole["missed_s"], whole["lost"]) == (20.0, 3)
    assert later is None
    assert part["incomplete"]["missed_s"] == 10.0


async def test_a_page_says_what_is_missing_in_the_time_of_its_rows(holed: World) -> None:
    first = await answer(holed, "/api/v1/tasks", order="-seen", limit=1)
    second = await answer(holed, "/api/v1/tasks", order="-seen", limit=1, cursor=first["next"])

    assert first["incomplete"]["gaps"][0]["cause"] == "collector-away"
    assert second["incomplete"] is None


async def test_a_page_in_an_order_that_is_no_time_says_all_that_is_missing(holed: World) -> None:
    page = await answer(holed, "/api/v1/tasks", order="runtime", limit=1)

    assert page["incomplete"]["missed_s"] == 20.0


async def test_a_series_says_what_is_missing_in_its_time(holed: World) -> None:
    around = await answer(holed, "/api/v1/series", **{"from": BASE, "to": NOW})
    before = await answer(holed, "/api/v1/series", **{"from": BASE, "to": BASE + 60})

    assert around["incomplete"]["missed_s"] == 20.0
    assert before["incomplete"] is None


async def test_the_status_tells_the_cause_while_it_is_new(holed: World) -> None:
    live = (await answer(holed, "/api/v1/status"))["live"]

    assert live["state"] == "live"
    assert "Umbel's collector did not run" in live["sentence"]
