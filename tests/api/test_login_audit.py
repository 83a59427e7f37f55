"""Logins, logouts and refusals in the audit, and logouts that hold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.doors import USERS, basic, bearer, door
from tests.api.world import World
from umbel.services.control.login_audit import BURST
from umbel.store.sqlite.ledger import SqliteLedger

pytestmark = pytest.mark.anyio

OTTO = {"user": "otto", "password": "pw-otto"}


@pytest.fixture
def closed() -> World:
    """An Umbel with a login."""
    return World(users=USERS)


@pytest.fixture
async def browser(closed: World) -> AsyncIterator[httpx.AsyncClient]:
    async with closed.client(headers={"sec-fetch-site": "same-origin"}) as client:
        yield client


async def audit(world: World, **wanted: Any) -> list[dict[str, Any]]:
    """Lines as the API tells them, newest first."""
    response = await world.get("/api/v1/audit", headers=basic("ada", "pw-ada"), **wanted)
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def told(line: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(line[name] for name in names)


async def test_a_login_and_a_logout_stand_in_the_audit(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await browser.post("/login", json=OTTO)
    await browser.post("/api/v1/logout", json={})

    went, came = await audit(closed, actor="otto")
    assert told(came, "action", "outcome", "via", "address") == (
        "login", "done", "browser", "127.0.0.1",
    )  # fmt: skip
    assert told(went, "action", "outcome", "via") == ("logout", "done", "browser")


async def test_a_wrong_password_stands_there_with_the_name_and_without_the_password(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await browser.post("/login", json={"user": "ot\x1bto", "password": "hunter2"})
    await closed.get("/api/tasks", headers=basic("vera", "hunter2"))

    by_header, by_page = await audit(closed, action="login")
    assert told(by_page, "actor", "target", "outcome", "via") == (
        "anonymous", 'the name "ot\\x1bto"', "refused", "browser",
    )  # fmt: skip
    assert told(by_header, "target", "via") == ('the name "vera"', "flower")
    assert "hunter2" not in str(await audit(closed))


async def test_guessing_without_end_writes_an_end_of_lines(closed: World) -> None:
    async with closed.client() as client:
        for number in range(BURST + 30):
            await client.post("/login", json={**OTTO, "password": f"{number}"})

    lines = closed.ledger.audit(limit=1_000, action="login").items
    assert BURST <= len(lines) <= BURST + 5
    assert {line.answer for line in lines[-20:]} == {
        "The name or the password is wrong.", "There were too many wrong passwords.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("role", "path", "body", "target"),
    [
        ("viewer", "/api/v1/actions", {"action": "ping"}, "POST /api/v1/actions"),
        ("viewer", "/api/task/revoke/x", {}, "POST /api/task/revoke/x"),
        ("operator", "/api/v1/actions", {"action": "shutdown"}, "shutdown"),
    ],
)
async def test_what_somebody_may_not_do_stands_there_as_refused(
    closed: World, role: Any, path: str, body: dict[str, Any], target: str
) -> None:
    response = await closed.post(path, body, headers=bearer(closed.ledger, role))

    assert response.status_code == 403
    (line,) = await audit(closed)
    assert told(line, "actor", "action", "target", "outcome") == (
        f"token:a-{role}", "refused", target, "refused",
    )  # fmt: skip
    assert line["answer"]


@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/tasks", "/metrics"])
async def test_a_token_that_lets_nobody_in_stands_there_without_its_secret(
    closed: World, path: str
) -> None:
    headers = bearer(closed.ledger, "operator", "ci-deploy")
    closed.ledger.drop_token("ci-deploy")

    response = await closed.get(path, headers=headers)

    (line,) = await audit(closed)
    assert response.status_code == 401
    assert told(line, "actor", "action", "outcome", "address", "target") == (
        "anonymous", "login", "refused", "127.0.0.1", 'the token "ci-deploy"',
    )  # fmt: skip
    assert headers["authorization"].rpartition("_")[2] not in str(line)


async def test_wrong_tokens_stand_there_where_there_is_no_login_too() -> None:
    world = World()

    await world.get("/api/v1/me", headers={"authorization": "Bearer umbel_x"})
    await world.get("/api/v1/me", headers={"authorization": "Bearer a-proxys-own"})

    (line,) = world.ledger.audit().items
    assert (line.target, line.outcome) == ("a token", "refused")


async def test_wrong_tokens_without_end_write_an_end_of_lines(closed: World) -> None:
    async with closed.client(headers={"authorization": "Bearer umbel_x_y"}) as client:
        for _ in range(BURST + 30):
            assert (await client.get("/api/v1/tasks")).status_code == 401

    assert BURST <= len(closed.ledger.audit(limit=1_000).items) <= BURST + 5


async def test_what_read_only_refuses_stands_there_too() -> None:
    world = World(users=USERS, read_only=True)

    await world.post("/api/v1/actions", {"action": "ping"}, headers=basic("ada", "pw-ada"))

    (line,) = await audit(world)
    assert told(line, "actor", "action") == ("ada", "refused")
    assert "--read-only" in line["answer"]


async def test_looking_around_leaves_no_line(closed: World) -> None:
    await closed.get("/api/v1/tasks", headers=basic("vera", "pw-vera"))
    await closed.get("/api/v1/tasks")

    assert await audit(closed) == []


async def test_a_logout_holds_after_a_restart(tmp_path: Path) -> None:
    def after_a_start() -> World:
        world = World(users=USERS)
        ledger = SqliteLedger(tmp_path)
        world.access.sessions = door(
            USERS, ledger, world.services.login_audit, world.clock
        ).sessions
        return world

    first = after_a_start()
    async with first.client() as client:
        await client.post("/login", json=OTTO)
        copy = dict(client.cookies)
        assert (await client.get("/api/v1/me")).status_code == 200
        await client.post("/api/v1/logout", json={})
    second = after_a_start()

    async with second.client(cookies=copy) as thief:
        assert (await thief.get("/api/v1/me")).status_code == 401


async def test_a_logout_is_known_to_the_servers_beside_it(
    closed: World, browser: httpx.AsyncClient
) -> None:
    beside = World(users=USERS)
    beside.access.sessions = door(
        USERS, closed.ledger, beside.services.login_audit, beside.clock
    ).sessions
    await browser.post("/login", json=OTTO)
    copy = dict(browser.cookies)

    await browser.post("/api/v1/logout", json={})

    async with beside.client(cookies=copy) as thief:
        assert (await thief.get("/api/v1/me")).status_code == 401
