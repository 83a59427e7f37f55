"""Headers that say who somebody is, sent by whoever would like to be that person."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.identified import ANN, PROXY, STRANGER, Identified, providers
from tests.api.world import problem_of
from tests.support.umbels import umbel_command, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from umbel.services.control.login_audit import BURST
from umbel.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio

AUTHELIA = providers(authelia={})
OPS = [("Remote-User", "olga"), ("Remote-Groups", "ops")]
FORGED = "urn:umbel:problem:forged-identity"
NEVER_ASKED = "redis://127.0.0.1:1/0"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server() -> Identified:
    return Identified(AUTHELIA)


@pytest.mark.parametrize(
    "path",
    [
        "/c/shop/api/v1/me",
        "/c/shop/api/v1/tasks",
        "/c/shop/api/workers",
        "/c/shop/metrics",
        "/metrics",
        "/api/v1/clusters",
        "/",
        "/login",
        "/livez",
        "/assets/x.js",
        "/c/nowhere/api/v1/me",
        "/api/v1/logout",
    ],
)
async def test_from_a_stranger_they_are_refused_everywhere(server: Identified, path: str) -> None:
    answer = await server.get(path, OPS, address=STRANGER)

    assert problem_of(answer)["type"] == FORGED
    assert "trusted_proxies" in problem_of(answer)["detail"]


async def test_the_refusal_stands_in_the_audit_with_the_address(server: Identified) -> None:
    await server.get(headers=OPS, address=STRANGER)

    for cluster in ("shop", "mail"):
        (line,) = server.audit(cluster)
        assert (line.actor, line.address, line.outcome) == ("anonymous", STRANGER, "refused")
        assert "did not come from a reverse proxy" in (line.answer or "")
        assert "olga" not in (line.answer or "")


async def test_a_flood_of_them_does_not_fill_the_audit(server: Identified) -> None:
    for _ in range(BURST + 20):
        await server.get(headers=OPS, address=STRANGER)

    assert len(list(server.clusters["shop"].ledger.audit(limit=500).items)) == BURST


@pytest.mark.parametrize(
    "more",
    [
        ("X-Forwarded-For", PROXY),
        ("X-Forwarded-For", f"{PROXY}, {PROXY}"),
        ("X-Real-Ip", PROXY),
        ("Forwarded", f"for={PROXY}"),
        ("X-Forwarded-Host", "localhost"),
        ("X-Forwarded-Proto", "https"),
    ],
    ids=lambda pair: pair[0],
)
async def test_no_other_header_makes_a_stranger_a_proxy(
    server: Identified, more: tuple[str, str]
) -> None:
    answer = await server.get(headers=[*OPS, more], address=STRANGER)

    assert problem_of(answer)["type"] == FORGED


async def test_it_is_the_connection_that_counts_not_the_client_that_a_proxy_tells(
    server: Identified,
) -> None:
    answer = await server.get(headers=[*OPS, ("X-Forwarded-For", STRANGER)])

    assert answer.json()["name"] == "authelia:olga"


@pytest.mark.parametrize(
    "shown",
    [
        [*OPS, ("Remote-User", "ada")],
        [*OPS, ("Remote-User", "")],
        [*OPS, ("remote-user", "olga")],
        [*OPS, ("Remote_User", "ada")],
        [("Remote_User", "olga"), ("Remote_Groups", "ops")],
        [("Remote.User", "olga")],
        [("Remote-User", "eve"), ("Remote_Groups", "ops")],
        [("Remote-User", "eve"), ("Remote-Groups", "dev"), ("Remote-Groups", "ops")],
        [("Remote-User", "eve"), ("Remote-Name", "Eve"), ("Remote_Name", "Olga")],
    ],
    ids=repr,
)
async def test_doubled_ones_and_their_look_alikes_are_refused(
    server: Identified, shown: list[tuple[str, str]]
) -> None:
    answer = await server.get(headers=shown)

    assert problem_of(answer)["type"] == FORGED
    assert server.audit()[0].outcome == "refused"


async def test_what_is_no_utf8_is_refused(server: Identified) -> None:
    async with server.client() as client:
        raw: Any = [(b"remote-user", b"\xff\xfe"), (b"remote-groups", b"ops")]
        answer = await client.get("/c/shop/api/v1/me", headers=raw)

    assert problem_of(answer)["type"] == FORGED


async def test_a_change_by_a_stranger_is_refused_even_with_a_right_password(
    server: Identified,
) -> None:
    body = {"user": "ada", "password": "pw-ada"}
    async with server.client(STRANGER, headers=dict(OPS)) as client:
        answer = await client.post("/login", json=body)

    assert problem_of(answer)["type"] == FORGED
    assert "set-cookie" not in answer.headers


async def test_headers_of_other_proxies_mean_nothing(server: Identified) -> None:
    shown = [("X-Forwarded-User", "olga"), ("X-Forwarded-Groups", "ops"), ("Remote-Roles", "ops")]

    assert (await server.get(headers=shown)).status_code == 401
    assert (await server.get(headers=shown, address=STRANGER)).status_code == 401


async def test_a_server_without_such_a_provider_reads_no_headers() -> None:
    server = Identified(())

    assert (await server.get(headers=OPS)).status_code == 401
    assert (await server.get(headers=OPS, address=STRANGER)).status_code == 401


async def test_flowers_api_and_metrics_are_open_to_whom_the_rules_let_in(
    server: Identified,
) -> None:
    assert (await server.get("/c/shop/api/tasks", ANN)).status_code == 200
    assert (await server.get("/c/shop/metrics", ANN)).status_code == 200
    assert 'cluster="mail"' in (await server.get("/metrics", ANN)).text
    assert (await server.get("/c/shop/api/tasks", {"remote-user": "eve"})).status_code == 403
    assert (await server.get("/metrics", {"remote-user": "eve"})).status_code == 403


async def test_who_may_act_on_some_tasks_may_not_on_others_or_on_workers(
    server: Identified,
) -> None:
    async with server.client(headers=ANN) as client:
        pool = await client.post("/c/shop/api/worker/pool/grow/w", params={"n": "1"})
        stop = await client.post(
            "/c/shop/api/v1/actions", json={"action": "shutdown", "workers": ["shop@box"]}
        )

    assert (pool.status_code, stop.status_code) == (403, 403)


SETTINGS = {
    "UMBEL_AUTH_PROVIDERS": json.dumps({"authelia": {}}),
    "UMBEL_AUTH_RULES": json.dumps([{"role": "admin", "claim": "groups", "value": "ops"}]),
}


@contextmanager
def running(directory: Path, **environment: str) -> Iterator[str]:
    """The address of a real server."""
    SqliteStore(directory, write=True).close()
    settings = umbel_environment(**SETTINGS, **environment)
    with umbel_serve(
        NEVER_ASKED, directory, "--no-collect", live=False, environment=settings
    ) as umbel:
        yield umbel.client.url


def raw(connection: socket.socket, *headers: str) -> int:
    """The status of a request with exactly these lines of headers."""
    lines = ["GET /api/v1/me HTTP/1.1", "Host: localhost", "Connection: close", *headers]
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    answer = b""
    while chunk := connection.recv(65_536):
        answer += chunk
    return int(answer.split()[1])


def test_a_real_server_believes_its_proxy_and_nobody_else(tmp_path: Path) -> None:
    with running(tmp_path / "trusts", UMBEL_TRUSTED_PROXIES="127.0.0.1") as url:
        port = int(url.rpartition(":")[2])

        def ask(*headers: str) -> int:
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                return raw(connection, *headers)

        me = httpx.get(f"{url}/api/v1/me", headers=dict(OPS)).json()
        assert (me["name"], me["role"]) == ("authelia:olga", "admin")
        assert ask("Remote-User: olga", "Remote-Groups: ops") == 200
        assert ask("REMOTE-USER:olga", "remote-groups:\tops") == 200
        assert ask("Remote-User: eve", "Remote-User: olga", "Remote-Groups: ops") == 403
        assert ask("Remote-User: eve", "Remote_User: olga", "Remote-Groups: ops") == 403
        assert ask("Remote-User: olga, ada", "Remote-Groups: ops") == 401
        assert ask("Remote-User: eve", "Remote-Groups: opsx, op, OPS") == 403
        assert ask("Remote-User:", "Remote-Groups: ops") == 401
        assert ask() == 401
    with running(tmp_path / "distrusts", UMBEL_TRUSTED_PROXIES="203.0.113.1") as url:
        assert httpx.get(f"{url}/api/v1/me", headers=dict(OPS)).status_code == 403
        shown = {**dict(OPS), "x-forwarded-for": "203.0.113.1"}
        assert httpx.get(f"{url}/api/v1/me", headers=shown).status_code == 403
        assert httpx.get(f"{url}/api/v1/me").status_code == 401


def test_on_a_unix_socket_headers_are_believed(tmp_path: Path) -> None:
    directory, path = tmp_path / "data", tmp_path / "umbel.sock"
    SqliteStore(directory, write=True).close()
    environment = umbel_environment(**SETTINGS, UMBEL_TRUSTED_PROXIES="203.0.113.1")
    arguments = ["serve", "-b", NEVER_ASKED, "--data", str(directory), "--no-collect"]
    with (
        umbel_command(
            *arguments, "--unix-socket", str(path), log=tmp_path / "log", environment=environment
        ) as process,
        httpx.Client(
            transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost"
        ) as client,
    ):

        def is_up() -> bool:
            process.must_run()
            return path.exists()

        wait_until(is_up, timeout_s=60)
        me = client.get("/api/v1/me", headers=dict(OPS)).json()

    assert me["name"] == "authelia:olga"
