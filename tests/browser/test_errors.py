"""Errors: which there are, what is behind one, and what people decide about it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.history import DECLINED, TIMED_OUT, task_id
from tests.browser.test_access import THEMES, violations


def test_a_count_of_the_matrix_leads_to_exactly_these_tasks(open_page: OpenPage) -> None:
    page = open_page("tasks")
    page.get_by_role("grid").or_(page.get_by_role("table")).first.wait_for()
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page.get_by_role("heading", level=1)).to_have_text("Errors")
    row = page.get_by_role("row").filter(has_text="GatewayTimeout")
    expect(row).to_contain_text("shop.orders.charge")
    row.get_by_role("link", name=f"{TIMED_OUT} tasks in the last hour").click()

    expect(page.get_by_role("link", name="shop.orders.charge")).to_have_count(TIMED_OUT)


def test_from_a_task_to_its_error_which_is_resolved_and_reopened(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{task_id('charge', 0)}")
    expect(page.get_by_text(f"This error: {DECLINED} times in the last hour")).to_be_visible()
    page.keyboard.press("e")

    expect(page.get_by_role("heading", level=1)).to_have_text("CardDeclined")
    expect(page.get_by_role("group", name="Traceback")).to_be_visible()
    expect(page.get_by_role("link", name=f"All {DECLINED} tasks")).to_be_visible()
    page.get_by_role("button", name="Resolve").click()
    dialog = page.get_by_role("dialog", name="Resolve the error")
    dialog.get_by_label("Note").fill("The bank answers again.")
    dialog.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text(re.compile("^Resolved by .*until it fails again"))).to_be_visible()
    expect(page.get_by_text("The bank answers again.")).to_be_visible()

    page.get_by_role("link", name="Errors", exact=True).last.click()
    expect(page.get_by_role("row").filter(has_text="GatewayTimeout")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="CardDeclined")).to_have_count(0)
    page.get_by_role("link", name="Resolved", exact=True).click()
    page.get_by_role("row").get_by_role("link", name="CardDeclined").click()
    page.get_by_role("button", name="Reopen").click()
    page.get_by_role("dialog").get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("button", name="Resolve")).to_be_visible()


def test_all_failures_of_an_error_are_sent_again_through_a_plan(open_page: OpenPage) -> None:
    page = open_page("errors?q=queue:orders")
    page.get_by_role("row").get_by_role("link", name="GatewayTimeout").click()
    page.get_by_role("button", name=f"Retry all {TIMED_OUT}").click()

    dialog = page.get_by_role("dialog", name="Retry")
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.get_by_text(f"{TIMED_OUT} tasks").first).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [1440, 360])
def test_axe_finds_nothing_on_the_pages_of_errors(
    open_page: OpenPage, axe_source: str, theme: Theme, width: int
) -> None:
    page = open_page("errors?state=all", width=width, theme=theme, axe=True)
    link = page.get_by_role("link", name="CardDeclined")
    expect(link).to_be_visible()
    assert violations(page, axe_source) == []
    link.click()
    expect(page.get_by_role("heading", name="What do they share?")).to_be_visible()
    expect(page.get_by_text("Comparing failures")).to_have_count(0)

    assert violations(page, axe_source) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_an_error_is_a_card_of_few_lines(open_page: OpenPage) -> None:
    page = open_page("errors", width=360)
    card = page.get_by_role("row").filter(has_text="CardDeclined")
    expect(card).to_contain_text("shop.orders.charge")
    expect(card.get_by_role("link", name=f"{DECLINED} tasks in this time")).to_be_visible()
    expect(card.get_by_role("link", name=f"{DECLINED} tasks in the last hour")).to_be_hidden()

    box = card.bounding_box()
    assert box is not None
    assert box["height"] <= 120
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_where_nothing_failed_the_page_is_quiet(open_page: OpenPage) -> None:
    page = open_page("errors?q=name:shop.mail.nothing&range=1h")

    expect(page.get_by_text("No task that matches failed in this time")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
