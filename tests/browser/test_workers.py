"""Workers: what each says of itself, what can be done to them, and who did it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.history import MEDIA, ORDERS
from tests.browser.test_access import LOOKS, violations

pytestmark = pytest.mark.usefixtures("workers")


def ping_all(page: Page) -> None:
    page.get_by_role("button", name="Act on all workers").click()
    page.get_by_role("button", name="Ping").click()
    expect(page.get_by_role("list", name="What workers answered")).to_contain_text("pong")


def test_workers_are_pinged_and_the_audit_says_who_did(open_page: OpenPage) -> None:
    page = open_page("workers")
    ping_all(page)
    page.get_by_role("link", name="In the audit").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Ping")
    expect(page.get_by_text("By anonymous")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    page.get_by_label("What", exact=True).select_option("ping")
    expect(page).to_have_url(re.compile(r"/audit\?action=ping$"))
    expect(page.get_by_role("link", name="ping").first).to_be_visible()
    page.get_by_label("Who", exact=True).fill("nobody")
    page.get_by_label("Who", exact=True).press("Enter")
    expect(page.get_by_text("Nothing like this was done")).to_be_visible()


def test_a_wrong_rate_is_refused_at_its_field(open_page: OpenPage) -> None:
    page = open_page("workers")
    page.get_by_label(re.compile("^Select media@")).check()
    page.get_by_role("button", name="Act on 1 worker").click()
    page.get_by_role("button", name="Rate limit").click()
    page.get_by_role("combobox", name="Task name", exact=True).fill("shop.mail.send")
    rate = page.get_by_label("Rate", exact=True)
    rate.fill("fast")
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_text("'fast' is not a rate.")).to_be_visible()
    expect(rate).to_be_focused()
    rate.fill("100/s")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text(re.compile("^Limit the rate on media@"))).to_be_visible()


def test_a_worker_tells_of_itself(open_page: OpenPage) -> None:
    page = open_page(f"workers/{MEDIA}")
    shows = page.get_by_role("navigation", name="What it says")
    shows.get_by_role("link", name="Registered").click()
    thumbnail = page.get_by_role("row").filter(has_text="shop.images.thumbnail")
    expect(thumbnail.get_by_role("link", name="shop.images.thumbnail")).to_be_visible()
    expect(thumbnail.get_by_role("cell").first).to_have_text(re.compile(r"^[\d,]+$"))
    thumbnail.get_by_role("button", name="Rate limit").click()
    named = page.get_by_role("combobox", name="Task name", exact=True)
    expect(named).to_have_value("shop.images.thumbnail")
    page.keyboard.press("Escape")
    shows.get_by_role("link", name="Queues").click()
    expect(page.get_by_role("row").filter(has_text="images")).to_contain_text("Cancel consumer")
    shows.get_by_role("link", name="Configuration").click()
    expect(page.get_by_text("task_default_queue")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?show=conf$"))


def test_a_worker_that_was_never_heard_of_is_said_so(open_page: OpenPage) -> None:
    page = open_page("workers/celery@no.such.host")

    expect(page.get_by_text("No worker of this name is known")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
def test_axe_finds_nothing_on_the_pages_of_the_cluster(
    open_page: OpenPage, axe_source: str, width: int, theme: Theme
) -> None:
    page = open_page("workers", width=width, theme=theme, axe=True)
    ping_all(page)
    assert violations(page, axe_source) == []
    registered = f"workers/{ORDERS}?show=registered"
    scheduled = f"workers/{ORDERS}?show=scheduled"
    for path in (scheduled, registered, "queues", "queues/orders", "run", "audit"):
        page.goto(f"/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("tbody tr, form, .notice").first).to_be_visible()

        assert violations(page, axe_source) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
