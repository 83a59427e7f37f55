"""Metrics at a port of their own: nothing else is there, and nobody logs in."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import pytest

from tests.api.doors import USERS
from tests.api.world import World
from umbel.web.app import WebOptions
from umbel.web.scrape_access import NO_SCRAPER, ScrapeAccess

pytestmark = pytest.mark.anyio

PORT = 9540


def world_of(scrape: ScrapeAccess = NO_SCRAPER) -> World:
    return World(users=USERS, scrape=scrape, options=WebOptions(metrics_port=PORT))


async def get(world: World, path: str, port: int = PORT, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=world.app, client=("127.0.0.1", 50_000))
    url = f"http://localhost:{port}"
    async with httpx.AsyncClient(transport=transport, base_url=url) as client:
        return await client.get(path, headers=headers)


async def test_metrics_are_there_without_a_login() -> None:
    answer = await get(world_of(), "/metrics")

    assert answer.status_code == 200
    assert "flower_worker_online" in answer.text


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/tasks", "/api/tasks", "/login", "/livez", "/metrics/x", "/c/a/metrics"]
)
async def test_nothing_else_is_there(path: str) -> None:
    assert (await get(world_of(), path)).status_code == 404


async def test_at_the_servers_own_port_everything_is_as_before() -> None:
    world = world_of()

    assert (await get(world, "/metrics", port=5555)).status_code == 401
    assert (await get(world, "/login", port=5555)).status_code == 200


@pytest.mark.parametrize("users", [USERS, ()])
async def test_where_there_is_a_token_it_has_to_be_shown(users: Sequence[str]) -> None:
    world = World(users=users, scrape=ScrapeAccess("s3"), options=WebOptions(metrics_port=PORT))

    assert (await get(world, "/metrics")).status_code == 401
    assert (await get(world, "/metrics", authorization="Bearer s3")).status_code == 200


async def test_host_names_are_checked_there_too() -> None:
    world = World(options=WebOptions(metrics_port=PORT))

    assert (await get(world, "/metrics", host=f"evil.example:{PORT}")).status_code == 421
