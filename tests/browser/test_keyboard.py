"""Everything with keys alone."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin, fail, until_state
from tests.browser.test_tasks import shown
from tests.support.umbels import Client

FOCUSED_ROW_ELEMENT = "document.activeElement.closest('[data-row]')"
FOCUSED_ROW = f"{FOCUSED_ROW_ELEMENT}?.dataset.row"


def test_rows_are_walked_selected_and_opened(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").nth(2)).to_be_visible()
    ids = shown(page)
    focused = "document.activeElement.closest('[data-row]')?.dataset.row"

    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate(focused) == ids[1]
    page.keyboard.press("k")
    assert page.evaluate(focused) == ids[0]

    page.keyboard.press("x")
    expect(page.get_by_text("1 row selected")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_text("1 row selected")).not_to_be_visible()

    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/tasks/{ids[0]}$"))
    page.keyboard.press("g")
    page.keyboard.press("t")
    expect(page).to_have_url(re.compile(r"/tasks$"))


def test_the_focus_stays_on_a_row_whose_columns_change_or_that_is_moved(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    folder = f"zq{uuid.uuid4().hex}"
    begun = [begin(tell, f"{folder}.{name}") for name in ("fails", "fails", "waits")]
    for task in begun[:2]:
        fail(tell, task)
        until_state(server, task, "FAILURE")
    page = open_page(f"tasks?q=name:{folder}.*")
    expect(page.locator("[data-row]")).to_have_count(3)
    page.keyboard.press("j")
    row = page.evaluate(FOCUSED_ROW)
    assert row in begun[:2]

    page.keyboard.press("f")
    expect(page.get_by_role("columnheader", name="Id")).to_be_visible()  # of one name alone
    assert page.evaluate(FOCUSED_ROW) == row
    page.evaluate(f"{FOCUSED_ROW_ELEMENT}.parentElement.append({FOCUSED_ROW_ELEMENT})")
    page.wait_for_function(f"{FOCUSED_ROW} === '{row}'")

    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/tasks/{row}$"))


def test_keys_act_while_a_tooltip_is_shown_and_escape_puts_it_away(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").nth(2)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    revoke = page.get_by_role("button", name="Revoke", exact=True)
    # Which task is first, and whether it has ended, depends on what ran before.
    words = re.compile("Keeps tasks that wait|has ended|runs already")
    tooltip = page.get_by_role("tooltip", name=words)

    revoke.hover()
    expect(tooltip).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("2 rows selected")).to_be_visible()

    page.mouse.move(0, 0)
    revoke.hover()
    expect(tooltip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tooltip).not_to_be_visible()
    expect(page.get_by_text("Updates paused")).not_to_be_visible()


def test_slash_goes_to_the_search_and_escape_leaves_it(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.keyboard.press("/")
    search = page.get_by_role("combobox", name="Search tasks")
    expect(search).to_be_focused()

    page.keyboard.type("jk.x")
    expect(search).to_have_value("jk.x")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(search).not_to_be_focused()


def test_the_question_mark_shows_all_shortcuts(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")

    expect(dialog).to_contain_text("Pause or resume live updates")
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_a_pasted_id_opens_its_task(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    uuid = shown(page)[0]
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name=re.compile("^Page"))).to_be_focused()
    page.keyboard.insert_text(uuid)
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/tasks/{uuid}$"))
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


def test_theme_and_zone_are_kept(open_page: OpenPage) -> None:
    page = open_page("tasks")
    page.get_by_role("button", name="Theme: system", exact=False).click()
    page.get_by_role("button", name="Theme: light", exact=False).click()
    page.get_by_role("button", name="UTC").click()

    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("button", name="UTC")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-row] time").first).to_have_attribute("title", re.compile("UTC$"))


@pytest.mark.parametrize("path", ["names", "errors", "queues", "workers"])
@pytest.mark.usefixtures("workers")
def test_back_finds_the_row_that_was_left(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    link = page.locator("main tbody th[scope=row] a").nth(1)
    expect(link).to_be_visible()
    left = link.get_attribute("href")
    link.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/{path}/"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    page.go_back()
    expect(page.locator(f"main a[href='{left}']").first).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("main").get_by_role("link", name=path.capitalize(), exact=True).click()
    expect(page.locator(f"main a[href='{left}']").first).to_be_focused()
