"""The panel beside the tasks: what those that match have in common, and how many have it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.history import DECLINED, TIMED_OUT
from tests.browser.test_access import violations
from tests.browser.test_search import box


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Narrow by")


def value(page: Page, label: str) -> Locator:
    return panel(page).get_by_role("button", name=re.compile(rf"^{re.escape(label)}"))


def test_values_narrow_the_search_and_are_left_out_with_alt(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:FAILURE", width=1440)
    charge = value(page, "shop.orders.charge")
    expect(charge).to_contain_text(str(DECLINED + TIMED_OUT))

    charge.click()
    expect(box(page)).to_have_value("state:FAILURE name:=shop.orders.charge")
    expect(charge).to_have_attribute("aria-pressed", "true")
    expect(value(page, "shop.images.transcode")).to_be_visible()

    value(page, "CardDeclined").click(modifiers=["Alt"])
    expect(box(page)).to_have_value(re.compile(r"charge -error:[0-9a-f]{12}$"))
    expect(page.locator("[data-row]")).to_have_count(TIMED_OUT)
    charge.click()
    expect(box(page)).to_have_value(re.compile(r"^state:FAILURE -error:\S+$"))


def test_a_value_is_left_out_with_its_button_and_by_keys(open_page: OpenPage) -> None:
    page = open_page("tasks", width=1440)
    page.get_by_role("button", name="Leave out mail").focus()
    page.keyboard.press("Enter")

    expect(box(page)).to_have_value("-queue:mail")
    expect(value(page, "mail")).to_have_count(0)


def test_what_is_folded_or_closed_stays_so(open_page: OpenPage) -> None:
    page = open_page("tasks", width=1440)
    panel(page).get_by_role("button", name="Worker").click()
    expect(value(page, "orders@shop")).to_have_count(0)
    page.reload()
    expect(value(page, "shop.orders.place")).to_be_visible()
    expect(value(page, "orders@shop")).to_have_count(0)

    page.get_by_role("button", name="Narrow", exact=True).click()
    page.reload()
    expect(page.locator("[data-row]").first).to_be_visible()
    expect(panel(page)).to_have_count(0)


def test_the_panel_can_be_read_by_everybody(open_page: OpenPage, axe_source: str) -> None:
    page = open_page("tasks?q=state:FAILURE", width=1440, theme="dark", axe=True)
    expect(value(page, "shop.orders.charge")).to_be_visible()

    assert violations(page, axe_source) == []


def test_what_there_was_no_time_to_count_is_neither_none_nor_wider_than_the_window(
    open_page: OpenPage,
) -> None:
    page = open_page("tasks", width=1440)
    expect(page.locator("[data-row]").first).to_be_visible()
    page.route(re.compile(r"/api/v1/tasks/count\?"), _uncounted)
    page.route(re.compile(r"/api/v1/series\?"), _uncounted)
    page.goto(page.url + "?q=e")
    expect(page.locator("#search-summary")).to_contain_text("not counted in time")

    expect(panel(page).get_by_text("not counted in time")).to_have_count(4)
    expect(panel(page).get_by_text("None", exact=True)).to_have_count(0)
    expect(page.get_by_text(re.compile("ended, .*: not counted in time"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def _uncounted(route: Route) -> None:
    answer = route.fetch()
    body = answer.json() | {"complete": False, "groups_complete": False, "groups": {}}
    body["total"] = _zeros(body["total"])
    route.fulfill(response=answer, json=body)


def _zeros(total: int | dict[str, int]) -> int | dict[str, int]:
    return 0 if isinstance(total, int) else dict.fromkeys(total, 0)
