"""Under which host names a server answers, and where browsers are told to keep to HTTPS."""

from __future__ import annotations

import socket

import httpx
import pytest

from tests.api.doors import USERS
from tests.api.world import World, problem_of
from umbel.web.app import WebOptions
from umbel.web.security import own_names

#: A server that others reach without a login (--insecure), as `app.py` opens it.
INSECURE = WebOptions(only_loopback=False, own_hosts=own_names("monitor.corp.example"))

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def own() -> list[str]:
    name = socket.gethostname()
    return [name, name.upper() + ":5555", name.partition(".")[0] + ".local"]


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "10.0.0.1.example", ""])
async def test_without_a_login_a_foreign_name_is_refused_with_what_to_set(host: str) -> None:
    response = await World(options=INSECURE).post(
        "/api/v1/actions", {"kind": "shutdown", "workers": ["a"]}, headers={"host": host}
    )

    assert response.status_code == 421
    assert "--allowed-hosts" in problem_of(response)["detail"]


@pytest.mark.parametrize(
    "host",
    [*own(), "localhost:5555", "10.0.0.1:5555", "[2001:db8::1]:5555", "Monitor.Corp.example."],
)
async def test_without_a_login_addresses_and_own_names_are_answered(host: str) -> None:
    answer = await World(options=INSECURE).get("/api/v1/status", headers={"host": host})

    assert answer.status_code == 200


@pytest.mark.parametrize("allowed", ["umbel", "*.example", "*"])
async def test_names_that_were_allowed_are_answered(allowed: str) -> None:
    options = WebOptions(only_loopback=False, allowed_hosts=(allowed,))
    host = allowed.replace("*", "umbel.corp")

    answer = await World(options=options).get("/api/v1/status", headers={"host": host})

    assert answer.status_code == 200


async def test_an_address_is_answered_beside_the_names_that_were_allowed() -> None:
    world = World(options=WebOptions(only_loopback=False, allowed_hosts=("umbel",)))

    assert (await world.get("/livez", headers={"host": "10.1.2.3:5555"})).status_code == 200
    assert (await world.get("/livez", headers={"host": "evil.example"})).status_code == 421


async def test_with_a_login_any_name_is_answered_since_a_page_has_no_cookie_of_ours() -> None:
    world = World(options=WebOptions(only_loopback=False), users=USERS)

    response = await world.get("/api/v1/tasks", headers={"host": "evil.example"})

    assert response.status_code == 401


async def sent_over(scheme: str, host: str, **headers: str) -> httpx.Headers:
    world = World(options=WebOptions(only_loopback=False))
    transport = httpx.ASGITransport(app=world.app, client=("127.0.0.1", 50_000))
    async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://localhost") as client:
        return (await client.get("/livez", headers={"host": host, **headers})).headers


@pytest.mark.parametrize("host", ["umbel.example.com", "umbel.example.com:443"])
async def test_over_https_at_the_usual_port_browsers_are_told_to_keep_to_it(host: str) -> None:
    headers = await sent_over("https", host)

    assert headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.parametrize(
    ("scheme", "host"),
    [
        ("http", "umbel.example.com"),
        ("https", "umbel.example.com:5555"),
        ("https", "localhost"),
        ("https", "10.0.0.1"),
        ("https", "[2001:db8::1]"),
        ("https", "a b"),
    ],
)
async def test_elsewhere_they_are_not_since_it_would_hold_for_other_programs(
    scheme: str, host: str
) -> None:
    assert "strict-transport-security" not in await sent_over(scheme, host)


async def test_https_that_a_proxy_speaks_is_the_proxys_matter() -> None:
    headers = await sent_over("http", "umbel.example.com", **{"x-forwarded-proto": "https"})

    assert "strict-transport-security" not in headers


async def test_a_person_is_told_what_the_proxy_has_to_hand_on() -> None:
    headers = {"host": "flower.corp:80", "accept": "text/html"}
    page = await World().get("/", headers=headers)
    program = await World().get("/api/v1/tasks", headers={"host": "<b>flower.corp"})

    assert page.status_code == program.status_code == 421
    assert "allowed_hosts = [&quot;flower.corp&quot;]" in page.text
    assert "proxy_set_header Host $http_host;" in page.text
    assert "<b>" not in (await World().get("/", headers={**headers, "host": "<b>x"})).text
    assert "allowed_hosts" in program.json()["detail"]


async def test_with_a_login_the_name_that_a_trusted_proxy_brings_counts() -> None:
    options = WebOptions(only_loopback=False, allowed_hosts=("umbel.corp",))
    world = World(options=options, users=USERS)
    brought = {"host": "upstream:5555", "x-forwarded-host": "umbel.corp"}

    assert (await world.get("/livez", headers=brought)).status_code == 200
    assert (await world.get("/livez", headers={"host": "upstream:5555"})).status_code == 421
    without = World(options=options)
    assert (await without.get("/livez", headers=brought)).status_code == 421
