"""Pages of people: one's own access, sessions, tokens, and what a bound leaves open."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.history import task_id, write_history
from tests.browser.test_access import FURTHER_LOOKS, violations
from tests.support.brokers import free_port, redis_database
from tests.support.umbels import Client, umbel_command, umbel_environment
from tests.support.waiting import wait_until
from umbel.auth.totp import code_of, step_at

#: Makes a page on which this person has logged in.
Visit = Callable[..., Page]

_PEOPLE = {"ana": "admin", "otto": "operator", "vera": "viewer", "bill": "viewer", "tom": "admin"}
_RULES = [
    {
        "provider": "password",
        "claim": "name",
        "value": "bill",
        "role": "operator",
        "name": "shop.orders.*",
    }
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An Umbel on the shop's history with a login; Bill is operator of the orders alone."""
    directory, port = tmp_path_factory.mktemp("people"), free_port()
    write_history(directory / "data", time.time())
    with redis_database() as broker:
        environment = umbel_environment(
            UMBEL_BROKER=broker,
            UMBEL_DATA=str(directory / "data"),
            UMBEL_PORT=str(port),
            UMBEL_AUTH_USERS=",".join(f"{name}:{role}:pw-{name}" for name, role in _PEOPLE.items()),
            UMBEL_AUTH_RULES=json.dumps(_RULES),
        )
        client = Client(f"http://127.0.0.1:{port}")
        log = directory / "serve.log"
        with umbel_command("serve", log=log, environment=environment) as process, client.http:

            def answers() -> bool:
                process.must_run()
                return client.is_up("/livez")

            wait_until(answers, timeout_s=60, what="the server")
            yield client


@pytest.fixture
def visit(browser: Browser, server: Client) -> Iterator[Visit]:
    """Opens pages of people who have just logged in; none may log an error in the end."""
    complaints: list[str] = []
    contexts = []

    def open_for(
        name: str, path: str, *, width: int = 1280, theme: str = "light", axe: bool = False
    ) -> Page:
        context = browser.new_context(
            base_url=server.url,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if theme == "dark" else "light",
            bypass_csp=axe,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        page.goto(f"/{path}")
        log_in(page, name)
        expect(page.get_by_role("button", name=re.compile(f"^{name}, "))).to_be_visible()
        return page

    yield open_for
    for context in contexts:
        context.close()
    assert complaints == []


def log_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(f"pw-{name}")
    page.get_by_role("button", name="Log in").click()


def test_everybody_sees_who_they_are_and_ends_their_other_session(visit: Visit) -> None:
    other = visit("otto", "workers")
    page = visit("otto", "")
    page.get_by_role("button", name="otto, operator").click()
    page.get_by_role("link", name="Your access").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your access")
    may = page.get_by_role("region", name="What you may do")
    expect(may).to_contain_text("operator of everything")
    table = page.get_by_role("table", name="Sessions")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table.get_by_role("row").filter(has_text="this one")).to_have_count(1)

    table.get_by_role("button", name=re.compile("End the session of otto")).click()
    page.get_by_role("button", name="End the session", exact=True).click()
    expect(table.get_by_role("row")).to_have_count(2)
    # It leaves by itself when it is answered that nobody is in.
    expect(other).to_have_url(re.compile(r"/login\?next=workers$"))


def ask_for_a_secret(page: Page, name: str) -> None:
    page.get_by_role("button", name="Turn on").click()
    expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill(f"pw-{name}")
    page.keyboard.press("Enter")


def test_a_second_factor_is_turned_on_asked_for_and_turned_off(visit: Visit) -> None:
    page = visit("tom", "access")
    ask_for_a_secret(page, "tom")
    expect(page.get_by_role("img", name="QR code with the secret")).to_be_visible()
    secret = (page.locator(".key").text_content() or "").replace(" ", "")
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    expect(page.get_by_label("Code", exact=True)).to_be_focused()
    page.get_by_label("Code", exact=True).fill("000 000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("no code of the authenticator")
    step = step_at(time.time())
    page.get_by_label("Code", exact=True).fill(code_of(key, step))
    page.get_by_role("button", name="Turn on").click()

    expect(page.get_by_role("status").filter(has_text="shown this once")).to_be_focused()
    recovery = page.locator("ul.mono li").all_text_contents()
    assert len(recovery) >= 8
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download").click()
    assert all(code in kept.value.path().read_text() for code in recovery)
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("On since")).to_be_visible()

    page.goto("about:blank")  # else the page leaves by itself when it is answered that nobody is in
    page.context.clear_cookies()
    page.goto("/access")
    log_in(page, "tom")
    expect(page.get_by_role("heading", level=1)).to_have_text("Second factor")
    expect(page.get_by_label("Code")).to_be_focused()
    page.get_by_label("Code").fill("123456")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("The name, the password or the code is wrong.")
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(recovery[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your access")

    page.get_by_role("button", name="Turn off").click()
    later = max(step + 1, step_at(time.time()))
    page.get_by_label("Code", exact=True).fill(code_of(key, later))
    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()


def test_an_admin_ends_all_sessions_of_somebody(visit: Visit) -> None:
    first, second = visit("vera", "workers"), visit("vera", "queues")
    admin = visit("ana", "sessions")
    row = admin.get_by_role("row").filter(has_text="vera").first
    expect(row).to_contain_text("viewer of everything")
    row.get_by_role("button", name="End all sessions of vera").click()
    expect(admin.get_by_role("dialog")).to_contain_text("All browsers of vera are logged out")
    admin.get_by_role("button", name="End 2 sessions").click()

    expect(admin.get_by_role("row").filter(has_text="vera")).to_have_count(0)
    expect(admin.get_by_text("you, here")).to_be_visible()
    for page in (first, second):
        expect(page).to_have_url(re.compile(r"/login\?next="))


def test_a_token_is_shown_once_serves_and_is_revoked(visit: Visit, server: Client) -> None:
    page = visit("ana", "tokens")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_label("Name", exact=True).fill("No Such Name")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("cannot be named")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.get_by_label("Name", exact=True).fill("ci-deploy")
    page.get_by_role("radio", name="operator").check()
    page.get_by_label("For tasks of these names alone").fill("shop.orders.*, shop.mail.*")
    page.get_by_role("button", name="Make the token").click()

    made = page.get_by_text(re.compile("^umbel_ci-deploy_[0-9a-f]{64}$"))
    token = made.text_content() or ""
    me = httpx.get(f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert [grant["name"] for grant in me["grants"]] == ["shop.orders.*", "shop.mail.*"]
    page.get_by_role("button", name="I have it").click()
    row = page.get_by_role("row").filter(has_text="ci-deploy")
    expect(row).to_contain_text("operator of tasks shop.orders.*, shop.mail.*")
    expect(page.get_by_text(token)).to_have_count(0)

    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("There are no tokens")).to_be_visible()
    shown = httpx.get(f"{server.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    assert shown.status_code == 401


def test_who_may_not_make_tokens_is_told_why(visit: Visit) -> None:
    page = visit("vera", "tokens")

    expect(page.get_by_text("This needs the role admin; vera is viewer.")).to_be_visible()
    expect(page.get_by_role("button", name="Make a token")).to_be_disabled()


def test_a_bound_leaves_open_what_is_within(visit: Visit) -> None:
    page = visit("bill", f"tasks/{task_id('charge')}")
    expect(page.get_by_role("button", name="Retry")).to_be_enabled()
    page.goto("/tasks?q=name:shop.mail.send")
    page.locator("[data-row] a").first.click()
    page.get_by_role("button", name="No action possible").click()
    why = "You are operator of tasks shop.orders.* alone; this is shop.mail.send."
    expect(page.get_by_text(why)).to_be_visible()

    page.goto("/run?name=shop.mail.send")
    expect(page.get_by_role("button", name="Send and wait")).to_be_disabled()
    expect(page.get_by_text(why)).to_be_visible()
    page.get_by_role("combobox", name="Task name", exact=True).fill("shop.orders.place")
    expect(page.get_by_role("button", name="Send and wait")).to_be_enabled()


def test_a_selection_says_what_a_bound_leaves_out_and_the_plan_does_too(visit: Visit) -> None:
    page = visit("bill", "tasks?q=state:FAILURE,REJECTED")
    rows = page.locator("[data-row]")
    expect(rows.first).to_be_visible()
    page.get_by_role("button", name="Select the page").or_(
        page.get_by_role("checkbox", name=re.compile("Select the page|Select all"))
    ).first.click()
    bar = page.get_by_role("region", name="Selection")
    expect(bar).to_contain_text("You are operator of tasks shop.orders.* alone")
    expect(bar).to_contain_text("will be left out")
    bar.get_by_role("button", name="Retry").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Preview").click()

    expect(dialog).to_contain_text("bill may act on tasks shop.orders.* alone")
    expect(dialog).to_contain_text("Within")


def test_the_pages_are_a_key_away(visit: Visit) -> None:
    page = visit("ana", "workers")
    for keys, title in (("gy", "Your access"), ("gi", "Sessions"), ("gk", "API tokens")):
        page.keyboard.type(keys)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page).to_have_title(f"{title} · Umbel")


@pytest.mark.parametrize(("width", "theme"), FURTHER_LOOKS)
def test_the_pages_of_people_can_be_used_by_everybody(
    visit: Visit, axe_source: str, width: int, theme: str
) -> None:
    page = visit("ana", "access", width=width, theme=theme, axe=True)
    ask_for_a_secret(page, "ana")
    expect(page.get_by_role("img", name="QR code with the secret")).to_be_visible()
    found = violations(page, axe_source)
    page.goto("/sessions")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    found += violations(page, axe_source)
    page.get_by_role("button", name=re.compile("^ana, admin")).click()
    found += violations(page, axe_source)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto("/tokens")
    page.get_by_role("button", name="Make a token").click()
    page.get_by_role("radio", name="operator").check()
    found += violations(page, axe_source)

    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
