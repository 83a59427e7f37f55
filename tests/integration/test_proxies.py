"""The configurations of nginx and Caddy in docs/deploy.md, run as they stand there."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.brokers import free_port, redis_database
from tests.support.processes import Process
from tests.support.services import absent
from tests.support.umbels import umbel_environment, umbel_serve
from tests.support.waiting import wait_until

pytestmark = pytest.mark.redis

PAGE = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"
NAME = "umbel.example.com"


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an Umbel on loopback that knows its name."""
    directory = tmp_path_factory.mktemp("proxied")
    environment = umbel_environment(UMBEL_ALLOWED_HOSTS=NAME)
    with (
        redis_database() as broker,
        umbel_serve(broker, directory / "data", environment=environment) as umbel,
    ):
        yield int(umbel.client.url.rpartition(":")[2])


@pytest.fixture(scope="module", params=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest, upstream: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the proxy, configured by the page."""
    if shutil.which(request.param) is None:
        absent(request.param, "it is not installed")
    directory = tmp_path_factory.mktemp(request.param)
    port = free_port()
    configured = nginx if request.param == "nginx" else caddy
    command = configured(directory, port, upstream)
    with Process(command, directory / "log", env=umbel_environment(HOME=str(directory))) as process:
        url = f"https://127.0.0.1:{port}"

        def answers() -> bool:
            process.must_run()
            with contextlib.suppress(httpx.TransportError), client(url) as asking:
                return asking.get("/livez").status_code == 200
            return False

        wait_until(answers, what=request.param)
        yield url


def block(language: str) -> str:
    """The example of the page in this language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def nginx(directory: Path, port: int, upstream: int) -> list[str]:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         f"/CN={NAME}", "-keyout", directory / "umbel.key", "-out", directory / "umbel.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    server = block("nginx").replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    server = server.replace("/etc/ssl/", f"{directory}/").replace(
        "127.0.0.1:5555", f"127.0.0.1:{upstream}"
    )
    temporary = "".join(
        f"{each}_temp_path {directory}/{each};"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"daemon off; pid {directory}/pid; error_log stderr; events {{}}\n"
    (directory / "nginx.conf").write_text(
        f"{main}http {{ access_log off; {temporary}\n{server}}}\n"
    )
    return ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")]


def caddy(directory: Path, port: int, upstream: int) -> list[str]:
    """Its own authority signs, since nobody else can for this name."""
    site = block("caddyfile").replace(f"{NAME} {{", f"{NAME}:{port} {{\n\ttls internal", 1)
    site = site.replace("127.0.0.1:5555", f"127.0.0.1:{upstream}")
    options = "{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n"
    (directory / "Caddyfile").write_text(options + site)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(directory / "Caddyfile")]


@contextlib.contextmanager
def client(url: str) -> Iterator[httpx.Client]:
    """Asks the proxy under its public name."""
    with httpx.Client(base_url=url, verify=False, timeout=20) as asking:  # noqa: S501
        asking.headers["host"] = f"{NAME}:{url.rpartition(':')[2]}"
        asking.event_hooks["request"] = [_with_name]
        yield asking


def _with_name(request: httpx.Request) -> None:
    request.extensions["sni_hostname"] = NAME


@pytest.mark.parametrize("prefix", ["", "/umbel"])
def test_pages_know_where_they_are(proxy: str, prefix: str) -> None:
    with client(proxy) as asking:
        page = asking.get(f"{prefix}/")

        assert page.status_code == 200
        assert f'<base href="{prefix}/"' in page.text
        assert asking.get(f"{prefix}/api/v1/status").status_code == 200


@pytest.mark.parametrize("prefix", ["", "/umbel"])
def test_events_come_at_once(proxy: str, prefix: str) -> None:
    with (
        client(proxy) as asking,
        asking.stream("GET", f"{prefix}/api/v1/live", timeout=15) as stream,
    ):
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in stream.iter_lines() if line.startswith("data:"))
        told = [json.loads(next(lines).removeprefix("data:")) for _ in range(2)]

    assert all(told)


@pytest.mark.parametrize("prefix", ["", "/umbel"])
def test_a_change_from_the_page_is_let_in_and_one_of_another_site_is_not(
    proxy: str, prefix: str
) -> None:
    plan = {"action": "revoke", "ids": ["8524ee04-05db-4556-9c4e-bd5ec7c54360"]}
    own = f"https://{NAME}:{proxy.rpartition(':')[2]}"
    with client(proxy) as asking:
        mine = asking.post(f"{prefix}/api/v1/actions", json=plan, headers={"origin": own})
        other = asking.post(
            f"{prefix}/api/v1/actions", json=plan, headers={"origin": "https://evil.example"}
        )

    assert mine.status_code < 400, mine.text
    assert other.status_code == 403
