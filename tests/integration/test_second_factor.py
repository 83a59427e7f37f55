"""Second factors and bounded tokens of a real `umbel serve`, with its commands."""

from __future__ import annotations

import base64
import subprocess
import time
from pathlib import Path

import httpx

from tests.integration.test_access import served
from tests.support.umbels import UMBEL, umbel_environment
from umbel.auth.totp import code_of, step_at

USERS = "otto:operator:pw-otto,ada:admin:pw-ada"
OTTO = {"user": "otto", "password": "pw-otto"}


def command(*arguments: str) -> str:
    """What a command prints."""
    return subprocess.run(
        [UMBEL, *arguments], capture_output=True, text=True, check=True, env=umbel_environment()
    ).stdout


def turned_on(client: httpx.Client) -> tuple[str, str, list[str]]:
    """Otto's secret, the code that turned it on, and the recovery codes."""
    assert client.post("/login", json=OTTO).status_code == 200
    secret: str = client.post("/api/v1/second-factor/begin", json={"password": "pw-otto"}).json()[
        "secret"
    ]
    code = shown(secret)
    confirmed = client.post("/api/v1/second-factor/confirm", json={"code": code})
    recovery: list[str] = confirmed.json()["recovery"]
    client.cookies.clear()
    return secret, code, recovery


def shown(secret: str, steps: int = 0) -> str:
    """What an authenticator shows."""
    return code_of(base64.b32decode(secret), step_at(time.time()) + steps)


def login(client: httpx.Client, **given: str) -> int:
    status = client.post("/login", json={**OTTO, **given}).status_code
    client.cookies.clear()
    return status


def test_a_second_factor_outlives_the_server_and_a_copy_until_it_is_reset(
    tmp_path: Path, redis_url: str
) -> None:
    data = str(tmp_path / "data")
    with served(tmp_path, broker=redis_url, UMBEL_AUTH_USERS=USERS) as client:
        secret, first, recovery = turned_on(client)
        code = shown(secret, 1)
        assert login(client) == 401
        assert login(client, code=first) == 401
        assert login(client, code=code) == 200
        assert login(client, code=code) == 401

    with served(tmp_path, broker=redis_url, UMBEL_AUTH_USERS=USERS) as client:
        assert client.get("/api/v1/tasks", auth=("otto", "pw-otto")).status_code == 401
        assert login(client, code=code) == 401
        assert login(client, code=recovery[0]) == 200
    assert secret not in (tmp_path / "serve.log").read_text()

    copy = tmp_path / "restored"
    command("backup", str(copy / "data"), "--data", data)
    with served(copy, broker=redis_url, UMBEL_AUTH_USERS=USERS) as client:
        assert login(client) == 401
        assert login(client, code=recovery[0]) == 401
        assert login(client, code=recovery[1]) == 200
        assert "otto" in command("second-factor", "list", "--data", str(copy / "data"))
        command("second-factor", "reset", "otto", "--data", str(copy / "data"))
        assert login(client) == 200


def test_a_bounded_token_of_the_command_is_known_to_the_server(
    tmp_path: Path, redis_url: str
) -> None:
    data = str(tmp_path / "data")
    with served(tmp_path, broker=redis_url, UMBEL_AUTH_USERS=USERS) as client:
        made = command(
            "token",
            "create",
            "--data",
            data,
            "--name",
            "ci",
            "--role",
            "operator",
            "--tasks",
            "a.*",
        )
        bearer = {"authorization": f"Bearer {made.strip()}"}

        def sends(name: str) -> httpx.Response:
            return client.post("/api/v1/apply", json={"name": name}, headers=bearer)

        assert client.get("/api/v1/tasks", headers=bearer).status_code == 200
        assert sends("b.task").status_code == 403
        assert sends("a.task").status_code == 202
        listed = client.get("/api/v1/tokens", auth=("ada", "pw-ada")).json()["items"]
        assert [(each["name"], each["names"]) for each in listed] == [("ci", ["a.*"])]
        client.post("/api/v1/tokens/ci/revoke", json={}, auth=("ada", "pw-ada"))
        assert client.get("/api/v1/tasks", headers=bearer).status_code == 401
