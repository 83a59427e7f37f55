"""The configuration of nginx in docs/logins/forward-auth.md, and the provider that it is for, run
as they stand there."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.brokers import free_port
from tests.support.identity.server import LocalServer, Reply, Request
from tests.support.processes import Process
from tests.support.services import absent
from tests.support.umbels import umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from umbel.store.sqlite import SqliteStore

PAGE = Path(__file__).resolve().parents[2] / "docs/logins/forward-auth.md"
NAME = "umbel.example.com"
NEVER_ASKED = "redis://127.0.0.1:1/0"


class Verifier(LocalServer):
    """Knows people by a cookie, as a service that nginx asks."""

    def answer(self, request: Request) -> Reply:
        who = request.headers.get("cookie", "").removeprefix("who=")
        if not who:
            return Reply(status=401)
        groups = {"ann": "dev,platform", "eve": "dev"}.get(who, "")
        headers = {"X-Auth-User": who, "X-Auth-Email": f"{who}@example.com"}
        return Reply(headers={**headers, **({"X-Auth-Groups": groups} if groups else {})})


def block(language: str) -> str:
    """The first example of the page in this language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An Umbel with the page's settings, whose proxy is on this machine."""
    directory = tmp_path_factory.mktemp("forward")
    SqliteStore(directory / "data", write=True).close()
    settings = directory / "umbel.toml"
    settings.write_text(re.sub(r'"10\.0\.0\.7"', '"127.0.0.1"', block("toml")))
    settings.chmod(0o600)
    options = ("--no-collect", "--config", str(settings))
    with umbel_serve(
        NEVER_ASKED, directory / "data", *options, live=False, environment=umbel_environment()
    ) as umbel:
        yield umbel.client.url


@pytest.fixture(scope="module")
def proxy(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of nginx, configured by the page."""
    if shutil.which("nginx") is None:
        absent("nginx", "it is not installed")
    directory, port = tmp_path_factory.mktemp("nginx"), free_port()
    with Verifier() as verifier:
        locations = block("nginx").replace("http://auth:9000", verifier.address)
        locations = locations.replace("http://10.0.0.8:5555", upstream)
        temporary = "".join(
            f"{each}_temp_path {directory}/{each};"
            for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        main = f"daemon off; pid {directory}/pid; error_log stderr; events {{}}\n"
        server = f"server {{ listen 127.0.0.1:{port};\n{locations}}}"
        (directory / "nginx.conf").write_text(
            f"{main}http {{ access_log off; {temporary}\n{server}}}\n"
        )
        command = ["nginx", "-p", str(directory), "-c", str(directory / "nginx.conf")]
        with Process(command, directory / "log", env=umbel_environment()) as process:
            url = f"http://127.0.0.1:{port}"

            def answers() -> bool:
                process.must_run()
                with contextlib.suppress(httpx.TransportError):
                    return ask(url, "/api/v1/me").status_code == 401
                return False

            wait_until(answers, what="nginx")
            yield url


def ask(url: str, path: str, *headers: tuple[str, str], who: str = "") -> httpx.Response:
    """The answer to one GET through the proxy, under its public name."""
    known = [("cookie", f"who={who}")] if who else []
    return httpx.get(url + path, headers=[("host", NAME), *known, *headers], timeout=20)


def test_people_are_whom_the_service_behind_nginx_names(proxy: str) -> None:
    me = ask(proxy, "/api/v1/me", who="ann").json()

    assert (me["name"], me["role"], me["email"]) == ("front:ann", "admin", "ann@example.com")
    assert ask(proxy, "/api/tasks", who="ann").status_code == 200


def test_whom_no_rule_fits_gets_no_entry(proxy: str) -> None:
    answer = ask(proxy, "/api/v1/me", who="eve")

    assert answer.status_code == 403
    assert answer.json()["type"] == "urn:umbel:problem:no-entry"


@pytest.mark.parametrize(
    "forged",
    [
        ("X-Auth-Groups", "platform"),
        ("X-Auth-User", "ann"),
        ("X_Auth_Groups", "platform"),
        ("X-Auth-Email", "ann@example.com"),
    ],
    ids=lambda pair: pair[0],
)
def test_what_a_client_sends_for_itself_is_replaced(proxy: str, forged: tuple[str, str]) -> None:
    for who in ("eve", "nobody"):
        assert ask(proxy, "/api/v1/me", forged, who=who).status_code == 403
    assert ask(proxy, "/api/v1/me", forged).status_code == 401


def test_who_passes_nginx_by_is_nobody(upstream: str, proxy: str) -> None:  # noqa: ARG001
    assert ask(upstream, "/api/v1/me", who="ann").status_code == 401
