"""Links into Flower's pages, as they stand in runbooks and chats, lead to ours."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.world import World
from umbel.web.app import WebOptions

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("flower", "umbel"),
    [
        ("/task/8524ee04-05db-4556-9c4e-bd5ec7c54360",
         "/tasks/8524ee04-05db-4556-9c4e-bd5ec7c54360"),
        ("/task/order/4711", "/tasks/order%2F4711"),
        ("/task/a%2Fb?x=1", "/tasks/a%2Fb"),
        ("/worker/celery@h.example.com", "/workers/celery%40h.example.com"),
        ("/worker/a.b@c/d", "/workers/a.b%40c%2Fd"),
        ("/broker", "/queues"),
        ("/logout", "/login?left#logout"),
        ("/favicon.ico", "/favicon.svg"),
        ("/static/favicon.ico", "/favicon.svg"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("prefix", ["", "/flower"])
async def test_a_page_of_flower_leads_to_ours(flower: str, umbel: str, prefix: str) -> None:
    response = await World(options=WebOptions(url_prefix=prefix)).get(f"{prefix}{flower}")

    assert (response.status_code, response.headers["location"]) == (302, f"{prefix}{umbel}")
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("flower", "q", "order"),
    [
        ("state=FAILURE", "state:FAILURE", None),
        ("state=failure&worker=celery@a.b&name=", "state:FAILURE worker:=celery@a.b", None),
        ("type=shop.send&state=All", "name:=shop.send", None),
        ("name=a b (c)", 'name:="a b (c)"', None),
        ("name=shop.*", 'name:="shop.*"', None),
        ("search=kwargs:acme&sort_by=-received", "kwargs:acme", "-received"),
        ("sort_by=uuid", None, None),
        ("state=", None, None),
    ],
)
async def test_filters_of_flower_become_the_search_that_means_the_same(
    world: World, flower: str, q: str | None, order: str | None
) -> None:
    response = await world.get(f"/tasks?{flower}")
    found = urlsplit(response.headers["location"])

    assert (response.status_code, found.path) == (302, "/tasks")
    assert parse_qs(found.query) == {
        name: [value] for name, value in (("q", q), ("order", order)) if value is not None
    }


@pytest.mark.parametrize(
    "address", ["/tasks", "/tasks?q=state:FAILURE", "/tasks?order=name&name=x"]
)
async def test_our_own_addresses_stay(world: World, address: str) -> None:
    assert (await world.get(address)).status_code in {200, 503}  # 503: no pages were built


async def test_what_is_flowers_alone_says_so_in_plain_text(world: World) -> None:
    for address in ("/tasks/datatable", "/static/js/flower.js"):
        response = await world.get(address)

        assert response.status_code == 404
        assert response.headers["content-type"].startswith("text/plain")
    async with world.client() as client:
        answer = await client.post("/tasks/datatable", data={"draw": "1"})
    assert answer.status_code == 404
    assert "GET /api/tasks" in answer.text


async def test_the_sockets_of_an_older_flower_are_told_what_streams_now(world: World) -> None:
    answer = await world.get("/api/task/events/task-succeeded/")

    assert answer.status_code == 404
    assert "/api/v1/live" in answer.text
