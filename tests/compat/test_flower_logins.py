"""A Flower with a login by OAuth becomes an Umbel whose settings and provider are as they were.

The four providers are local servers that speak TLS under their real names: the process reaches them
by a proxy and an authority of its environment, as in a company's network.
"""

from __future__ import annotations

import contextlib
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from tests.support.brokers import free_port, redis_database
from tests.support.certificates import make_certificate
from tests.support.connect_proxy import connect_proxy
from tests.support.identity import (
    CLIENT_ID,
    CLIENT_SECRET,
    GithubPerson,
    GithubServer,
    GitlabPerson,
    GitlabServer,
    LocalServer,
    OidcServer,
)
from tests.support.processes import Process
from tests.support.umbels import Client, umbel_environment
from tests.support.waiting import wait_until
from tests.support.workers import ROOT

pytestmark = pytest.mark.redis

Tls = tuple[Path, Path]
HOSTS = ("accounts.google.com", "github.com", "api.github.com", "gitlab.com", "company.okta.com")


@dataclass(frozen=True)
class Login:
    """A Flower's settings: its class, its pattern, its variables; the hosts of the provider and the
    server behind them; who of its people got in, and who not."""

    handler: str
    auth: str
    server: Callable[[Tls], LocalServer]
    hosts: tuple[str, ...]
    people_in: tuple[str, ...]
    people_out: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    in_variables: bool = False


def of_openid(issuer: str) -> Callable[[Tls], OidcServer]:
    """Google or Okta, whose issuer is fixed."""

    def server(tls: Tls) -> OidcServer:
        people = {
            "ann": {"email": "Ann@example.com", "email_verified": True},
            "eve": {"email": "eve@evil.example", "email_verified": True},
            "dot": {"email": "ann@examplexcom", "email_verified": True},
            "end": {"email": "ann@example.com.evil.example", "email_verified": True},
            "mallory": {"email": "ann@example.com", "email_verified": False},
        }
        found = OidcServer(people, tls=tls)
        found.base = found.issuer = issuer
        return found

    return server


def of_github(tls: Tls) -> GithubServer:
    people = {
        "ann": GithubPerson(
            id=1, emails=[("ann@home.test", True, True), ("ann@example.com", False, True)]
        ),
        "bob": GithubPerson(id=2, emails=[("bob@example.org", True, True)]),
        "eve": GithubPerson(id=3, emails=[("eve@example.com", True, True)]),
        "mallory": GithubPerson(id=4, emails=[("ann@example.com", True, False)]),
    }
    return GithubServer(people, public_api="https://api.github.com", tls=tls)


def of_gitlab(tls: Tls) -> GitlabServer:
    people = {
        "ann": GitlabPerson(id=1, email="ann@example.com", groups={"company/celery": 30}),
        "guest": GitlabPerson(id=2, email="guest@example.com", groups={"company/celery": 20}),
        "other": GitlabPerson(id=3, email="other@example.com", groups={"company/web": 50}),
        "eve": GitlabPerson(id=4, email="eve@evil.example", groups={"company/celery": 50}),
        "mallory": GitlabPerson(
            id=5, email="m@example.com", is_confirmed=False, groups={"company/celery": 50}
        ),
    }
    return GitlabServer(people, tls=tls)


LOGINS = {
    "google": Login(
        "GoogleAuth2LoginHandler", r".*@example.com", of_openid("https://accounts.google.com"),
        ("accounts.google.com",), ("ann",), ("eve", "dot", "end", "mallory"),
    ),
    "github": Login(
        "GithubLoginHandler", "ann@example.com|bob@example.org", of_github,
        ("github.com", "api.github.com"), ("ann", "bob"), ("eve", "mallory"), in_variables=True,
    ),
    "gitlab": Login(
        "GitLabLoginHandler", r".*@example.com", of_gitlab, ("gitlab.com",),
        ("ann",), ("guest", "other", "eve", "mallory"),
        {"FLOWER_GITLAB_AUTH_ALLOWED_GROUPS": "company/ops,company/celery",
         "FLOWER_GITLAB_MIN_ACCESS_LEVEL": "30"},
    ),
    "okta": Login(
        "OktaLoginHandler", "ann@example.com", of_openid("https://company.okta.com"),
        ("company.okta.com",), ("ann",), ("eve", "dot", "end", "mallory"),
        {"FLOWER_OAUTH2_OKTA_BASE_URL": "https://company.okta.com/oauth2"}, in_variables=True,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return make_certificate(tmp_path_factory.mktemp("tls"), *HOSTS)


@contextlib.contextmanager
def flower(login: Login, directory: Path, proxy: str, authority: Path) -> Iterator[str]:
    """The address of `celery flower` with the options of the login, in its file or variables."""
    port = free_port()
    options = {
        "auth": login.auth,
        "auth_provider": f"flower.views.auth.{login.handler}",
        "oauth2_key": CLIENT_ID,
        "oauth2_secret": CLIENT_SECRET,
        "oauth2_redirect_uri": f"http://127.0.0.1:{port}/login",
    }
    variables = {
        **login.variables,
        "PYTHONPATH": str(ROOT / "compat" / "src"),
        "HTTPS_PROXY": proxy,
        "SSL_CERT_FILE": str(authority),
        "HOME": str(directory),
    }
    if login.in_variables:
        variables |= {f"FLOWER_{name.upper()}": value for name, value in options.items()}
    else:
        lines = [f"{name} = {value!r}\n" for name, value in options.items()]
        (directory / "flowerconfig.py").write_text("".join(lines))
    client = Client(f"http://127.0.0.1:{port}")
    with redis_database() as broker, client.http:
        command = [sys.executable, "-m", "flower", "-b", broker, "flower", f"--port={port}"]
        with Process(
            command, directory / "flower.log", cwd=directory, env=umbel_environment(**variables)
        ) as process:

            def is_up() -> bool:
                process.must_run()
                return client.is_up("/healthcheck")

            wait_until(is_up, timeout_s=60, what="the server")
            yield client.url
            assert CLIENT_SECRET not in process.output()


def goes(url: str, subject: str, proxy: str, authority: Path) -> tuple[str, str | None]:
    """Where somebody is led to who opens the page and logs in at the provider, and their role."""
    trust = ssl.create_default_context(cafile=str(authority))
    through = httpx.HTTPTransport(proxy=proxy, verify=trust)
    with httpx.Client(mounts={"https://": through}, base_url=url, trust_env=False) as browser:
        assert browser.get("/login/options").json()["straight"] is True
        (provider,) = browser.get("/login/options").json()["providers"]
        there = browser.get(f"/{provider['address']}", params={"next": "workers"})
        page = there.headers["location"]
        browser.get(page).raise_for_status()
        back = browser.post(page, data={"subject": subject}).headers["location"]
        assert back.startswith(f"{url}/login?")
        assert {"code", "state"} <= dict(parse_qsl(urlsplit(back).query)).keys()
        landed = browser.get(back).headers["location"]
        me = browser.get("/api/v1/me")
        return landed, me.json()["role"] if me.status_code == 200 else None


@pytest.mark.parametrize("name", LOGINS)
def test_the_same_people_get_in_and_nobody_else(name: str, tls: Tls, tmp_path: Path) -> None:
    login, authority = LOGINS[name], tls[0]
    with contextlib.ExitStack() as running:
        server = running.enter_context(login.server(tls))
        port = urlsplit(server.address).port or 0
        proxy = running.enter_context(connect_proxy(dict.fromkeys(login.hosts, port)))
        url = running.enter_context(flower(login, tmp_path, proxy, authority))

        for subject in login.people_in:
            assert goes(url, subject, proxy, authority) == ("/workers", "admin"), subject
        for subject in login.people_out:
            landed, role = goes(url, subject, proxy, authority)
            assert (landed.startswith("/login?failed"), role) == (True, None), subject
        assert httpx.get(f"{url}/api/workers", trust_env=False).status_code == 401
