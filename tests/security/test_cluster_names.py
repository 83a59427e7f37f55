"""Whoever has no role in a cluster cannot tell it from one that does not exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.api.two_clusters import PAGE, Two
from tests.api.world import NOW, collector
from umbel.auth.tokens import make_token

pytestmark = pytest.mark.anyio

_SESSION = re.compile(r'"session":\{"id":"[0-9a-f]{16,}",')


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def two(tmp_path: Path) -> Two:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "app-12345678.js").write_text("1")
    return Two(tmp_path)


class Seen(NamedTuple):
    """All of an answer but its time, the id of a session, and the name that was asked for."""

    status: int
    headers: list[tuple[str, str]]
    body: str


def seen(answer: httpx.Response, name: str) -> Seen:
    headers = [
        (key, value.replace(name, "NAME"))
        for key, value in answer.headers.items()
        if key not in {"content-length", "etag", "set-cookie", "date"}
    ]
    body = _SESSION.sub('"session":{"id":"ID",', answer.text)
    return Seen(answer.status_code, headers, body.replace(name, "NAME"))


#: Whatever can be asked below the address of a cluster.
PATHS = (
    *("/livez", "/readyz", "/healthcheck", "/login", "/assets/app-12345678.js", "/assets/no.js"),
    *("/", "/tasks", "/clusters", "/anything", "/a.b", "/metrics", "/api/v1", "/api/v1/tasks"),
    *("/api/v1/me", "/api/v1/clusters", "/api/v1/openapi.json", "/api/v1/live", "/api/v1/no"),
    *("%2Flivez", "%2Ftasks", "/%2e%2e/mail/api/v1/tasks", "/api/v1%2Ftasks", "/assets%2Fno.js"),
    *("/login%2F", "/%6civez", "", "?", "//livez", "/livez%00", "/assets/../api/v1/tasks"),
    *(
        "/login/options",
        "/login/okta",
        "/login/okta/callback?code=a&state=b",
        "/login?code=a&state=b",
    ),
    *("/access", "/sessions", "/api/v1/sessions", "/api/v1/sessions/end", "/api/v1/tokens"),
    *("/api/v1/second-factor/begin", "/api/v1/errors"),
    *("/api/v1/logout", "/api/workers", "/api/no", "/api/v1/livez", "/c/mail/livez", "/livez/"),
)
QUERIES = ("", "?a=b")


async def answers(client: httpx.AsyncClient, name: str) -> list[Seen]:
    found = []
    for path in PATHS:
        for query in QUERIES:
            for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
                for headers in ({}, PAGE):
                    answer = await client.request(
                        method, f"/c/{name}{path}{query}", headers=headers
                    )
                    found.append(seen(answer, name))
        for method in ("GET", "POST"):
            api = await client.request(method, f"/api/v1/clusters/{name}{path}")
            found.append(seen(api, name))
    return found


@pytest.mark.parametrize("is_ready", [True, False])
@pytest.mark.parametrize("user", ["", "vera"])
async def test_every_address_answers_alike(two: Two, user: str, is_ready: bool) -> None:
    if not is_ready:
        two.shop.store.report(collector(at=NOW - 600, broker_url="redis://shop.example:6379/0"))

    async with two.client(user) as client:
        existing, absent = await answers(client, "shop"), await answers(client, "pear")

    assert existing == absent


async def test_a_token_of_another_cluster_is_answered_alike(two: Two) -> None:
    token = make_token(two.mail.ledger, "ci", "admin", now=0, expires_s=None)

    async with two.client() as client:
        client.headers["authorization"] = f"Bearer {token}"
        existing, absent = await answers(client, "shop"), await answers(client, "pear")

    assert existing == absent


@pytest.mark.parametrize("user", ["vera", "nobody"])
async def test_logins_and_logouts_answer_alike(two: Two, user: str) -> None:
    found = []
    for name in ("shop", "pear"):
        async with two.client() as browser:
            body = {"user": user, "password": f"pw-{user}"}
            login = await browser.post(f"/c/{name}/login", json=body)
            me = await browser.get(f"/c/{name}/api/v1/me")
            out = await browser.post(f"/c/{name}/api/v1/logout", json={})
            again = await browser.post(f"/c/{name}/api/v1/logout", json={})
            found.append([seen(each, name) for each in (login, me, out, again)])

    assert found[0] == found[1]


async def test_the_probe_of_a_cluster_is_its_own_for_those_who_may_look(two: Two) -> None:
    two.shop.store.report(collector(at=NOW - 600))

    async with two.client("otto") as client:
        shop, mail = [await client.get(f"/c/{name}/readyz") for name in ("shop", "mail")]
    async with two.client() as stranger:
        outside = await stranger.get("/c/shop/readyz")

    assert [each.status_code for each in (shop, mail, outside)] == [503, 200, 200]


async def test_without_a_login_an_absent_cluster_is_not_there(tmp_path: Path) -> None:
    async with Two(tmp_path, is_open=True).client() as client:
        probes = [await client.get(f"/c/pear/{path}") for path in ("livez", "readyz", "login")]

    assert [each.status_code for each in probes] == [404] * 3
