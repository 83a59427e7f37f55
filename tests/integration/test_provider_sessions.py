"""Sessions of people whom a real OpenID provider let in: groups read again, faults, removals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest

from tests.api.provider_world import ProviderWorld
from tests.support.identity import OidcServer, Reply, log_in_at
from tests.support.identity.logins import provider_of
from tests.support.redirect_provider import MemoryProvider
from umbel.clock import SystemClock

pytestmark = pytest.mark.anyio
HOUR_S = 3_500


@pytest.fixture
def server() -> Iterator[OidcServer]:
    people = {
        "u1": {"email": "ann@example.com", "email_verified": True, "groups": ["ops"]},
        "u2": {"email": "eve@example.com", "email_verified": True, "groups": ["visitors"]},
    }
    with OidcServer(people) as it:
        yield it


@pytest.fixture
def world(tmp_path: Path, server: OidcServer) -> ProviderWorld:
    """Its clock and that of the provider are set together by `an_hour_later`."""
    provider = provider_of({"issuer": server.issuer}, SystemClock())
    # Of the provider, the world needs what the contract says.
    world = ProviderWorld(tmp_path, cast(MemoryProvider, provider))
    world.clock.time = time.time()
    return world


@pytest.fixture
async def browser(world: ProviderWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with world.browser() as client:
        yield client


async def log_in(browser: httpx.AsyncClient, subject: str) -> httpx.Response:
    """Through the provider's page, and back."""
    begun = await browser.get("/login/company")
    query = await asyncio.to_thread(log_in_at, begun.headers["location"], subject)
    return await browser.get("/login/company/callback", params=query)


async def name_of(browser: httpx.AsyncClient) -> str | None:
    """Who is logged in; None if nobody."""
    response = await browser.get("/api/v1/me")
    return response.json()["name"] if response.status_code == 200 else None


async def test_a_person_whom_a_rule_lets_in_is_logged_in(browser: httpx.AsyncClient) -> None:
    assert (await log_in(browser, "u1")).headers["location"] == "/"
    assert await name_of(browser) == "company:ann@example.com"


async def test_a_person_whom_no_rule_fits_is_not(browser: httpx.AsyncClient) -> None:
    assert (await log_in(browser, "u2")).headers["location"] == "/login?failed"
    assert await name_of(browser) is None


async def test_a_session_goes_on_with_a_new_refresh_token_each_hour(
    world: ProviderWorld, browser: httpx.AsyncClient, server: OidcServer
) -> None:
    await log_in(browser, "u1")

    for hour in (1, 2, 3):
        world.clock.time = time.time() + hour * HOUR_S
        assert await name_of(browser) == "company:ann@example.com"

    refreshes = [each for each in server.asked("/token") if "refresh_token" in each.form]
    assert len({each.form["refresh_token"] for each in refreshes}) == 3


@pytest.mark.parametrize("change", ["left the group", "removed"])
async def test_who_is_no_longer_let_in_is_out_within_the_hour(
    world: ProviderWorld, browser: httpx.AsyncClient, server: OidcServer, change: str
) -> None:
    await log_in(browser, "u1")
    if change == "removed":
        del server.people["u1"]
    else:
        server.people["u1"]["groups"] = ["ops-readers"]

    world.clock.time += HOUR_S

    assert await name_of(browser) is None


async def test_a_provider_that_fails_after_it_took_the_refresh_token_ends_no_session(
    world: ProviderWorld, browser: httpx.AsyncClient, server: OidcServer
) -> None:
    await log_in(browser, "u1")
    server.instead["/userinfo"] = Reply({}, 503)
    world.clock.time += HOUR_S
    during = await name_of(browser)
    del server.instead["/userinfo"]
    (row,) = world.ledger.sessions(world.clock.now())
    tokens = world.logins.sessions.tokens(row)
    again = await world.providers["company"].again(tokens, "u1")

    assert during == "company:ann@example.com"
    assert again is not None
    assert again.claimed.claims["groups"] == ["ops"]


async def test_without_a_refresh_token_a_session_lasts_beyond_the_access_token(
    world: ProviderWorld, browser: httpx.AsyncClient, server: OidcServer
) -> None:
    """Userinfo tells while the access token lasts; afterwards nobody can be asked."""
    server.gives_refresh = False
    server.lifetime_s = 60
    await log_in(browser, "u1")

    world.clock.time += HOUR_S

    assert await name_of(browser) == "company:ann@example.com"
