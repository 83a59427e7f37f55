"""Saved and recent searches, as people save, find, share and forget them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_access import violations
from tests.browser.test_people import log_in, people_at
from tests.browser.test_search import box
from tests.support.waiting import wait_until


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Umbel at which people log in."""
    with people_at(tmp_path_factory.mktemp("searches")) as url:
        yield url


@pytest.fixture
def visits(browser: Browser, guarded: str) -> Iterator[dict[str, Page]]:
    """Vera, who may only look, and Otto, who may act, each at a browser of their own."""
    found = {}
    for name in ("vera", "otto"):
        context = browser.new_context(base_url=guarded, bypass_csp=True)
        page = context.new_page()
        page.goto("/tasks")
        log_in(page, name)
        expect(box(page)).to_be_visible()
        found[name] = page
    yield found
    for page in found.values():
        page.context.close()


def star(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Save(d as| this)"))


def search_for(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")
    box(page).press("Escape")
    box(page).press("Escape")


def save(page: Page, name: str, *, shared: bool = False) -> None:
    expect(star(page)).to_be_enabled()
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Save this search")
    expect(dialog.get_by_label("Name")).to_be_focused()
    dialog.get_by_label("Name").fill(name)
    if shared:
        dialog.get_by_label("Share it with everybody").check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(star(page)).to_have_accessible_name(f"Saved as {name}")


def test_a_search_is_saved_and_there_after_a_reload(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(star(page)).to_be_disabled()
    search_for(page, "state:FAILURE queue:mail")
    save(page, "Failed <b>mails</b>")
    expect(page).to_have_title("Failed <b>mails</b> · Umbel")

    page.goto("/tasks")
    box(page).focus()
    group = page.get_by_role("group", name="Saved searches")
    group.get_by_role("option", name="Failed <b>mails").click()

    expect(page).to_have_url(re.compile(r"tasks\?q=state%3AFAILURE\+queue%3Amail$"))
    expect(page).to_have_title("Failed <b>mails</b> · Umbel")
    star(page).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete it for everybody").click()
    expect(star(page)).to_have_accessible_name("Save this search")


def test_a_changed_search_takes_the_place_of_the_one_that_it_began_as(open_page: OpenPage) -> None:
    page = open_page("tasks?q=name:shop.orders.*&order=-runtime")
    save(page, "Slow orders")
    search_for(page, "name:shop.orders.* runtime:>1s")
    expect(star(page)).to_have_accessible_name("Save this search")

    star(page).click()
    page.get_by_role("button", name="Update Slow orders").click()
    expect(star(page)).to_have_accessible_name("Saved as Slow orders")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Saved search")
    dialog.get_by_label("Name").fill("Slowest orders")
    dialog.get_by_label("Name").press("Enter")
    expect(star(page)).to_have_accessible_name("Saved as Slowest orders")

    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("slowest")
    option = page.get_by_role("option", name=re.compile("Slowest orders"))
    expect(option).to_contain_text("Saved search")
    page.keyboard.press("Enter")
    expect(page).to_have_url(
        re.compile(r"q=name%3Ashop\.orders\.\*\+runtime%3A%3E1s&order=-runtime$")
    )


def test_a_name_that_is_taken_is_told_where_it_was_typed(open_page: OpenPage) -> None:
    page = open_page("tasks?q=queue:taken")
    save(page, "Taken")
    search_for(page, "queue:other")

    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Save this search")
    dialog.get_by_role("textbox").fill("Taken")
    dialog.get_by_role("textbox").press("Enter")

    expect(dialog.get_by_role("alert")).to_contain_text("of that name already")


def test_a_search_that_somebody_stayed_at_is_recent_and_can_be_forgotten(
    open_page: OpenPage,
) -> None:
    page = open_page("tasks")
    search_for(page, "state:FAIL")
    search_for(page, "queue:mail state:FAILURE")
    stored = "() => localStorage.getItem('umbel.recent-searches::anonymous')"
    wait_until(lambda: page.evaluate(stored) is not None, what="a recent search")
    page.get_by_label("Clear the search").click()

    page.keyboard.press("/")
    recent = page.get_by_role("group", name="Recent searches")
    expect(recent.get_by_role("option")).to_have_count(1)
    expect(recent.get_by_role("option")).to_contain_text("queue:mail state:FAILURE")
    while recent.get_by_role("option").get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Delete")
    expect(recent).to_have_count(0)
    expect(box(page)).to_be_focused()


def test_the_empty_box_begins_with_examples_and_fields_by_key(open_page: OpenPage) -> None:
    page = open_page("tasks")
    page.keyboard.press("/")
    examples = page.get_by_role("group", name="Examples").get_by_role("option")
    expect(examples).to_have_count(3)
    expect(page.get_by_role("group", name="Fields").get_by_role("option").first).to_be_attached()
    while examples.first.get_attribute("aria-selected") != "true":
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(box(page)).to_have_value("state:FAILURE updated:-1h..")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()


def test_what_an_operator_shares_a_viewer_opens_and_cannot_share(visits: dict[str, Page]) -> None:
    otto, vera = visits["otto"], visits["vera"]
    search_for(otto, "queue:mail")
    save(otto, "Mails", shared=True)
    search_for(vera, "queue:slow")
    vera.keyboard.press("s")
    dialog = vera.get_by_role("dialog", name="Save this search")
    expect(dialog.get_by_label("Share it with everybody")).to_be_disabled()
    expect(dialog).to_contain_text("This needs the role operator; vera is viewer.")
    dialog.get_by_label("Name").fill("Mine")
    dialog.get_by_role("button", name="Save", exact=True).click()
    expect(dialog).to_be_hidden()

    vera.goto("/tasks")
    expect(box(vera)).to_be_visible()
    vera.keyboard.press("/")
    expect(vera.get_by_role("group", name="Your searches")).to_contain_text("Mine")
    vera.get_by_role("group", name="Shared searches").get_by_role("option").click()
    expect(star(vera)).to_have_accessible_name("Saved as Mails")
    star(vera).click()
    dialog = vera.get_by_role("dialog", name="Save this search")
    expect(dialog).to_contain_text("otto shares this search")
    expect(dialog.get_by_role("button", name="Delete")).to_have_count(0)

    otto.goto("/tasks")
    expect(box(otto)).to_be_visible()
    otto.keyboard.press("/")
    expect(otto.get_by_role("group", name="Your searches")).to_contain_text("Mails")
    expect(otto.get_by_text("Mine", exact=True)).to_have_count(0)


def test_everybody_can_use_the_dialog_and_the_list(
    visits: dict[str, Page], axe_source: str
) -> None:
    page = visits["vera"]
    search_for(page, "queue:axe")
    page.keyboard.press("s")
    expect(page.get_by_role("dialog", name="Save this search")).to_be_visible()
    assert violations(page, axe_source) == []
    page.keyboard.press("Escape")

    page.get_by_label("Clear the search").click()
    page.keyboard.press("/")
    expect(page.get_by_role("group", name="Examples")).to_be_visible()
    assert violations(page, axe_source) == []
