"""The second factor of people with passwords, as they and those who guess meet it."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.doors import USERS, basic, bearer
from tests.api.two_clusters import Two
from tests.api.world import World, problem_of
from umbel.auth.totp import STEP_S, code_of, step_at
from umbel.web.second_factor.code_throttle import BURST, EVERY_S

pytestmark = pytest.mark.anyio

OTTO = {"user": "otto", "password": "pw-otto"}
FACTOR = "/api/v1/second-factor"
PASSWORD = {"password": "pw-otto"}


class Otto:
    """A person with an authenticator."""

    def __init__(self, world: World, secret: str, recovery: list[str]) -> None:
        self._world = world
        self.secret = secret
        self.recovery = recovery

    def code(self, steps: int = 0) -> str:
        """What the authenticator shows now."""
        step = step_at(self._world.clock.now()) + steps
        return code_of(base64.b32decode(self.secret), step)

    def later(self) -> str:
        """What it shows in a minute."""
        self._world.clock.time += 2 * STEP_S
        return self.code()


@pytest.fixture
def closed() -> World:
    """An Umbel with a login."""
    return World(users=USERS)


@asynccontextmanager
async def browser_of(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with world.client(headers={"sec-fetch-site": "same-origin"}) as client:
        yield client


@pytest.fixture
async def browser(closed: World) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(closed) as client:
        yield client


async def turned_on(world: World, client: httpx.AsyncClient) -> Otto:
    """Otto, who has turned it on in this browser, a minute later."""
    assert (await client.post("/login", json=OTTO)).status_code == 200
    begun = (await client.post(f"{FACTOR}/begin", json=PASSWORD)).json()
    otto = Otto(world, begun["secret"], [])
    confirmed = await client.post(f"{FACTOR}/confirm", json={"code": otto.code()})
    assert confirmed.status_code == 200, confirmed.text
    otto.recovery = confirmed.json()["recovery"]
    otto.later()
    return otto


async def login(world: World, **given: Any) -> httpx.Response:
    return await world.post("/login", {**OTTO, **given})


async def audit(world: World, **wanted: Any) -> list[dict[str, Any]]:
    response = await world.get("/api/v1/audit", headers=basic("ada", "pw-ada"), **wanted)
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def test_the_right_password_alone_no_longer_logs_in(
    closed: World, browser: httpx.AsyncClient
) -> None:
    otto = await turned_on(closed, browser)

    for given in ({}, {"code": ""}, {"code": "  "}):
        response = await login(closed, **given)
        assert problem_of(response)["type"] == "urn:umbel:problem:second-factor-needed"
        assert response.status_code == 401
        assert "set-cookie" not in response.headers
    response = await login(closed, code=otto.code())
    assert response.status_code == 200
    assert response.json()["name"] == "otto"
    assert response.headers["set-cookie"]


async def test_a_code_is_good_once(closed: World, browser: httpx.AsyncClient) -> None:
    otto = await turned_on(closed, browser)
    code = otto.code()

    assert (await login(closed, code=code)).status_code == 200
    assert (await login(closed, code=code)).status_code == 401
    assert (await login(closed, code=otto.later())).status_code == 200


async def test_a_code_is_good_once_with_every_server_of_the_ledger(
    closed: World, browser: httpx.AsyncClient
) -> None:
    otto = await turned_on(closed, browser)
    beside = World(users=USERS, ledger=closed.ledger)
    beside.clock.time = closed.clock.time

    assert (await login(closed, code=otto.code())).status_code == 200
    assert (await login(beside, code=otto.code())).status_code == 401


async def test_a_wrong_code_and_a_wrong_password_are_told_alike(
    closed: World, browser: httpx.AsyncClient
) -> None:
    otto = await turned_on(closed, browser)

    wrong_code = problem_of(await login(closed, code="000000"))
    wrong_password = problem_of(await login(closed, password="x", code=otto.code()))  # noqa: S106
    no_such_name = problem_of(await login(closed, user="eve", code=otto.code()))

    assert wrong_code == wrong_password == no_such_name
    assert "code" in wrong_code["detail"]


async def test_who_knows_the_password_cannot_guess_the_code(
    closed: World, browser: httpx.AsyncClient
) -> None:
    """From however many addresses, and however the code is written."""
    otto = await turned_on(closed, browser)
    wrong = next(f"{n:06}" for n in range(9) if f"{n:06}" not in map(otto.code, (-1, 0, 1)))

    async def tried(number: int, code: str) -> httpx.Response:
        headers = {"x-forwarded-for": f"192.0.{number}.7"}
        return await closed.post("/login", {**OTTO, "code": code}, headers=headers)

    statuses = [(await tried(n, wrong)).status_code for n in range(BURST + 5)]
    assert statuses == [401] * BURST + [429] * 5
    right = otto.code()
    for written in (right, f"{right[:3]} {right[3:]}", "-".join(right), f"{right}-----------"):
        response = await tried(200, written)
        assert response.status_code == 429
        assert 0 < int(response.headers["retry-after"]) <= EVERY_S
    assert "recovery code" in problem_of(response)["detail"]
    # What cannot be guessed lets its owner in meanwhile.
    assert (await tried(201, "0" * 16)).status_code == 401
    assert (await tried(202, otto.recovery[0])).status_code == 200


async def test_right_logins_cost_no_attempts(closed: World, browser: httpx.AsyncClient) -> None:
    otto = await turned_on(closed, browser)

    for _ in range(BURST + 15):
        assert (await login(closed)).status_code == 401
        assert (await login(closed, code=otto.later())).status_code == 200


async def test_wrong_codes_count_as_wrong_passwords_do(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await turned_on(closed, browser)
    headers = {"x-forwarded-for": "192.0.2.7"}
    for _ in range(BURST):
        await closed.post("/login", {**OTTO, "code": "000000"}, headers=headers)

    response = await closed.post("/login", {"user": "ada", "password": "x"}, headers=headers)

    assert response.status_code == 429


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/tasks", "/metrics", "/api/v1/live"])
async def test_a_password_in_a_header_is_refused_with_what_to_do(
    closed: World, browser: httpx.AsyncClient, path: str
) -> None:
    """Also one that was right before, and is remembered."""
    headers = basic("otto", "pw-otto")
    assert (await closed.get("/api/v1/me", headers=headers)).status_code == 200
    await turned_on(closed, browser)

    for _ in range(2):
        response = await closed.get(path, headers=headers)
        assert response.status_code == 401
        assert "umbel token create" in response.text
    (line, *_) = await audit(closed, action="login")
    assert (line["outcome"], line["target"]) == ("refused", 'the name "otto"')
    assert "not shown" in line["answer"]
    assert (await closed.get("/api/v1/me", headers=basic("ada", "pw-ada"))).status_code == 200
    assert (
        await closed.get("/api/v1/me", headers=bearer(closed.ledger, "viewer"))
    ).status_code == 200


async def test_a_remembered_password_is_asked_for_the_code_each_time(
    closed: World, browser: httpx.AsyncClient
) -> None:
    otto = await turned_on(closed, browser)
    assert (await login(closed, code=otto.code())).status_code == 200

    assert problem_of(await login(closed))["type"] == "urn:umbel:problem:second-factor-needed"
    assert (await login(closed, code=otto.code())).status_code == 401
    assert (await login(closed, code=otto.later())).status_code == 200


async def test_a_recovery_code_logs_in_once_and_the_audit_says_so(
    closed: World, browser: httpx.AsyncClient
) -> None:
    otto = await turned_on(closed, browser)

    assert len(otto.recovery) == 10
    assert (await login(closed, code=otto.recovery[0])).status_code == 200
    assert (await login(closed, code=otto.recovery[0])).status_code == 401
    (line, *_) = await audit(closed, action="second-factor")
    assert (line["actor"], line["target"]) == ("otto", "a recovery code was used, 9 are left")


async def test_it_is_turned_off_by_a_code_and_not_without(
    closed: World, browser: httpx.AsyncClient
) -> None:
    otto = await turned_on(closed, browser)

    wrong = await browser.post(f"{FACTOR}/remove", json={"code": "000000"})
    assert problem_of(wrong)["parameter"] == "code"
    assert (await login(closed)).status_code == 401
    removed = await browser.post(f"{FACTOR}/remove", json={"code": otto.code()})

    assert removed.json() == {"removed": True}
    assert (await login(closed)).status_code == 200
    assert [line["target"] for line in await audit(closed, action="second-factor")] == [
        "it was turned off",
        "it was turned on",
    ]


async def test_guessing_in_a_stolen_session_ends_as_well(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await turned_on(closed, browser)

    statuses = [
        (await browser.post(f"{FACTOR}/remove", json={"code": "000000"})).status_code
        for _ in range(BURST + 1)
    ]

    assert statuses == [409] * BURST + [429]
    assert (await login(closed)).status_code == 401


async def test_what_is_told_once_stands_nowhere_else(
    closed: World, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        otto = await turned_on(closed, browser)
        await login(closed, code="000000")
        await login(closed, code=otto.code())
        again = await browser.post(f"{FACTOR}/begin", json=PASSWORD)

    assert problem_of(again)["status"] == 409
    seen = str(closed.ledger.audit(limit=100).items) + caplog.text + again.text
    seen += repr(closed.ledger.second_factors())
    for secret in (otto.secret, base64.b32decode(otto.secret).hex(), *otto.recovery, "000000"):
        assert secret not in seen


async def test_the_secret_is_given_with_an_address_to_scan_and_kept_nowhere(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await browser.post("/login", json=OTTO)

    begun = await browser.post(f"{FACTOR}/begin", json=PASSWORD)

    assert begun.headers["cache-control"] == "no-store"
    assert begun.json()["address"] == (
        f"otpauth://totp/Umbel:otto%20%28localhost%29?secret={begun.json()['secret']}&issuer=Umbel"
    )
    # Nothing is asked for yet, and who begins again has another secret.
    assert (await login(closed)).status_code == 200
    again = await browser.post(f"{FACTOR}/begin", json=PASSWORD)
    assert again.json()["secret"] != begun.json()["secret"]
    old = Otto(closed, begun.json()["secret"], []).code()
    refused = await browser.post(f"{FACTOR}/confirm", json={"code": old})
    assert problem_of(refused)["parameter"] == "code"


async def test_only_who_has_logged_in_with_a_password_turns_it_on(closed: World) -> None:
    for headers in (basic("otto", "pw-otto"), bearer(closed.ledger, "admin")):
        for path, body in (
            ("begin", PASSWORD),
            ("confirm", {"code": "1"}),
            ("remove", {"code": "1"}),
        ):
            response = await closed.post(f"{FACTOR}/{path}", body, headers=headers)
            assert problem_of(response)["status"] == 409
    assert problem_of(await World().post(f"{FACTOR}/begin", PASSWORD))["status"] == 409
    assert closed.ledger.second_factors() == ()


async def test_another_site_turns_nothing_on(browser: httpx.AsyncClient) -> None:
    await browser.post("/login", json=OTTO)

    response = await browser.post(
        f"{FACTOR}/begin", json=PASSWORD, headers={"sec-fetch-site": "cross-site"}
    )

    assert problem_of(response)["type"] == "urn:umbel:problem:cross-site"


async def test_where_it_is_required_nothing_works_before_it_is_turned_on() -> None:
    world = World(users=USERS, second_factor_required=True)
    async with browser_of(world) as browser:
        assert (await browser.post("/login", json=OTTO)).status_code == 200
        for path in ("/api/v1/tasks", "/api/v1/clusters", "/api/tasks", "/metrics", "/api/v1/live"):
            response = await browser.get(path)
            assert problem_of(response)["type"] == "urn:umbel:problem:second-factor-missing", path
        assert (await browser.post("/api/v1/actions", json={})).status_code == 403
        me = (await browser.get("/api/v1/me")).json()
        assert (me["name"], me["permissions"]) == ("otto", [])
        assert me["second_factor"] == {"possible": True, "since": None, "required": True}
        page = {"accept": "text/html"}
        for path in ("/", "/tasks", "/metrics", "/workers?json=1"):
            response = await browser.get(path, headers=page)
            assert (response.status_code, response.headers["location"]) == (303, "/access"), path
        assert (await browser.get("/access", headers=page)).status_code not in {303, 403}
        assert (await browser.get("/api/tasks", headers=page)).status_code == 403

        await turned_on(world, browser)

        assert (await browser.get("/api/v1/tasks")).status_code == 200


async def test_where_it_is_required_programs_use_tokens() -> None:
    world = World(users=USERS, second_factor_required=True)

    refused = await world.get("/api/tasks", headers=basic("otto", "pw-otto"))

    assert refused.status_code == 403
    assert "Authorization: Bearer" in refused.text
    headers = bearer(world.ledger, "viewer")
    assert (await world.get("/api/tasks", headers=headers)).status_code == 200


async def test_a_probe_answers_whoever_shows_a_password_alone(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await turned_on(closed, browser)

    response = await closed.get("/readyz", headers=basic("otto", "pw-otto"))

    assert response.status_code in {200, 503}


async def test_several_clusters_show_nothing_to_who_has_to_turn_it_on(tmp_path: Path) -> None:
    two = Two(tmp_path, second_factor_required=True)

    async with two.client("ada") as client:
        for path in ("/metrics", "/api/v1/clusters", "/c/mail/metrics", "/c/mail/api/v1/tasks"):
            for accept in ("*/*", "text/html"):
                response = await client.get(path, headers={"accept": accept})
                for name in ("shop-task", "mail-task", "@box", 'cluster="', "Web shop"):
                    assert name not in response.text, path


async def test_it_is_turned_on_for_all_clusters_at_once(tmp_path: Path) -> None:
    two = Two(tmp_path)
    async with two.client() as client:
        await client.post("/login", json=OTTO)
        begun = (await client.post(f"{FACTOR}/begin", json=PASSWORD)).json()
        secret = base64.b32decode(begun["secret"])
        code = code_of(secret, step_at(two.clock.now()))
        await client.post(f"{FACTOR}/confirm", json={"code": code})

    for services in two.clusters.values():
        assert [each.user for each in services.ledger.second_factors()] == ["otto"]
    async with two.client("otto") as client:
        for path in ("/api/v1/me", "/c/shop/api/v1/tasks", "/c/mail/api/v1/tasks"):
            assert (await client.get(path)).status_code == 401


async def test_nobody_at_an_open_browser_turns_it_on_without_the_password(
    closed: World, browser: httpx.AsyncClient
) -> None:
    await browser.post("/login", json=OTTO)

    wrong = await browser.post(f"{FACTOR}/begin", json={"password": "guess"})
    none = await browser.post(f"{FACTOR}/begin", json={})

    assert (wrong.status_code, wrong.json()["detail"]) == (409, "The password is wrong.")
    assert none.status_code == 400
    assert (await login(closed)).status_code == 200
