"""Who decides about errors: what is offered to whom, until when it holds, and how it comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.history import DECLINED, write_history
from tests.browser.live_events import Tell, begin, until_state
from tests.browser.test_people import log_in, people_at
from tests.support.umbels import Client

#: Otto may act on mails alone.
RULES = """
[[auth.rules]]
provider = "password"
claim = "name"
value = "otto"
role = "operator"
name = "shop.mail.*"
"""


@pytest.fixture(scope="module")
def bounded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Umbel at which Vera looks, and Otto acts on mails."""
    folder = tmp_path_factory.mktemp("bounded")
    write_history(folder / "data", time.time())
    (folder / "umbel.toml").write_text(RULES)
    with people_at(folder, UMBEL_CONFIG=str(folder / "umbel.toml")) as url:
        yield url


@pytest.fixture
def visit(browser: Browser, bounded: str) -> Iterator[Page]:
    context = browser.new_context(base_url=bounded)
    yield context.new_page()
    context.close()


def open_declined(page: Page, name: str) -> None:
    page.goto("/errors?state=all")
    log_in(page, name)
    page.get_by_role("row").get_by_role("link", name="CardDeclined").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CardDeclined")


def test_a_viewer_reads_why_nothing_can_be_decided(visit: Page) -> None:
    open_declined(visit, "vera")

    for name in ("Resolve", "Ignore until…", "Note", f"Retry all {DECLINED}"):
        expect(visit.get_by_role("button", name=name)).to_be_disabled()
    expect(visit.get_by_text("This needs the role operator; vera is viewer.")).to_be_visible()


def test_who_acts_on_some_names_alone_retries_those_and_decides_nothing(visit: Page) -> None:
    open_declined(visit, "otto")

    for name in ("Resolve", "Ignore until…", "Note"):
        expect(visit.get_by_role("button", name=name)).to_be_disabled()
    expect(visit.get_by_role("button", name=f"Retry all {DECLINED}")).to_be_enabled()
    expect(
        visit.get_by_text("This needs the role operator for everything; you are")
    ).to_be_visible()


def test_what_is_ignored_until_it_fails_once_more_comes_back_with_its_note(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    def seen() -> str:
        task = begin(tell, "zq.returns")
        tell("task-failed", uuid=task, exception="ReturningError('again')", traceback=None)
        return until_state(server, task, "FAILURE")

    page = open_page(f"tasks/{seen()}")
    expect(page.get_by_text("This error: 1 time in the last hour")).to_be_visible()
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text("ReturningError")
    page.get_by_role("button", name="Ignore until…").click()
    dialog = page.get_by_role("dialog", name="Ignore the error")
    dialog.get_by_label("Or until it fails so often within a minute").fill("50")
    dialog.get_by_label("Or until it has failed so many times more").fill("1")
    dialog.get_by_label("Note").fill("The vendor knows.")
    dialog.get_by_role("button", name="Ignore").click()
    expect(page.get_by_text("it fails 50 times within a minute")).to_be_visible()
    expect(page.get_by_text("it has failed 1 time more")).to_be_visible()

    seen()

    page.reload()
    expect(page.get_by_text("Open again").first).to_be_visible()
    expect(page.get_by_text("It failed once since it was ignored.")).to_be_visible()
    expect(page.get_by_text("The vendor knows.")).to_be_visible()
