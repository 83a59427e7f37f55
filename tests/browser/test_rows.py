"""A row is a link, and its checkbox is large enough for a finger."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin, fail
from tests.browser.test_tasks import shown


def test_ctrl_and_the_middle_button_open_a_row_in_a_tab_of_its_own(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:SUCCESS")
    row = page.locator("[data-row]").first
    expect(row).to_be_visible()
    first = shown(page)[0]
    cell = row.locator("td").nth(5)

    with page.context.expect_page() as opened:
        cell.click(modifiers=["ControlOrMeta"])
    expect(opened.value).to_have_url(re.compile(f"/tasks/{first}$"))
    with page.context.expect_page() as opened:
        cell.click(button="middle")
    expect(opened.value).to_have_url(re.compile(f"/tasks/{first}$"))
    expect(page).to_have_url(re.compile(r"/tasks\?q="))

    cell.click()
    expect(page).to_have_url(re.compile(f"/tasks/{first}$"))


def test_a_click_beside_the_checkbox_selects_the_row(open_page: OpenPage) -> None:
    for width in (360, 1280):
        page = open_page("tasks?q=state:SUCCESS", width=width)
        checkbox = page.locator("[data-row] input").first
        expect(checkbox).to_be_visible()
        at = checkbox.bounding_box()
        assert at is not None
        page.mouse.click(at["x"] + at["width"] / 2 - 11, at["y"] + at["height"] / 2 + 11)
        expect(page.get_by_text("1 row selected")).to_be_visible()
        expect(checkbox).to_be_checked()


def test_rows_that_no_longer_match_are_counted_and_can_be_dropped(
    open_page: OpenPage, tell: Tell
) -> None:
    name = f"leaving.n{uuid.uuid4().hex}"
    task = begin(tell, name)
    page = open_page(f"tasks?q=state:STARTED name:{name}")
    row = page.locator("[data-row]")
    expect(row).to_have_count(1)

    fail(tell, task)

    gone = page.get_by_role("button", name="1 no longer matches")
    expect(gone).to_be_visible()
    expect(row).to_have_attribute("title", "It no longer matches.")
    gone.click()
    expect(row).to_have_count(0)
