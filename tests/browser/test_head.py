"""The head of the Tasks page: nothing in it moves away from under the pointer."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_search import box

#: How far below the top of the page the rows begin at most, with and without a search: two lines
#: and the histogram.
HEAD_PX = 230


def top_of_rows(page: Page) -> float:
    """Where the rows begin, in pixels below the top of the page."""
    top = """section => section.getBoundingClientRect().top
        - document.querySelector('main').getBoundingClientRect().top"""
    return float(page.locator("section").evaluate(top))


@pytest.mark.parametrize("width", [360, 1024, 1440])
def test_a_second_click_takes_the_first_one_back(open_page: OpenPage, width: int) -> None:
    page = open_page("tasks", width=width)
    failure = page.get_by_role("button", name=re.compile("^Failure"))
    expect(failure).to_have_accessible_name(re.compile(r"Failure.*\d"))
    place = failure.bounding_box()
    assert place is not None
    at = (place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)

    page.mouse.click(*at)
    expect(page).to_have_url(re.compile(r"\?q=state%3AFAILURE$"))
    expect(failure).to_have_attribute("aria-pressed", "true")
    page.mouse.click(*at)
    expect(page).to_have_url(re.compile(r"/tasks$"))


def test_neither_a_search_nor_a_mistake_pushes_the_rows_down(open_page: OpenPage) -> None:
    page = open_page("tasks", width=1440)
    expect(page.locator("[data-row]").first).to_be_visible()
    before = top_of_rows(page)
    assert before <= HEAD_PX

    box(page).fill("state:FAILURE name:shop.*")
    expect(page).to_have_url(re.compile(r"\?q=state%3AFAILURE"))
    assert top_of_rows(page) == before

    box(page).fill("stat:FAILURE ")
    expect(page.get_by_role("alert")).to_contain_text("Did you mean state?")
    assert top_of_rows(page) == before


def test_an_answer_that_fails_is_told_in_a_line_and_rows_stay_where_they_are(
    open_page: OpenPage,
) -> None:
    page = open_page("tasks", width=1440)
    expect(page.locator("[data-row]").first).to_be_visible()
    before = top_of_rows(page)
    # The page tries a 400 no more by itself, so that the button is there to be clicked.
    page.route("**/api/v1/tasks?*", lambda route: route.fulfill(status=400, body="{}"))
    page.get_by_role("button", name="Ran").click()

    alert = page.get_by_role("alert").filter(has_text="Try again")
    expect(alert).to_be_visible()
    assert top_of_rows(page) == before

    page.unroute("**/api/v1/tasks?*")
    alert.get_by_role("button", name="Try again").click()
    expect(alert).not_to_be_visible()


def test_tokens_stand_for_the_text_until_somebody_writes(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:SUCCESS name:shop.*")
    expect(
        page.get_by_role("list", name="Parts of the search").get_by_role("button")
    ).to_have_count(2)

    page.get_by_text("name:shop.*", exact=True).click()
    expect(box(page)).to_be_focused()
    expect(page.get_by_role("button", name="Remove state:SUCCESS")).not_to_be_visible()
    page.keyboard.type("x")
    expect(box(page)).to_have_value("state:SUCCESS name:shop.*x")


def test_a_link_with_a_mistake_still_shows_counts_and_what_searches_look_like(
    open_page: OpenPage,
) -> None:
    page = open_page("tasks?q=stat:FAILURE")

    expect(page.get_by_text("This search is not understood")).to_be_visible()
    expect(page.get_by_text("state:FAILURE updated:-1h..")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"^Failure.*\d"))).to_be_visible()
    page.get_by_role("button", name="Show all tasks").click()
    expect(page.locator("[data-row]").first).to_be_visible()


def test_the_choice_of_columns_stands_below_its_button(open_page: OpenPage) -> None:
    page = open_page("tasks", width=1440)
    button = page.get_by_role("button", name="Columns", exact=True)
    button.click()
    button_box, menu_box = (
        button.bounding_box(),
        page.get_by_role("dialog", name="Columns").bounding_box(),
    )

    assert button_box is not None
    assert menu_box is not None
    assert menu_box["y"] >= button_box["y"] + button_box["height"]
