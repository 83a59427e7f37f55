"""The query language through the API: what a text means, what can be typed, charts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.world import NOW, World, problem_of
from tests.contract.stories import BASE
from tests.support.clocks import SetClock
from umbel.query.ast import Node
from umbel.query.parse import Chip
from umbel.services.search.search import BUCKETS_MAX, BUDGET_S, SEARCH_MIN_S, Search
from umbel.store.base import Count, Page
from umbel.store.capabilities import SeriesCapabilities, StoreCapabilities
from umbel.store.memory import MemoryStore
from umbel.store.series import Series

pytestmark = pytest.mark.anyio


async def test_a_text_is_read_in_words_and_in_parts(world: World) -> None:
    text = "state:FAILURE -name:noise"

    reading = (await world.get("/api/v1/query", q=text)).json()

    assert reading["sentence"]
    assert reading["canonical"] == text
    assert set(reading["chips"][0]) == set(Chip.__struct_fields__)
    assert [text[chip["start"] : chip["end"]] for chip in reading["chips"]] == text.split()
    assert [chip["negated"] for chip in reading["chips"]] == [False, True]


async def test_an_empty_text_is_every_task(world: World) -> None:
    reading = (await world.get("/api/v1/query")).json()

    assert (reading["canonical"], reading["chips"]) == ("", [])


async def test_fields_are_suggested_for_an_unfinished_word(world: World) -> None:
    items = (await world.get("/api/v1/suggest", q="sta", at=3)).json()["items"]

    state = next(item for item in items if item["label"] == "state")
    assert (state["insert"], state["kind"]) == ("state:", "field")
    assert (state["start"], state["end"]) == (0, 3)
    assert state["count"] is None
    assert state["help"]


async def test_values_that_the_store_has_seen_are_suggested_with_their_number(
    world: World,
) -> None:
    text = "state:SUCCESS name:sh"

    items = (await world.get("/api/v1/suggest", q=text)).json()["items"]

    seen = {item["label"]: item for item in items}
    assert seen["shop.send"]["count"] > seen["shop.charge"]["count"] == 1
    chosen = seen["shop.send"]
    replaced = text[: chosen["start"]] + chosen["insert"] + text[chosen["end"] :]
    assert replaced == "state:SUCCESS name:shop.send"


async def test_a_value_is_suggested_with_its_field_for_a_word_without_one(world: World) -> None:
    items = (await world.get("/api/v1/suggest", q="mail")).json()["items"]

    assert ("queue:mail", "queue:mail") in {(item["label"], item["insert"]) for item in items}


async def test_keys_of_keyword_arguments_are_suggested(world: World) -> None:
    items = (await world.get("/api/v1/suggest", q="kwargs.ord")).json()["items"]

    assert ("kwargs.order_id:", "field") in {(item["insert"], item["kind"]) for item in items}


async def test_no_more_is_suggested_than_asked_for(world: World) -> None:
    items = (await world.get("/api/v1/suggest", limit=3)).json()["items"]

    assert len(items) == 3


async def test_a_caret_behind_the_text_is_at_its_end(world: World) -> None:
    at_end = (await world.get("/api/v1/suggest", q="sta", at=3)).json()

    assert (await world.get("/api/v1/suggest", q="sta", at=4_000)).json() == at_end


async def test_a_series_counts_by_time(world: World) -> None:
    series = (await world.get("/api/v1/series", {"from": BASE, "to": NOW, "bucket": 600})).json()

    assert (series["measure"], series["bucket_s"]) == ("count", 600.0)
    assert series["buckets"] == [
        {"start": BASE, "seen": 6, "succeeded": 2, "failed": 2, "revoked": 1}
    ]
    assert series["total"] == {"seen": 6, "succeeded": 2, "failed": 2, "revoked": 1}
    assert (series["by"], series["groups"], series["other"]) == (None, [], None)
    assert series["complete"]


async def test_a_series_by_a_field_has_the_busiest_values_and_the_rest(world: World) -> None:
    params = {"from": BASE, "to": NOW, "bucket": 600, "by": "name", "top": 1}

    series = (await world.get("/api/v1/series", params)).json()

    (group,) = series["groups"]
    assert (group["value"], group["total"]["seen"], group["total"]["succeeded"]) == (
        "shop.send", 3, 2,
    )  # fmt: skip
    assert series["other"]["total"] == {"seen": 3, "succeeded": 0, "failed": 2, "revoked": 0}
    assert series["total"]["seen"] == 6


async def test_a_series_of_durations_names_the_slowest(world: World) -> None:
    params = {"from": BASE, "to": NOW, "measure": "runtime", "by": "worker"}

    series = (await world.get("/api/v1/series", params)).json()

    assert [group["value"] for group in series["groups"]] == ["celery@eu-1"]
    assert series["groups"][0]["total"]["n"] == 3


async def test_a_series_over_the_last_hour_is_the_default(world: World) -> None:
    series = (await world.get("/api/v1/series", measure="runtime")).json()

    assert series["bucket_s"] == 60.0
    assert all(NOW - 3_660 <= bucket["start"] < NOW for bucket in series["buckets"])
    assert {"start", "p50", "p95", "p99", "mean", "n"} == set(series["buckets"][0])


async def test_the_buckets_that_fit_a_day_are_made_of_whole_tens_of_minutes(world: World) -> None:
    series = (await world.get("/api/v1/series", {"from": NOW - 86_400, "to": NOW})).json()

    assert series["bucket_s"] == 1_200.0


async def test_a_series_never_has_more_buckets_than_anyone_can_draw(world: World) -> None:
    series = (await world.get("/api/v1/series", {"from": 0, "to": NOW, "bucket": 60})).json()

    assert NOW / series["bucket_s"] <= BUCKETS_MAX


async def test_a_series_backwards_is_refused(world: World) -> None:
    response = await world.get("/api/v1/series", {"from": NOW, "to": BASE})

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == "from"


async def test_a_series_takes_any_search(world: World) -> None:
    params = {"from": BASE, "to": NOW, "q": "queue:mail runtime:>5s"}

    series = (await world.get("/api/v1/series", params)).json()

    assert series["total"] == {"seen": 1, "succeeded": 1, "failed": 0, "revoked": 0}


async def test_errors_are_in_rows_and_counts_and_are_searched_for_by_their_ids(
    world: World,
) -> None:
    rows = (await world.get("/api/v1/tasks", q="has:error")).json()["items"]
    error = next(row["error"] for row in rows if row["name"] == "shop.charge")

    count = (await world.get("/api/v1/tasks/count", by="error")).json()
    span: dict[str, Any] = {"from": BASE, "to": NOW, "by": "error"}
    series = (await world.get("/api/v1/series", **span)).json()
    found = (await world.get("/api/v1/tasks", q=f"error:{error[:12]}")).json()["items"]

    assert error.endswith(" ValueError: no stock")
    assert count["groups"][error] == len(found) == 1
    assert error in [line["value"] for line in series["groups"]]
    assert found[0]["error"] == error


async def test_an_error_is_suggested_with_its_title_and_asked_for_by_its_id(world: World) -> None:
    (alone,) = (await world.get("/api/v1/suggest", q="error:stock")).json()["items"]
    items = (await world.get("/api/v1/suggest", q="stock")).json()["items"]
    word = next(item for item in items if item["insert"].startswith("error:"))

    assert alone["label"].endswith(" ValueError: no stock")
    assert alone["insert"] == alone["label"][:12]
    assert word["label"] == f"error:{alone['label']}"
    assert word["insert"] == f"error:{alone['insert']}"


@pytest.mark.parametrize(("name", "value"), [("by", "kwargs"), ("top", 0), ("top", 51)])
async def test_a_series_by_anything_else_is_refused(world: World, name: str, value: object) -> None:
    response = await world.get("/api/v1/series", {name: value})

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == name


@pytest.mark.parametrize(
    ("waited_s", "looks_s"), [(0.0, BUDGET_S), (1.0, BUDGET_S - 1.0), (60.0, SEARCH_MIN_S)]
)
def test_a_search_that_had_to_wait_looks_for_so_much_less_time(
    waited_s: float, looks_s: float
) -> None:
    class Timed(MemoryStore):
        """A store that notes how long it may look."""

        def search(self, query: Node, **asked: Any) -> Page:
            budgets.append(asked["budget_s"])
            return super().search(query, **asked)

        def count(self, query: Node, **asked: Any) -> Count:
            budgets.append(asked["budget_s"])
            return super().count(query, **asked)

        def series(self, query: Node, **asked: Any) -> Series:
            budgets.append(asked["budget_s"])
            return super().series(query, **asked)

    budgets: list[float] = []
    search = Search(Timed(), SetClock(NOW))

    search.page("", "-seen", None, 10, waited_s=waited_s)
    search.count("", by=None, cap=10, waited_s=waited_s)

    search.series("", measure="count", start=BASE, end=NOW, bucket_s=None, waited_s=waited_s)

    assert budgets == [looks_s, looks_s, looks_s]


@pytest.mark.parametrize(
    ("address", "asked", "parameter", "sentence"),
    [
        ("tasks", {"order": "-runtime"}, "order", "It can sort by seen."),
        ("tasks/count", {"by": "worker"}, "by", "It can group by state."),
        ("series", {"by": "queue"}, "by", "It can group a chart by name."),
        ("series", {"q": "queue:mail"}, "q", "It can chart searches over name or state."),
        ("series", {"measure": "wait"}, "measure", "It can chart count."),
    ],
)
async def test_what_this_store_cannot_do_is_refused_with_what_it_can(
    address: str, asked: dict[str, str], parameter: str, sentence: str
) -> None:
    few = StoreCapabilities(
        groupings=("state",),
        orders=("seen",),
        series=SeriesCapabilities(
            measures=("count",), groupings=("name",), fields=("name", "state")
        ),
    )
    world = World(store=MemoryStore(capabilities=few))

    response = await world.get(f"/api/v1/{address}", asked)

    assert response.status_code == 400
    problem = problem_of(response)
    assert problem["type"] == "urn:umbel:problem:not-in-store"
    assert problem["parameter"] == parameter
    assert problem["detail"].startswith("This store cannot ")
    assert problem["detail"].endswith(sentence)
