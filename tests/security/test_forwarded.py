"""What a reverse proxy passes on of its clients: addresses alone, and not many of them."""

from __future__ import annotations

import pytest

from tests.api.doors import USERS, basic
from tests.api.world import World
from umbel.web.http.proxies import HOPS_MAX

pytestmark = pytest.mark.anyio

WRONG = {"user": "otto", "password": "a guess"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def address_in_the_audit(forwarded_for: str) -> str:
    """Where a wrong password came from, as the audit tells it."""
    world = World(users=USERS)
    headers = {"x-forwarded-for": forwarded_for}
    await world.post("/login", WRONG, headers=headers)
    lines = (await world.get("/api/v1/audit", headers=basic("ada", "pw-ada"))).json()["items"]
    address: str = lines[0]["address"]
    return address


@pytest.mark.parametrize(
    "told",
    [
        "fe80::1%\x1b[31mEVIL",
        "fe80::1%eth0",
        "::1%<script>alert(1)</script>",
        "203.0.113.9 evil",
        "203.0.113.9:http",
        "203.0.113.9:",
        "203.0.113.9:123456",
        "203.0.113.9:1:2",
        "[203.0.113.9]:\x1b[31m",
        "[2001:db8::9%eth0]:443",
        "[2001:db8::9",
        "[" * 10_000,
        "203.0.113.9:" + "1" * 10_000,
        "2001:db8::" + "0" * 10_000 + "1",
        "127.0.0.1," * 7_000,
        ",".join(["203.0.113.9", *["127.0.0.1"] * HOPS_MAX]),
    ],
    ids=[
        "escape",
        "interface",
        "script",
        "words",
        "port in words",
        "no port",
        "long port",
        "two ports",
        "port of escapes",
        "interface and port",
        "half a bracket",
        "brackets",
        "very long port",
        "long",
        "many",
        "one too many",
    ],
)
async def test_what_is_no_address_is_not_the_clients(told: str) -> None:
    assert await address_in_the_audit(told) == "127.0.0.1"


@pytest.mark.parametrize(
    "told",
    [
        "203.0.113.9",
        "made up, 203.0.113.9",
        ",".join(["203.0.113.9", *["127.0.0.1"] * (HOPS_MAX - 1)]),
        "x" * 70_000 + ",203.0.113.9",
        "203.0.113.9:5678",
        "[2001:db8::1]:443, 203.0.113.9:5678, [::1]:443, 127.0.0.1:80",
        "[::ffff:203.0.113.9]:1",
    ],
    ids=[
        "one",
        "behind what the client made up",
        "far away",
        "behind much",
        "with a port",
        "with ports",
        "as one of IPv6, with a port",
    ],
)
async def test_the_nearest_address_that_is_no_proxys_is_the_clients(told: str) -> None:
    assert await address_in_the_audit(told) == "203.0.113.9"


async def test_an_address_of_ipv6_may_come_in_brackets() -> None:
    assert await address_in_the_audit("[2001:db8::9]:443") == "2001:db8::9"
    assert await address_in_the_audit("[2001:db8::9]") == "2001:db8::9"


async def test_a_long_prefix_is_not_taken() -> None:
    world = World()

    page = await world.get("/", headers={"x-forwarded-prefix": "/a" * 5_000})

    assert "/a/a" not in page.text
