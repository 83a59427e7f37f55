"""A login by an identity provider, as people see it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_access import violations
from tests.support.brokers import free_port, redis_database
from tests.support.identity import CLIENT_ID, CLIENT_SECRET, OidcServer, Reply
from tests.support.umbels import Client, umbel_command, umbel_environment
from tests.support.waiting import wait_until

_PEOPLE = {
    "ann": {"email": "ann@example.com", "email_verified": True, "groups": ["billing"]},
    # Two claims at one path, and one that would be code on a careless page.
    "bob": {
        "email": "bob@example.com",
        "email_verified": True,
        "groups": ["guests", "<img src=x onerror=alert(1)>"],
        "team.name": "red",
        "team": {"name": "blue"},
    },
}
_RULES = [{"provider": "corp", "claim": "groups", "value": "billing", "role": "operator"}]


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcServer]:
    """The company's provider."""
    with OidcServer(_PEOPLE) as running:
        yield running


@pytest.fixture(scope="module")
def url(provider: OidcServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Umbel into which that provider is the only way."""
    directory, port = tmp_path_factory.mktemp("provided"), free_port()
    corp = {
        "kind": "oidc",
        "label": "Corp",
        "issuer": provider.issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    with redis_database() as broker:
        environment = umbel_environment(
            UMBEL_BROKER=broker,
            UMBEL_DATA=str(directory / "data"),
            UMBEL_PORT=str(port),
            UMBEL_AUTH_PROVIDERS=json.dumps({"corp": corp}),
            UMBEL_AUTH_RULES=json.dumps(_RULES),
        )
        client = Client(f"http://127.0.0.1:{port}")
        log = directory / "serve.log"
        with umbel_command("serve", log=log, environment=environment) as process, client.http:

            def answers() -> bool:
                process.must_run()
                return client.is_up("/livez")

            wait_until(answers, timeout_s=60, what="the server")
            yield client.url


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A page of somebody who has not logged in, which may log no error."""
    complaints: list[str] = []
    context = browser.new_context(base_url=url, bypass_csp=True)
    opened = context.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("dialog", lambda dialog: complaints.append(dialog.message))
    yield opened
    context.close()
    assert complaints == []


def test_the_only_provider_is_gone_to_and_a_logout_is_not_undone(page: Page, url: str) -> None:
    page.goto("/workers")
    page.click('button[value="ann"]')

    expect(page).to_have_url(f"{url}/workers")
    page.get_by_role("button", name="corp:ann@example.com, operator").click()
    page.get_by_role("link", name="Your access").click()
    may = page.get_by_role("region", name="What you may do")
    expect(may).to_contain_text('rule 1: groups has "billing"')
    page.get_by_text("What Corp said of you").click()
    expect(page.get_by_role("group", name="Claims")).to_contain_text("ann@example.com")

    page.get_by_role("button", name="corp:ann@example.com, operator").click()
    page.get_by_role("dialog", name="You").get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Log in again with Corp").click()
    expect(page.locator('button[value="ann"]')).to_be_visible()


def test_whom_no_rule_lets_in_is_told_what_came(page: Page, url: str, axe_source: str) -> None:
    page.goto("/workers")
    page.click('button[value="bob"]')

    expect(page.get_by_role("heading", level=1)).to_have_text("You are not let in")
    expect(page.get_by_text("Corp knows you as bob@example.com")).to_be_visible()
    expect(page.get_by_text("The only rule does not match what came.")).to_be_visible()
    claims = page.get_by_role("group", name="Claims")
    expect(claims).to_contain_text("guests")
    expect(claims.get_by_text("team.name")).to_have_count(2)
    expect(claims).to_contain_text("<img src=x")
    expect(page.get_by_role("button", name="Copy a message for the admin")).to_be_visible()
    assert violations(page, axe_source) == []

    page.get_by_role("button", name="Log in as somebody else").click()
    page.get_by_role("link", name="Log in with Corp").click()
    page.click('button[value="ann"]')
    expect(page).to_have_url(f"{url}/workers")


def test_a_provider_that_is_down_is_said_in_a_sentence(page: Page, provider: OidcServer) -> None:
    provider.instead["/token"] = Reply(b"down", 503)
    try:
        page.goto("/")
        page.click('button[value="ann"]')

        expect(page.get_by_role("alert")).to_contain_text("Corp")
        expect(page).to_have_url(re.compile(r"/login\?failed"))
        expect(page.get_by_role("link", name="Log in with Corp")).to_be_visible()
    finally:
        provider.instead.clear()
