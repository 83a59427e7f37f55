"""Prometheus reads `/metrics`, and nothing else, by a token of the settings or without one."""

from __future__ import annotations

import pytest

from tests.api.doors import USERS
from tests.api.world import World
from umbel.web.scrape_access import ScrapeAccess

pytestmark = pytest.mark.anyio

TOKEN = {"authorization": "Bearer s3 scrape"}


@pytest.fixture
def world() -> World:
    return World(users=USERS, scrape=ScrapeAccess("s3 scrape"))


async def test_the_token_of_the_settings_opens_metrics_alone(world: World) -> None:
    metrics = await world.get("/metrics", headers=TOKEN)

    assert metrics.status_code == 200
    assert "flower_worker_online" in metrics.text
    for path in ("/api/v1/tasks", "/api/tasks", "/workers?json=1", "/metrics/x", "/api/v1/me"):
        assert (await world.get(path, headers=TOKEN)).status_code == 401, path
    assert (await world.post("/metrics", headers=TOKEN)).status_code in {401, 405}


@pytest.mark.parametrize("shown", ["Bearer", "Bearer ", "Bearer s3 scrap", "Basic s3 scrape", ""])
async def test_another_token_opens_nothing(world: World, shown: str) -> None:
    headers = {"authorization": shown} if shown else {}

    assert (await world.get("/metrics", headers=headers)).status_code == 401


async def test_metrics_are_public_where_settings_say_so() -> None:
    world = World(users=USERS, scrape=ScrapeAccess(is_public=True))

    assert (await world.get("/metrics")).status_code == 200
    assert (await world.get("/api/tasks")).status_code == 401
