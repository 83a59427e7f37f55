"""What is believed of a reverse proxy, and where the prefix goes."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from umbel.web.http.proxies import Proxies
from umbel.web.http.trusted_proxies import LOOPBACK

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def seen(
    *,
    client: str | None = "127.0.0.1",
    path: str = "/api/v1/tasks",
    root_path: str = "",
    url_prefix: str = "",
    trusted: tuple[str, ...] = LOOPBACK,
    more: tuple[tuple[str, str], ...] = (),
    **headers: str,
) -> dict[str, Any]:
    """The scope as the application behind sees it."""
    found: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        found.append(scope)

    async def never(*_: object) -> Any:
        raise AssertionError

    pairs = [*((name.replace("_", "-"), value) for name, value in headers.items()), *more]
    scope: Scope = {
        "type": "http",
        "scheme": "http",
        "path": path,
        "root_path": root_path,
        "client": (client, 1234) if client else None,
        "headers": [(name.encode(), value.encode()) for name, value in pairs],
    }
    await Proxies(app, trusted=trusted, url_prefix=url_prefix)(scope, never, never)
    return dict(found[0])


async def test_a_trusted_proxy_says_who_asked_and_how() -> None:
    scope = await seen(
        host="10.0.0.1:5555",
        x_forwarded_for="203.0.113.9",
        x_forwarded_proto="https",
        x_forwarded_host="umbel.example.org",
    )

    assert scope["client"] == ("203.0.113.9", 0)
    assert scope["scheme"] == "https"
    assert (b"host", b"umbel.example.org") in scope["headers"]
    assert (b"host", b"10.0.0.1:5555") not in scope["headers"]


async def test_nobody_else_is_believed() -> None:
    scope = await seen(
        client="203.0.113.9",
        host="umbel",
        x_forwarded_for="10.0.0.1",
        x_forwarded_proto="https",
        x_forwarded_host="evil",
        x_forwarded_prefix="/evil",
    )

    assert scope["client"] == ("203.0.113.9", 1234)
    assert scope["scheme"] == "http"
    assert (b"host", b"umbel") in scope["headers"]
    assert scope["root_path"] == ""


async def test_who_asks_over_a_unix_socket_is_believed() -> None:
    scope = await seen(client=None, x_forwarded_for="203.0.113.9")

    assert scope["client"] == ("203.0.113.9", 0)


async def test_the_nearest_address_that_is_no_proxy_is_the_one_who_asked() -> None:
    scope = await seen(
        trusted=("127.0.0.1", "10.0.0.0/8"), x_forwarded_for="6.6.6.6, 203.0.113.9, 10.1.2.3"
    )

    assert scope["client"] == ("203.0.113.9", 0)


async def test_a_line_that_the_client_made_up_before_the_proxys_own_is_not_believed() -> None:
    scope = await seen(x_forwarded_for="6.6.6.6", more=(("x-forwarded-for", "203.0.113.9"),))

    assert scope["client"] == ("203.0.113.9", 0)


async def test_an_ipv4_address_written_as_an_ipv6_one_is_that_address() -> None:
    scope = await seen(
        client="::ffff:10.0.0.1",
        trusted=("10.0.0.0/8",),
        x_forwarded_for="::ffff:203.0.113.9, ::ffff:10.0.0.2",
    )

    assert scope["client"] == ("203.0.113.9", 0)


@pytest.mark.parametrize("told", ["unknown", "", " , ", "203.0.113.9:http"])
async def test_an_address_that_is_none_is_not_taken(told: str) -> None:
    assert (await seen(x_forwarded_for=told))["client"] == ("127.0.0.1", 1234)


@pytest.mark.parametrize("host", ["a b", "a/b", "<script>", ""])
async def test_a_host_that_is_none_is_not_taken(host: str) -> None:
    scope = await seen(host="umbel", x_forwarded_host=host)

    assert (b"host", b"umbel") in scope["headers"]


@pytest.mark.parametrize("path", ["/umbel/api/v1/tasks", "/api/v1/tasks"])
async def test_the_prefix_goes_whether_the_proxy_cut_it_off_or_not(path: str) -> None:
    scope = await seen(path=path, url_prefix="/umbel")

    assert scope["root_path"] == "/umbel"
    assert scope["path"] == "/umbel/api/v1/tasks"


async def test_a_path_that_only_begins_like_the_prefix_is_below_it() -> None:
    scope = await seen(path="/umbelliferae", url_prefix="/umbel")

    assert scope["path"] == "/umbel/umbelliferae"


async def test_a_trusted_proxy_can_say_the_prefix() -> None:
    scope = await seen(path="/api/v1/tasks", x_forwarded_prefix="/tools/umbel/")

    assert scope["root_path"] == "/tools/umbel"


@pytest.mark.parametrize("prefix", ["//evil.example", "/<script>", "umbel", '/"', "/a b"])
async def test_a_prefix_that_is_none_is_not_taken(prefix: str) -> None:
    assert (await seen(x_forwarded_prefix=prefix))["root_path"] == ""


async def test_a_mounted_application_keeps_what_it_is_mounted_under() -> None:
    scope = await seen(path="/tools/umbel/api/v1/tasks", root_path="/tools", url_prefix="/umbel")

    assert scope["root_path"] == "/tools/umbel"
    assert scope["path"] == "/tools/umbel/api/v1/tasks"
