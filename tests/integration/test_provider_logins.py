"""Logins by real providers over HTTP, with an Umbel made of its settings."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from tests.support.identity import (
    CLIENT_ID,
    CLIENT_SECRET,
    OidcServer,
    deny_at,
    log_in_at,
)
from umbel.app import make_directory
from umbel.composition import make_store, open_services
from umbel.settings import load_settings
from umbel.web_composition import web_application

pytestmark = pytest.mark.anyio

PEOPLE = {
    "u1": {"email": "ann@example.com", "email_verified": True, "groups": ["ops"]},
    "u2": {"email": "eve@example.com", "email_verified": True, "groups": ["visitors"]},
}


@pytest.fixture
def oidc() -> Iterator[OidcServer]:
    with OidcServer(PEOPLE) as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, oidc: OidcServer) -> Iterator[Starlette]:
    with ExitStack() as closing:
        yield application(tmp_path, closing, oidc)


def application(directory: Path, closing: ExitStack, oidc: OidcServer) -> Starlette:
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    providers = {"company": {"kind": "oidc", "label": "Example", "issuer": oidc.issuer, **client}}
    rules = [{"provider": "company", "claim": "groups", "value": "ops", "role": "operator"}]
    environ = {
        "HOME": str(directory), "UMBEL_DATA": str(directory / "data"),
        "UMBEL_AUTH_PROVIDERS": json.dumps(providers), "UMBEL_AUTH_RULES": json.dumps(rules),
    }  # fmt: skip
    loaded = load_settings({}, environ, directory)
    settings = loaded.one
    make_directory(settings)
    make_store(settings)
    services = open_services(settings, name=next(iter(loaded.clusters)))
    closing.callback(services.close)
    return web_application(loaded, {services.name: services})


@asynccontextmanager
async def browsing(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:5555") as client:
        yield client


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    async with browsing(app) as client:
        yield client


async def log_in(browser: httpx.AsyncClient, subject: str, target: str = "") -> httpx.Response:
    begun = await browser.get("/login/company", params={"next": target} if target else None)
    assert begun.status_code == 303
    query = log_in_at(begun.headers["location"], subject)
    return await browser.get("/login/company/callback", params=query)


async def test_somebody_logs_in_and_out_again_by_openid_connect(
    browser: httpx.AsyncClient, oidc: OidcServer
) -> None:
    at_login = await browser.get("/tasks", headers={"accept": "text/html"})
    at_once = await browser.get(at_login.headers["location"])
    assert at_once.headers["location"] == "/login/company?next=tasks"

    response = await log_in(browser, "u1", "tasks")
    me = (await browser.get("/api/v1/me")).json()
    out = (await browser.post("/api/v1/logout", json={})).json()

    assert response.headers["location"] == "/tasks"
    assert (me["name"], me["label"], me["role"]) == (
        "company:ann@example.com",
        "Example",
        "operator",
    )
    assert out["go_on"].startswith(f"{oidc.base}/logout?")
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_whom_no_rule_fits_and_who_says_no_have_no_session(
    browser: httpx.AsyncClient,
) -> None:
    await log_in(browser, "u2")
    refused = (await browser.get("/login/options")).json()["refused"]
    begun = await browser.get("/login/company")
    denied = deny_at(begun.headers["location"])
    await browser.get("/login/company/callback", params=denied)
    failed = (await browser.get("/login/options")).json()["failed"]

    assert refused["claims"]["groups"] == ["visitors"]
    assert failed.startswith("Example did not let you in: access_denied.")
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_a_login_ends_with_a_logout_token_of_the_provider(
    browser: httpx.AsyncClient, oidc: OidcServer
) -> None:
    await log_in(browser, "u1")
    assert (await browser.get("/api/v1/me")).status_code == 200

    token = oidc.logout_token(sub="u1")
    forged = token[:-8] + "AAAAAAAA"
    wrong = await browser.post("/login/company/logout", data={"logout_token": forged})
    assert (wrong.status_code, (await browser.get("/api/v1/me")).status_code) == (400, 200)
    right = await browser.post("/login/company/logout", data={"logout_token": token})
    again = await browser.post("/login/company/logout", data={"logout_token": token})

    assert (right.status_code, again.status_code) == (200, 400)
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_a_provider_that_is_down_is_a_sentence_and_the_session_goes_on(
    browser: httpx.AsyncClient, app: Starlette, oidc: OidcServer
) -> None:
    await log_in(browser, "u1")
    oidc.close()

    async with browsing(app) as other:
        callback = await other.get("/login/company/callback?code=x&state=y")
        assert urlsplit(callback.headers["location"]).path == "/login"
    assert (await browser.get("/api/v1/tasks")).status_code == 200
