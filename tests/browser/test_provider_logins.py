"""Each kind of login in the browser: over TLS, under a path of a site, behind a proxy with two
servers on one data directory."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.browser.history import task_id, write_history
from tests.support.brokers import free_port
from tests.support.certificates import make_certificate
from tests.support.identity import (
    CLIENT_ID,
    CLIENT_SECRET,
    GithubPerson,
    GithubServer,
    GitlabPerson,
    GitlabServer,
    OidcServer,
    mock_provider,
)
from tests.support.reverse_proxy import ReverseProxy, reverse_proxy
from tests.support.umbels import umbel_environment, umbel_serve
from umbel.auth.totp import code_of, step_at
from umbel.store.sqlite import SqliteStore

pytestmark = pytest.mark.browser

CLIENT = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
STAFF = {"email": "ann@example.com", "email_verified": True, "groups": ["staff"]}
GUEST = {"email": "eve@example.com", "email_verified": True, "groups": ["guests"]}
RULES = [{"claim": "groups", "value": "staff", "role": "operator"}]
TASK = f"tasks/{task_id('charge')}"
NEVER_ASKED = "redis://127.0.0.1:1/0"
#: What stands on the buttons, and how Ann is called who comes by them.
ANN = {
    "Company": "company:ann@example.com",
    "Mock": "mock:ann@example.com",
    "GitHub": "github:ann",
    "GitLab": "gitlab:ann@example.com",
}


class Site:
    """The proxy, and the company's provider."""

    def __init__(self, proxy: ReverseProxy, company: OidcServer) -> None:
        self.proxy, self.company = proxy, company

    def leads_by_turns(self) -> None:
        """Each request goes to the other server than the one before."""
        self.proxy.choose = lambda _: len(self.proxy.asked) % 2

    def leads_to(self, number: int) -> None:
        """Each request goes to this server."""
        self.proxy.choose = lambda _: number


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything of this file is; the history is in `data`."""
    found = tmp_path_factory.mktemp("logins")
    write_history(found / "data", time.time())
    return found


@pytest.fixture(scope="module")
def running() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(scope="module")
def tls(directory: Path) -> tuple[Path, Path]:
    return make_certificate(directory)


@pytest.fixture(scope="module")
def company(running: contextlib.ExitStack, tls: tuple[Path, Path]) -> OidcServer:
    """A provider over TLS."""
    return running.enter_context(OidcServer({"ann": STAFF, "eve": GUEST}, path="/id", tls=tls))


def variables(providers: dict[str, Any], **more: str) -> dict[str, str]:
    return umbel_environment(
        UMBEL_AUTH_PROVIDERS=json.dumps(providers),
        UMBEL_AUTH_RULES=json.dumps(RULES),
        UMBEL_TRUSTED_PROXIES="127.0.0.1",
        **more,
    )


@pytest.fixture(scope="module")
def site(
    running: contextlib.ExitStack, company: OidcServer, directory: Path, tls: tuple[Path, Path]
) -> Site:
    """Several providers beside passwords; one of them is down."""
    start, authority = running.enter_context, {"ca_file": str(tls[0])}
    mock = start(mock_provider(directory))
    mock.set_person("ann", **STAFF)
    github = start(
        GithubServer(
            {"ann": GithubPerson(id=1, emails=[("ann@home.test", True, True)],
                                 organisations=["staff"])},
            tls=tls,
        )
    )  # fmt: skip
    gitlab = start(
        GitlabServer({"ann": GitlabPerson(1, "ann@example.com", groups={"staff": 30})}, tls=tls)
    )
    providers = {
        "company": {"kind": "oidc", "label": "Company", "issuer": company.issuer, **authority},
        "mock": {"kind": "oidc", "label": "Mock", "issuer": mock.issuer},
        "github": {"label": "GitHub", "domain": github.host, **authority},
        "gitlab": {"kind": "gitlab-oauth2", "label": "GitLab", "domain": gitlab.host, **authority},
        "gone": {
            "kind": "oidc", "label": "Gone", "issuer": f"http://127.0.0.1:{free_port()}",
        },
    }  # fmt: skip
    environment = variables(
        {name: {**CLIENT, **each} for name, each in providers.items()},
        UMBEL_AUTH_USERS="otto:operator:pw-otto",
    )
    two = [
        start(
            umbel_serve(
                NEVER_ASKED, directory / "data", "--no-collect", live=False,
                environment=environment,
            )
        )
        for _ in range(2)
    ]  # fmt: skip
    return Site(start(reverse_proxy([each.client.url for each in two], tls)), company)


@pytest.fixture
def visit(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that knows nobody, and asks nothing of the internet. No page may fail."""
    complaints: list[str] = []
    context = browser.new_context(ignore_https_errors=True)
    context.route(
        re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: _refuse(route, complaints)
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert complaints == []


def _refuse(route: Route, complaints: list[str]) -> None:
    """The package's page asks for a style sheet; Umbel's ask for nothing elsewhere."""
    if "/tools/" in route.request.frame.url:
        complaints.append(route.request.url)
    route.abort()


@pytest.fixture(autouse=True)
def _as_before(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "site" in request.fixturenames:
        request.getfixturevalue("site").leads_to(0)


def choose(page: Page, label: str) -> None:
    """Log in with the provider of this label, as Ann."""
    page.get_by_role("link", name=f"Log in with {label}").click()
    press(page, "ann")


def press(page: Page, subject: str) -> None:
    """Log in at the provider, whichever it is."""
    button = page.locator(f'button[value="{subject}"]')
    expect(button.or_(page.locator('input[name="sub"]')).first).to_be_visible()
    if button.count():
        button.first.click()
        return
    page.locator('input[name="sub"]').fill(subject)
    page.get_by_role("button", name="Authorize").click()


def person(page: Page, name: str) -> Any:
    return page.get_by_role("button", name=re.compile(f"^{re.escape(name)}, "))


def log_out(page: Page, name: str) -> None:
    person(page, name).click()
    page.get_by_role("dialog", name="You").get_by_role("button", name="Log out").click()


@pytest.mark.parametrize("label", ANN)
def test_a_link_to_a_task_leads_through_the_provider_to_the_task(
    site: Site, visit: BrowserContext, label: str
) -> None:
    site.leads_by_turns()
    page = visit.new_page()
    page.goto(f"{site.proxy.url}/{TASK}")
    expect(page.get_by_label("Password")).to_be_visible()
    choose(page, label)

    expect(page).to_have_url(f"{site.proxy.url}/{TASK}")
    expect(person(page, ANN[label])).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_contain_text("charge")
    cookies = [each for each in visit.cookies() if "umbel" in each["name"]]
    assert cookies
    assert all(each["secure"] and each["httpOnly"] for each in cookies)


def test_two_tabs_log_in_at_once_and_a_login_counts_once_on_the_way_back(
    site: Site, visit: BrowserContext
) -> None:
    one, other = visit.new_page(), visit.new_page()
    for page, path in ((one, "workers"), (other, "queues")):
        page.goto(f"{site.proxy.url}/{path}")
        page.get_by_role("link", name="Log in with Company").click()
        expect(page.locator('button[value="ann"]')).to_be_visible()
    press(other, "ann")
    expect(other).to_have_url(f"{site.proxy.url}/queues")
    press(one, "ann")
    expect(one).to_have_url(f"{site.proxy.url}/workers")

    one.go_back()  # to the provider, where the same login is finished once more
    press(one, "ann")
    expect(one.get_by_role("alert")).to_contain_text("was finished already")
    expect(one.get_by_text(f"You are logged in as {ANN['Company']}.")).to_be_visible()
    one.get_by_role("link", name="Go on").click()
    expect(person(one, ANN["Company"])).to_be_visible()


def test_a_login_begun_at_one_server_is_finished_at_another_and_ended_at_both(
    site: Site, browser: Browser, visit: BrowserContext
) -> None:
    page = visit.new_page()
    site.proxy.choose = lambda path: int("/callback" in path)
    page.goto(f"{site.proxy.url}/workers")
    choose(page, "Company")
    expect(person(page, ANN["Company"])).to_be_visible()
    copied = browser.new_context(ignore_https_errors=True, storage_state=visit.storage_state())
    elsewhere = copied.new_page()
    for number in (0, 1):
        site.leads_to(number)
        elsewhere.goto(f"{site.proxy.url}/workers")
        expect(person(elsewhere, ANN["Company"])).to_be_visible()

    elsewhere.goto("about:blank")  # else it leaves by itself, when it is answered that nobody is in
    log_out(page, ANN["Company"])
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    assert "id_token_hint" in site.company.asked("/id/logout")[-1].query
    for number in (0, 1):
        site.leads_to(number)
        elsewhere.goto(f"{site.proxy.url}/workers")
        expect(elsewhere.get_by_role("link", name="Log in with Company")).to_be_visible()
    copied.close()


def test_whom_no_rule_lets_in_reads_which_claims_came(site: Site, visit: BrowserContext) -> None:
    page = visit.new_page()
    page.goto(f"{site.proxy.url}/workers")
    page.get_by_role("link", name="Log in with Company").click()
    press(page, "eve")

    expect(page.get_by_role("heading", level=1)).to_have_text("You are not let in")
    expect(page.get_by_role("group", name="Claims")).to_contain_text("guests")
    page.get_by_role("button", name="Log in as somebody else").click()
    choose(page, "GitHub")
    expect(page).to_have_url(f"{site.proxy.url}/workers")


def test_a_provider_that_is_down_keeps_nobody_from_another_way(
    site: Site, visit: BrowserContext
) -> None:
    page = visit.new_page()
    page.goto(f"{site.proxy.url}/workers")
    page.get_by_role("link", name="Log in with Gone").click()
    expect(page.get_by_role("alert")).to_contain_text("Gone cannot be asked")

    choose(page, "Company")
    expect(page).to_have_url(f"{site.proxy.url}/workers")


def test_a_password_beside_providers_asks_for_its_second_factor(
    site: Site, visit: BrowserContext, tls: tuple[Path, Path]
) -> None:
    trust = ssl.create_default_context(cafile=str(tls[0]))
    with httpx.Client(base_url=f"{site.proxy.url}/", verify=trust) as client:
        client.headers["origin"] = site.proxy.url.removesuffix("/tools")
        client.post("login", json={"user": "otto", "password": "pw-otto"}).raise_for_status()
        secret = client.post("api/v1/second-factor/begin", json={"password": "pw-otto"}).json()[
            "secret"
        ]
        key, step = base64.b32decode(secret), step_at(time.time())
        confirmed = client.post("api/v1/second-factor/confirm", json={"code": code_of(key, step)})
        confirmed.raise_for_status()
    site.leads_by_turns()
    page = visit.new_page()
    page.goto(f"{site.proxy.url}/{TASK}")
    page.get_by_label("Name").fill("otto")
    page.get_by_label("Password").fill("pw-otto")
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("textbox", name="Code").fill(code_of(key, step + 1))
    page.get_by_role("button", name="Log in", exact=True).click()

    expect(page).to_have_url(f"{site.proxy.url}/{TASK}")
    expect(person(page, "otto")).to_be_visible()


@pytest.fixture(scope="module")
def straight(
    running: contextlib.ExitStack, company: OidcServer, directory: Path, tls: tuple[Path, Path]
) -> ReverseProxy:
    """A site where the company's provider is the only way, but for the word of a proxy."""
    providers = {
        "company": {**CLIENT, "kind": "oidc", "label": "Company", "issuer": company.issuer,
                    "ca_file": str(tls[0])},
        "sso": {"kind": "authelia", "logout_url": f"{company.base}/logout"},
    }  # fmt: skip
    SqliteStore(directory / "other", write=True).close()
    umbel = running.enter_context(
        umbel_serve(
            NEVER_ASKED, directory / "other", "--no-collect", live=False,
            environment=variables(providers),
        )
    )  # fmt: skip
    return running.enter_context(reverse_proxy([umbel.client.url], tls))


def test_the_only_provider_is_gone_to_at_once_but_not_after_a_logout(
    straight: ReverseProxy, visit: BrowserContext
) -> None:
    page = visit.new_page()
    page.goto(f"{straight.url}/workers?q=x")
    press(page, "ann")
    expect(page).to_have_url(f"{straight.url}/workers?q=x")
    other = visit.new_page()
    other.goto(f"{straight.url}/queues")
    expect(person(other, ANN["Company"])).to_be_visible()
    log_out(page, ANN["Company"])

    expect(page.get_by_text("You are logged out.")).to_be_visible()
    expect(other.get_by_role("link", name="Log in with Company")).to_be_visible()
    page.get_by_role("link", name="Log in again with Company").click()
    press(page, "ann")
    expect(person(page, ANN["Company"])).to_be_visible()


def test_whom_a_proxy_names_is_logged_in_and_leaves_by_the_proxys_page(
    straight: ReverseProxy, company: OidcServer, visit: BrowserContext
) -> None:
    page = visit.new_page()
    straight.says = {"Remote-User": "vic", "Remote-Groups": "staff", "Remote-Email": ""}
    try:
        page.goto(f"{straight.url}/workers")
        expect(person(page, "sso:vic")).to_be_visible()
        log_out(page, "sso:vic")
        expect(page).to_have_url(company.base)  # where its page to log out leads
    finally:
        straight.says = {}
