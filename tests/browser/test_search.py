"""The search box: text, chips, suggestions, mistakes, and the address."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage


def box(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Search tasks")


def test_typing_searches_and_the_address_has_it(open_page: OpenPage) -> None:
    page = open_page("tasks")
    box(page).fill("state:SUCCESS name:shop.orders.*")

    expect(page).to_have_url(re.compile(r"/tasks\?q=state%3ASUCCESS\+name%3Ashop\.orders\.\*$"))
    box(page).blur()
    expect(page.get_by_role("button", name="Remove state:SUCCESS")).to_be_visible()
    expect(page.locator("#search-summary")).to_contain_text("shop.orders.")
    names = page.locator("[data-row] [data-open]").all_inner_texts()
    assert names
    assert all(name.startswith("shop.orders.") for name in names)


def test_a_chip_is_a_part_of_the_text(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:SUCCESS name:shop.*")
    page.get_by_role("button", name="Remove state:SUCCESS").click()

    expect(box(page)).to_have_value("name:shop.*")
    expect(page).to_have_url(re.compile(r"\?q=name%3Ashop\.\*$"))


def test_back_takes_back_the_last_change(open_page: OpenPage) -> None:
    page = open_page("tasks")
    page.get_by_role("button", name=re.compile("^Failure")).click()
    expect(box(page)).to_have_value("state:FAILURE")
    page.get_by_role("button", name=re.compile("^Retry")).click()
    expect(box(page)).to_have_value("state:FAILURE,RETRY")

    page.go_back()
    expect(box(page)).to_have_value("state:FAILURE")
    page.go_back()
    expect(box(page)).to_have_value("")


def test_suggestions_are_taken_with_keys(open_page: OpenPage) -> None:
    page = open_page("tasks")
    box(page).press_sequentially("sta")
    expect(page.get_by_role("option").first).to_be_visible()
    box(page).press("ArrowDown")
    box(page).press("Enter")
    expect(box(page)).to_have_value("state:")

    expect(page.get_by_role("option", name=re.compile("^FAILURE"))).to_be_visible()
    box(page).press_sequentially("FAI")
    expect(page.get_by_role("option")).to_have_count(1)
    box(page).press("ArrowDown")
    box(page).press("Enter")

    expect(box(page)).to_have_value("state:FAILURE")
    expect(page.get_by_role("listbox")).not_to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=state%3AFAILURE$"))


def test_a_mistake_is_underlined_and_a_click_mends_it(open_page: OpenPage) -> None:
    page = open_page("tasks?q=name:shop.* stat:FAILURE")

    expect(page.locator("mark")).to_have_text("stat")
    expect(page.get_by_role("alert")).to_contain_text("Did you mean state?")
    expect(box(page)).to_have_attribute("aria-invalid", "true")

    page.get_by_role("button", name="Use state").click()
    expect(box(page)).to_have_value("name:shop.* state:FAILURE")
    expect(page.locator("[data-row]").first).to_be_visible()


def test_nothing_found_says_so_and_offers_the_way_back(open_page: OpenPage) -> None:
    page = open_page("tasks?q=name:no.such.task")

    expect(page.get_by_text("Nothing matches")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="Clear the search").last.click()
    expect(page.locator("[data-row]").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"/tasks$"))


def test_the_palette_goes_to_a_task_name(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("orders.charge")
    option = page.get_by_role("option", name=re.compile("shop.orders.charge Task name"))
    expect(option).to_be_visible()
    option.click()

    expect(page.get_by_role("heading", name="shop.orders.charge")).to_be_visible()


def test_a_mistake_behind_the_caret_is_told_while_suggestions_are_open(
    open_page: OpenPage,
) -> None:
    page = open_page("tasks")
    box(page).press_sequentially("stat:FAILURE ")

    expect(page.get_by_role("option").first).to_be_visible()
    expect(page.locator("mark")).to_have_text("stat")
