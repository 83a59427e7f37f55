"""What a page can still say when the server does not answer it."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.history import task_id


def test_an_action_whose_code_cannot_be_loaded_says_so_and_closes(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{task_id('charge')}")
    page.route(re.compile("ActionSteps"), lambda route: route.abort())
    page.get_by_role("button", name="Retry", exact=True).click()

    dialog = page.get_by_role("dialog", name="Retry cannot be planned now")
    expect(dialog.get_by_role("alert")).to_contain_text("The server cannot be reached")
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_task_that_cannot_be_loaded_is_shown_as_its_list_had_it(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:FAILURE name:=shop.orders.charge")
    row = page.locator("[data-row]").first
    expect(row).to_be_visible()
    page.route(re.compile(r"/api/v1/tasks/[^?]+$"), lambda route: route.abort())
    row.get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.charge")
    expect(page.get_by_text("As it was in the list")).to_be_visible()
    expect(page.get_by_text("CardDeclined").first).to_be_visible()
