"""Names over HTTP: what tasks of each are like, what changed, and where they are registered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.failing_shop import HOUR_S, STORES
from tests.api.world import NOW, World, problem_of
from tests.contract.stories import failed, succeeded, uuid_of
from umbel.cluster.events import Event
from umbel.services.names import name_list
from umbel.store.base import KeptGap

pytestmark = pytest.mark.anyio


def history() -> list[Event]:
    """Of the last hour: 40 payments, 4 of them failed, that ran 8 s; 100 mails; one report that ran
    5 min. Of the hour before: 40 payments that ran 1 s, 100 mails, 60 clean-ups. One task long
    before, so that both are within the history. In the order of time."""
    events = succeeded(uuid_of(1), NOW - 24 * HOUR_S, name="shop.old")
    for number in range(60):
        at = NOW - 2 * HOUR_S + 60 + 50 * number
        events += succeeded(uuid_of(100 + number), at, name="shop.clean", runtime=0.1)
    for number in range(40):
        at = NOW - 2 * HOUR_S + 70 + 80 * number
        events += succeeded(uuid_of(200 + number), at, name="shop.pay", queue="money")
        at += HOUR_S
        story = failed if number < 4 else succeeded
        events += story(uuid_of(300 + number), at, name="shop.pay", queue="money", runtime=8.0)
    for number in range(100):
        at = NOW - 2 * HOUR_S + 60 + 34 * number
        events += succeeded(uuid_of(400 + number), at, name="shop.mail", worker="celery@w2")
        events += succeeded(uuid_of(600 + number), at + HOUR_S, name="shop.mail")
    events += succeeded(uuid_of(2), NOW - 400, name="shop.report", runtime=300.0)
    return sorted(events, key=lambda event: event.timestamp)


@pytest.fixture(params=sorted(STORES))
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    store = STORES[request.param](tmp_path)
    events = history()
    for first in range(0, len(events), 50):
        store.apply(events[first : first + 50])
    made = World(store=store)
    yield made
    made.store.close()


async def listed(world: World, **asked: Any) -> dict[str, Any]:
    response = await world.get("/api/v1/names", asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def order(world: World, sort: str) -> list[str]:
    return [each["name"] for each in (await listed(world, sort=sort))["items"]]


# -- the list ----------------------------------------------------------------------------------


async def test_more_names_than_are_looked_at_are_told_so(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_list, "LOOKED_AT_MAX", 2)
    found = await listed(shop)

    assert [each["name"] for each in found["items"]] == ["shop.mail", "shop.pay"]
    assert (found["complete"], found["bounded"]) == (False, True)


async def test_just_as_many_names_as_are_looked_at_are_all(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(name_list, "LOOKED_AT_MAX", 3)
    found = await listed(shop)

    assert found["names"] == 3
    assert (found["complete"], found["bounded"]) == (True, False)


async def test_the_names_of_the_last_hour_have_their_numbers(shop: World) -> None:
    found = await listed(shop)
    items = {each["name"]: each for each in found["items"]}
    pay = items["shop.pay"]

    assert [each["name"] for each in found["items"]] == ["shop.mail", "shop.pay", "shop.report"]
    assert (pay["count"], pay["succeeded"], pay["failed"]) == (40, 36, 4)
    assert pay["failure_rate"] == pytest.approx(0.1)
    assert pay["runtime"]["p95"] == pytest.approx(8, rel=0.1)
    assert pay["wait"]["p50"] == pytest.approx(0.5, rel=0.1)
    assert sum(pay["trend"]) == 40
    assert sum(pay["failures"]) == 4
    assert found["names"] == 3
    assert (found["complete"], found["bounded"]) == (True, False)
    assert found["incomplete"] is None


async def test_they_are_compared_with_the_hour_before(shop: World) -> None:
    found = await listed(shop, sort="changed")
    items = {each["name"]: each for each in found["items"]}

    assert found["compared"]
    assert items["shop.pay"]["before"]["runtime"]["p95"] == pytest.approx(1, rel=0.1)
    assert items["shop.pay"]["changed"] == "runtime"
    assert items["shop.pay"]["change"] == pytest.approx(3, abs=0.3)
    assert items["shop.clean"]["changed"] == "count"
    assert items["shop.clean"]["count"] == 0
    assert items["shop.mail"]["changed"] is None


async def test_they_are_compared_with_the_time_before_the_last_deploy(shop: World) -> None:
    body = {"version": "5.7", "at": NOW - HOUR_S}
    (await shop.post("/api/v1/deploys", body)).raise_for_status()

    found = await listed(shop, sort="changed", against="last-deploy", since=NOW - 1.5 * HOUR_S)
    items = {each["name"]: each for each in found["items"]}

    assert (found["against"], found["compared"], found["since"]) == (
        "last-deploy", True, NOW - HOUR_S,
    )  # fmt: skip
    assert found["earlier"]["since"] == NOW - 2 * HOUR_S
    assert found["earlier"]["until"] == NOW - HOUR_S
    assert found["earlier"]["deploy"]["title"] == "Deploy of 5.7"
    assert items["shop.pay"]["count"] == 40
    assert items["shop.pay"]["changed"] == "runtime"


async def test_they_are_compared_with_the_same_time_yesterday(shop: World) -> None:
    before = await listed(shop, against="yesterday")
    shop.store.apply(succeeded(uuid_of(3), NOW - 26 * HOUR_S, name="shop.old"))
    found = await listed(shop, against="yesterday", sort="name")

    assert (before["compared"], before["earlier"]) == (False, None)
    assert before["uncompared"] == "The history does not reach back to the same time yesterday."
    assert found["earlier"]["until"] == NOW - 24 * HOUR_S
    assert found["compared"]
    assert all(each["before"]["count"] == 0 for each in found["items"])


async def test_without_a_deploy_there_is_nothing_to_compare_with(shop: World) -> None:
    found = await listed(shop, against="last-deploy")

    assert not found["compared"]
    assert found["uncompared"] == "No deploy before this time is known."


async def test_holes_in_the_time_that_is_compared_with_are_told(shop: World) -> None:
    shop.store.keep_gaps([KeptGap(NOW - 5_000, NOW - 4_950, "collector-away", collector="c")])

    found = await listed(shop)

    assert found["incomplete"] is None
    assert found["earlier"]["incomplete"]["missed_s"] == 50


async def test_what_the_history_does_not_reach_is_not_compared(shop: World) -> None:
    found = await listed(shop, since=NOW - 23 * HOUR_S)

    assert not found["compared"]
    assert all(each["before"] is None for each in found["items"])


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("busiest", "shop.mail"),
        ("slowest", "shop.report"),
        ("failing", "shop.pay"),
        ("changed", "shop.pay"),
        ("name", "shop.mail"),
    ],
)
async def test_they_are_sorted_as_asked_for(shop: World, sort: str, first: str) -> None:
    assert (await order(shop, sort))[0] == first


async def test_they_are_narrowed_by_a_part_of_the_name_and_by_a_search(shop: World) -> None:
    named = await listed(shop, contains="PAY")
    searched = await listed(shop, q="name:shop.rep*")
    fewer = await listed(shop, limit=1)

    assert [each["name"] for each in named["items"]] == ["shop.pay"]
    assert [each["name"] for each in searched["items"]] == ["shop.report"]
    assert (len(fewer["items"]), fewer["names"]) == (1, 3)


async def test_a_span_that_ends_before_it_begins_is_refused(shop: World) -> None:
    response = await shop.get("/api/v1/names", {"since": NOW, "until": NOW - 1})

    assert problem_of(response)["parameter"] == "since"


# -- one name ----------------------------------------------------------------------------------


async def test_one_name_has_its_histograms_and_who_ran_it(shop: World) -> None:
    response = await shop.get("/api/v1/names/shop.pay")
    found = response.json()

    assert (found["count"], found["failed"], found["changed"]) == (40, 4, "runtime")
    assert sum(each["n"] for each in found["runtimes"]) == found["sampled"] == 40
    assert found["runtimes"][-1]["low"] <= 8.1
    assert found["by_worker"] == {"celery@eu-1": 40}
    assert found["by_queue"] == {"money": 40}
    assert found["counted"]
    assert found["last"]["id"] == uuid_of(339)


async def test_one_name_is_compared_with_the_time_that_is_asked_for(shop: World) -> None:
    detail = "/api/v1/names/shop.pay"
    before = (await shop.get(detail)).json()
    yesterday = (await shop.get(detail, {"against": "yesterday"})).json()
    last = (await shop.get(detail, {"against": "last-deploy"})).json()

    assert (before["against"], before["earlier"]["until"]) == ("before", before["since"])
    assert (before["before"]["count"], before["uncompared"]) == (40, "")
    assert (yesterday["against"], yesterday["before"], yesterday["earlier"]) == (
        "yesterday", None, None,
    )  # fmt: skip
    assert yesterday["uncompared"].startswith("The history does not reach back")
    assert (last["before"], last["uncompared"]) == (None, "No deploy before this time is known.")


async def test_of_one_name_a_deploy_divides_the_time(shop: World) -> None:
    at = NOW - 1_800
    announced = await shop.post("/api/v1/deploys", {"version": "5.7", "at": at})
    assert announced.status_code == 201, announced.text

    found = (await shop.get("/api/v1/names/shop.pay", {"against": "last-deploy"})).json()
    (listed_too,) = [
        each
        for each in (await listed(shop, against="last-deploy"))["items"]
        if each["name"] == "shop.pay"
    ]

    assert (found["since"], found["earlier"]["deploy"]["version"]) == (at, "5.7")
    numbers = ("count", "failed", "before", "changed")
    assert [found[each] for each in numbers] == [listed_too[each] for each in numbers]


async def test_a_name_that_nobody_heard_of_has_nothing(shop: World) -> None:
    found = (await shop.get("/api/v1/names/nobody%2Fknows")).json()

    assert (found["name"], found["count"], found["last"]) == ("nobody/knows", 0, None)
    assert found["runtimes"] == []


async def test_a_name_is_registered_where_workers_say_so(world: World) -> None:
    found = (await world.get("/api/v1/names/shop.charge/registration")).json()

    assert found["workers"] == [world.worker.name]
    assert found["rate_limits"] == {world.worker.name: "10/m"}
    assert found["options"]["rate_limit"] == "10/m"
    assert found["trouble"] is None


async def test_a_broker_that_is_away_is_said_where_a_name_is_registered(world: World) -> None:
    world.cluster.away = 5

    found = (await world.get("/api/v1/names/shop.charge/registration")).json()

    assert found["workers"] == []
    assert found["trouble"]
