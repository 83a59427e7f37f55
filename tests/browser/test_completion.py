"""The search box completes words, and searches for none that is half typed."""

from __future__ import annotations

import re

from playwright.sync_api import Request, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_search import box


def test_tab_takes_the_first_suggestion_without_an_arrow(open_page: OpenPage) -> None:
    page = open_page("tasks")
    box(page).press_sequentially("state:f")
    expect(page.get_by_role("option", name=re.compile("^FAILURE"))).to_be_visible()
    box(page).press("Tab")

    expect(box(page)).to_have_value("state:FAILURE")
    expect(box(page)).to_be_focused()
    expect(page).to_have_url(re.compile(r"\?q=state%3AFAILURE$"))

    box(page).press("Tab")
    expect(box(page)).not_to_be_focused()


def test_enter_completes_half_a_state_and_leaves_half_a_name_as_it_is(open_page: OpenPage) -> None:
    page = open_page("tasks")
    box(page).press_sequentially("state:fail")
    expect(page.get_by_role("option", name=re.compile("^FAILURE"))).to_be_visible()
    box(page).press("Enter")
    expect(box(page)).to_have_value("state:FAILURE")

    box(page).fill("name:shop.orders.cha")
    expect(page.get_by_role("option", name=re.compile("charge"))).to_be_visible()
    box(page).press("Enter")
    expect(box(page)).to_have_value("name:shop.orders.cha")
    expect(page).to_have_url(re.compile(r"\?q=name%3Ashop\.orders\.cha$"))


def test_no_search_is_made_for_half_a_word_until_it_is_meant(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    searched: list[str] = []

    def hear(request: Request) -> None:
        if "/api/v1/tasks?" in request.url and "q=" in request.url:
            searched.append(request.url)

    page.on("request", hear)
    box(page).press_sequentially("state:f", delay=600)
    expect(page.get_by_role("option", name=re.compile("^FAILURE"))).to_be_visible()
    assert searched == []

    box(page).press("Escape")
    expect(page.get_by_role("alert")).to_contain_text("There is no state")


def test_back_takes_back_a_click_and_not_what_was_typed_before(open_page: OpenPage) -> None:
    page = open_page("tasks")
    box(page).fill("state:FAILURE")
    expect(page).to_have_url(re.compile(r"\?q=state%3AFAILURE$"))
    page.get_by_role("button", name=re.compile("^Success")).click()
    expect(page).to_have_url(re.compile(r"\?q=state%3AFAILURE%2CSUCCESS$"))

    page.go_back()

    expect(page).to_have_url(re.compile(r"\?q=state%3AFAILURE$"))
    expect(box(page)).to_have_value("state:FAILURE")
