"""Who may come in to a real `umbel serve`: passwords, tokens, HTTPS, and Flower's way."""

from __future__ import annotations

import shutil
import signal
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import httpx
import pytest

from tests.support.brokers import free_port, redis_database
from tests.support.services import absent
from tests.support.umbels import UMBEL, umbel_command, umbel_environment
from tests.support.waiting import wait_until

OTTO = ("otto", "pw-otto")
READY = "/livez"


@contextmanager
def served(
    directory: Path,
    *arguments: str,
    broker: str | None = None,
    scheme: str = "http",
    trusts: ssl.SSLContext | None = None,
    **environ: str,
) -> Iterator[httpx.Client]:
    """A client of `umbel serve`, once that answers; it must end in order. A history that is
    served twice names its broker."""
    port = free_port()
    with nullcontext(broker) if broker else redis_database() as url:
        environment = umbel_environment(
            UMBEL_BROKER=url, UMBEL_DATA=str(directory / "data"), UMBEL_PORT=str(port), **environ
        )
        log = directory / "serve.log"
        with umbel_command("serve", *arguments, log=log, environment=environment) as process:
            verify = trusts if trusts is not None else True
            address = f"{scheme}://127.0.0.1:{port}"
            with httpx.Client(base_url=address, verify=verify, timeout=20) as client:

                def answers() -> bool:
                    process.must_run()
                    try:
                        return client.get(READY).status_code == 200
                    except httpx.TransportError:
                        return False

                wait_until(answers, timeout_s=60, what="the server")
                yield client
                process.send_signal(signal.SIGTERM)
                assert process.wait() == 0


def status(client: httpx.Client, **shown: object) -> int:
    """What asking for tasks is answered with."""
    return client.get("/api/v1/tasks", **shown).status_code  # type: ignore[arg-type]


def test_a_session_and_a_token_outlive_the_server_and_end_when_they_should(
    tmp_path: Path, redis_url: str
) -> None:
    users = "otto:operator:pw-otto"
    data = str(tmp_path / "data")
    with served(tmp_path, broker=redis_url, UMBEL_AUTH_USERS=users) as client:
        assert status(client) == 401
        assert status(client, auth=OTTO) == 200
        login = client.post("/login", json={"user": "otto", "password": "pw-otto"})
        assert login.status_code == 200
        session = dict(client.cookies)
        made = subprocess.run(
            [UMBEL, "token", "create", "--data", data, "--name", "ci"],
            capture_output=True, text=True, check=True, env=umbel_environment(),
        )  # fmt: skip
        bearer = {"authorization": f"Bearer {made.stdout.strip()}"}
        client.cookies.clear()
        assert status(client, headers=bearer) == 200

    with served(tmp_path, broker=redis_url, UMBEL_AUTH_USERS=users) as client:
        assert status(client, headers=bearer) == 200
        client.cookies.update(session)
        assert client.get("/api/v1/me").json()["name"] == "otto"

    with served(tmp_path, broker=redis_url, UMBEL_AUTH_USERS="otto:operator:changed") as client:
        client.cookies.update(session)
        assert status(client) == 401


def test_flowers_options_start_umbel(tmp_path: Path) -> None:
    arguments = [
        "--basic_auth=otto:pw-otto",
        "--url_prefix=flower",
        "--read_only",
        "--max_workers=9",
    ]
    with served(tmp_path, *arguments, FLOWER_MAX_TASKS="5000") as client:
        me = client.get("/flower/api/v1/me", auth=OTTO).json()

        assert (me["role"], me["read_only"], me["permissions"]) == ("admin", True, ["read"])
    assert (
        "--max_workers is not needed: workers are kept on disk"
        in (tmp_path / "serve.log").read_text()
    )


def test_umbel_speaks_https_with_a_certificate_of_ones_own(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        absent("The command openssl", "it is not installed")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    options = ["--tls-cert", str(certificate), "--tls-key", str(key), "--basic-auth", "a:b"]
    trusts = ssl.create_default_context(cafile=str(certificate))

    with served(tmp_path, *options, scheme="https", trusts=trusts) as client:
        login = client.post("/login", json={"user": "a", "password": "b"})

        assert "Secure" in login.headers["set-cookie"]
        assert client.get("/api/v1/me").json()["name"] == "a"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_that_cannot_be_used_stops_the_start(
    tmp_path: Path, content: str | None
) -> None:
    certificate = tmp_path / "cert.pem"
    if content is not None:
        certificate.write_text(content)
    arguments = ["--tls-cert", str(certificate), "--tls-key", str(certificate), "--port", "0"]
    environment = umbel_environment(UMBEL_DATA=str(tmp_path / "data"))
    log = tmp_path / "serve.log"

    with umbel_command(
        "serve", "-b", "memory://", *arguments, log=log, environment=environment
    ) as process:
        assert process.wait() == 2

    said = log.read_text()
    assert f"HTTPS cannot be served with {certificate}" in said
    assert "Traceback" not in said
