"""The pane beside the tasks that shows the one of the row with the focus."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.history import task_id
from tests.browser.test_access import violations


def test_space_shows_the_row_beside_the_list_and_keys_walk_on(
    open_page: OpenPage, axe_source: str
) -> None:
    page = open_page("tasks?q=name:charge state:FAILURE&order=-seen", width=1440, axe=True)
    expect(page.locator("[data-row]").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Space")
    preview = page.get_by_role("complementary", name="Preview")
    expect(preview).to_contain_text(task_id("charge", 0))
    expect(preview).to_contain_text("CardDeclined")
    expect(preview).to_contain_text("amount_cents")
    assert violations(page, axe_source) == []

    page.keyboard.press("j")
    expect(preview).to_contain_text(task_id("charge", 1))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/tasks/{task_id('charge', 1)}$"))
    page.go_back()
    expect(preview).to_contain_text(task_id("charge", 1))
    page.keyboard.press("Space")
    expect(preview).to_have_count(0)
