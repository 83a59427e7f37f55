"""Several servers on one ledger: whoever is logged in at one is so at all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.api.doors import USERS
from tests.api.world import World
from umbel.store.opening import open_ledger

pytestmark = pytest.mark.anyio

OTTO = {"user": "otto", "password": "pw-otto"}


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two servers, each with a store and a connection to the ledger of its own."""
    ledgers = [open_ledger(f"sqlite:///{tmp_path}") for _ in range(2)]
    here, there = (World(users=USERS, ledger=ledger) for ledger in ledgers)
    yield here, there
    for ledger in ledgers:
        ledger.close()


@pytest.fixture
async def browsers(
    servers: tuple[World, World],
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """One browser that a balancer sends to either server."""
    cookies = httpx.Cookies()
    headers = {"sec-fetch-site": "same-origin"}
    here, there = servers
    async with here.client(headers=headers) as first, there.client(headers=headers) as second:
        first._cookies = second._cookies = cookies
        yield first, second


async def test_a_login_at_one_is_good_at_the_other(
    browsers: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    here, there = browsers
    assert (await there.get("/api/v1/tasks")).status_code == 401

    await here.post("/login", json=OTTO)

    assert len(here.cookies) == 1
    assert (await there.get("/api/v1/tasks")).status_code == 200
    assert (await there.get("/api/v1/me")).json()["name"] == "otto"
    assert (await here.get("/api/v1/tasks")).status_code == 200


async def test_a_logout_at_one_holds_at_the_other_for_every_copy_of_the_cookie(
    browsers: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    here, there = browsers
    await here.post("/login", json=OTTO)
    ((name, value),) = here.cookies.items()

    await there.post("/api/v1/logout", json={})

    copied = {"cookie": f"{name}={value}"}
    assert (await here.get("/api/v1/me", headers=copied)).status_code == 401
    assert (await there.get("/api/v1/me", headers=copied)).status_code == 401


async def test_a_server_with_another_ledger_knows_nothing_of_it(
    browsers: tuple[httpx.AsyncClient, httpx.AsyncClient],
) -> None:
    here, _ = browsers
    await here.post("/login", json=OTTO)

    async with World(users=USERS).client() as elsewhere:
        response = await elsewhere.get("/api/v1/tasks", headers={"cookie": _cookie(here)})

    assert response.status_code == 401


def _cookie(client: httpx.AsyncClient) -> str:
    ((name, value),) = client.cookies.items()
    return f"{name}={value}"
