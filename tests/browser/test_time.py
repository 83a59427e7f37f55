"""The Tasks page's time: the range that is chosen, and the histogram over the list."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.history import DECLINED, TIMED_OUT
from tests.browser.test_search import box


def test_a_time_is_chosen_and_stands_in_the_search(open_page: OpenPage) -> None:
    page = open_page("tasks?q=name:charge")
    page.get_by_role("button", name="Time: All times").click()
    page.get_by_role("button", name="Last 15 minutes").click()

    expect(page).to_have_url(re.compile(r"q=name%3Acharge\+updated%3A-15m\.\.$"))
    expect(page.get_by_role("button", name="Time: Last 15 minutes")).to_be_focused()
    page.go_back()
    expect(page.get_by_role("button", name="Time: All times")).to_be_visible()


def test_the_range_of_a_link_is_a_part_of_the_search(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:FAILURE&range=6h")

    expect(box(page)).to_have_value("state:FAILURE updated:-6h..")
    expect(page.get_by_role("button", name="Time: Last 6 hours")).to_be_visible()


def test_a_column_leads_to_exactly_the_tasks_that_ended_then(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:FAILURE name:charge&range=6h", zone="Asia/Kolkata")
    chart = page.get_by_role("group", name=re.compile("arrow keys walk"))
    reading = page.locator("figure [role=status]")
    expect(page.get_by_text(f"{DECLINED + TIMED_OUT} ended, last 6 hours")).to_be_visible()

    chart.focus()
    page.keyboard.press("ArrowLeft")
    while "failed 0" in (reading.text_content() or ""):
        page.keyboard.press("ArrowLeft")
    found = re.search(r"failed (\d+)", reading.text_content() or "")
    assert found is not None
    page.keyboard.press("Enter")

    expect(box(page)).to_have_value(re.compile(r"finished:\S+\.\.\S+"))
    expect(page.locator("#search-summary")).to_contain_text(re.compile(rf"^{found[1]} task"))
    expect(page.locator("[data-row]")).to_have_count(int(found[1]))
