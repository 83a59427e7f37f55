"""Somebody who logs in: what the page says of them, and what it does not offer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_access import violations
from tests.support.brokers import free_port, redis_database
from tests.support.umbels import Client, umbel_command, umbel_environment
from tests.support.waiting import wait_until


@contextmanager
def people_at(directory: Path, **settings: str) -> Iterator[str]:
    """The address of an Umbel that knows Vera, who may only look, and Otto, who may act."""
    port = free_port()
    with redis_database() as broker:
        environment = umbel_environment(
            UMBEL_BROKER=broker,
            UMBEL_DATA=str(directory / "data"),
            UMBEL_PORT=str(port),
            UMBEL_AUTH_USERS="vera:viewer:pw-vera,otto:operator:pw-otto",
            **settings,
        )
        client = Client(f"http://127.0.0.1:{port}")
        log = directory / "serve.log"
        with umbel_command("serve", log=log, environment=environment) as process, client.http:

            def answers() -> bool:
                process.must_run()
                return client.is_up("/livez")

            wait_until(answers, timeout_s=60, what="the server")
            yield client.url


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Umbel at which people log in."""
    with people_at(tmp_path_factory.mktemp("guarded")) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, guarded: str) -> Iterator[Page]:
    """A page of somebody who has not logged in."""
    context = browser.new_context(base_url=guarded, bypass_csp=True)
    yield context.new_page()
    context.close()


def log_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(f"pw-{name}")
    page.get_by_role("button", name="Log in").click()


def test_a_viewer_sees_what_they_may_not_do_and_logs_out(visit: Page, axe_source: str) -> None:
    page = visit
    page.goto("/run?name=shop.orders.tally")
    log_in(page, "vera")
    expect(page.get_by_role("combobox", name="Task name", exact=True)).to_have_value(
        "shop.orders.tally"
    )
    expect(page.get_by_role("button", name="Send and wait")).to_be_disabled()
    expect(page.get_by_text("This needs the role operator; vera is viewer.")).to_be_visible()
    page.get_by_role("button", name="vera, viewer").click()
    expect(page.get_by_role("dialog", name="You")).to_contain_text("viewer")
    assert violations(page, axe_source) == []

    page.get_by_role("button", name="Log out").click()
    expect(page).to_have_url(re.compile(r"/login\?left$"))


def test_an_ended_session_leads_to_the_login_and_back(visit: Page) -> None:
    page = visit
    page.goto("/workers")
    log_in(page, "otto")
    expect(page.get_by_role("heading", level=1)).to_have_text("Workers")
    page.context.clear_cookies()
    page.get_by_role("link", name="Queues").click()

    # A page that asks for its own news at that moment is led to the login from where it is.
    expect(page).to_have_url(re.compile(r"/login\?next=(queues|workers)$"))
    wanted = page.url.rpartition("=")[2]
    log_in(page, "otto")
    expect(page).to_have_url(re.compile(f"/{wanted}$"))
    expect(page.get_by_role("button", name="otto, operator")).to_be_visible()


def test_who_came_and_who_was_turned_away_is_in_the_audit(visit: Page, axe_source: str) -> None:
    page = visit
    page.goto("/audit?action=login")
    page.get_by_label("Name").fill("otto")
    page.get_by_label("Password").fill("guessed")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    log_in(page, "otto")

    lines = page.get_by_role("row").filter(has_text="login")
    expect(lines.filter(has_text="done").first).to_contain_text("otto")
    expect(lines.filter(has_text="refused").first).to_contain_text("otto")
    expect(page.get_by_label("What", exact=True)).to_have_value("login")
    assert violations(page, axe_source) == []
