"""The Tasks page: rows live, and never jumping."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin, succeed, until_state
from tests.support.umbels import Client

#: A lost connection is noticed, and tried again, with pauses between.
SOON_MS = 30_000
#: What a browser does when its tab is left (true) and seen again (false).
HIDE = """hidden => {
    Object.defineProperty(document, 'hidden', {configurable: true, get: () => hidden})
    document.dispatchEvent(new Event('visibilitychange'))
}"""


def shown(page: Page) -> list[str]:
    """The ids of the rows, from top to bottom."""
    ids: list[str] = page.locator("[data-row]").evaluate_all(
        "rows => rows.map(row => row.dataset.row)"
    )
    return ids


def states(page: Page) -> list[str]:
    """The states that the rows show, from top to bottom."""
    return page.locator("[data-row] td:nth-child(2)").all_inner_texts()


def test_opens_with_rows_and_says_that_it_is_live(open_page: OpenPage) -> None:
    page = open_page("tasks")

    expect(page.locator("[data-row]").first).to_be_visible()
    expect(page.get_by_role("button", name="Live", exact=True)).to_be_visible()
    expect(page).to_have_title("Tasks · Umbel")
    expect(page.get_by_text(re.compile(r"^(over )?[\d,]+ tasks$"))).to_be_visible()


def running_tasks(server: Client, tell: Tell) -> tuple[str, list[str]]:
    """A search for three tasks that run, and their ids."""
    name = f"live.n{uuid.uuid4().hex}"
    tasks = [until_state(server, begin(tell, name), "STARTED") for _ in range(3)]
    return f"tasks?q=state:RECEIVED,STARTED name:{name}", tasks


def test_new_rows_wait_for_a_click_and_nothing_jumps(open_page: OpenPage, tell: Tell) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    before = shown(page)
    begin(tell, "live.new")
    waiting = page.get_by_role("button", name="1 new task", exact=True)
    expect(waiting).to_be_visible()

    assert shown(page) == before

    waiting.click()
    page.wait_for_function(
        "first => document.querySelector('[data-row]').dataset.row !== first", arg=before[0]
    )


def test_a_row_changes_where_it_stands(open_page: OpenPage, server: Client, tell: Tell) -> None:
    search, tasks = running_tasks(server, tell)
    page = open_page(search)
    expect(page.locator("[data-row]")).to_have_count(3)
    order = shown(page)
    succeed(tell, tasks[1])

    expect(page.locator(f"[data-row='{tasks[1]}'] td:nth-child(2)")).to_have_text("Success")
    assert states(page) == ["Started", "Success", "Started"]
    assert shown(page) == order


def test_pause_holds_rows_still_and_resuming_catches_up(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    search, tasks = running_tasks(server, tell)
    page = open_page(search)
    expect(page.locator("[data-row]")).to_have_count(3)
    page.keyboard.press(".")

    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    succeed(tell, tasks[0])
    expect(page.get_by_text(re.compile("Paused, .* held back"))).to_be_visible()
    assert states(page) == ["Started"] * 3

    page.keyboard.press(".")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_text("held back")).not_to_be_visible()
    assert sorted(states(page)) == ["Started", "Started", "Success"]


def test_selecting_rows_holds_them_still(open_page: OpenPage) -> None:
    page = open_page("tasks")
    page.locator("[data-row] input").first.check()

    expect(page.get_by_text("1 row selected. Updates paused.")).to_be_visible()

    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("Updates paused")).not_to_be_visible()


def test_the_next_page_comes_behind_this_one(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]")).to_have_count(50)
    first = shown(page)
    # Once its button is near it comes by itself.
    page.get_by_role("region", name="Tasks found").evaluate("list => list.scrollTo(0, 1e6)")

    expect(page.locator("[data-row]").nth(50)).to_be_visible()
    assert shown(page)[:50] == first
    assert len(set(shown(page))) == len(shown(page))


def test_columns_are_chosen_and_kept(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.get_by_role("columnheader", name="Queue")).to_be_visible()
    page.get_by_role("button", name="Columns").click()
    menu = page.get_by_role("dialog", name="Columns")
    menu.get_by_label("Queue", exact=True).uncheck()
    menu.get_by_label("Move Task towards the front").click()

    page.reload()
    expect(page.get_by_role("columnheader", name="Worker")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Queue")).not_to_be_visible()
    expect(page.get_by_role("columnheader").nth(1)).to_have_text("Task")


def test_a_column_sorts_and_the_address_says_so(open_page: OpenPage) -> None:
    page = open_page("tasks")
    page.get_by_role("button", name="Ran").click()

    expect(page).to_have_url(re.compile(r"/tasks\?order=-runtime$"))
    expect(page.get_by_role("columnheader", name="Ran")).to_have_attribute(
        "aria-sort", "descending"
    )


def test_a_lost_connection_is_told_and_keeps_the_rows(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.get_by_role("button", name="Live", exact=True)).to_be_visible()
    before = shown(page)
    page.context.set_offline(True)

    expect(page.get_by_role("button", name="Blind")).to_be_visible(timeout=SOON_MS)
    assert shown(page) == before

    page.context.set_offline(False)
    expect(page.get_by_role("button", name="Live", exact=True)).to_be_visible(timeout=SOON_MS)


def test_a_hidden_tab_ends_its_stream_and_catches_up_when_seen(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    page = open_page("docs")
    # A browser without shared workers, so that the page itself is seen to ask for its stream.
    page.add_init_script("delete window.SharedWorker")
    page.goto("/tasks")
    expect(page.get_by_role("button", name="Live", exact=True)).to_be_visible()
    expect(page.locator("[data-row]").first).to_be_visible()
    page.evaluate(HIDE, True)
    until_state(server, begin(tell, "live.meanwhile"), "STARTED")

    with page.expect_request(re.compile(r"/api/v1/live\?searches=.*after%22%3A\d+")):
        page.evaluate(HIDE, False)

    expect(page.get_by_role("button", name="1 new task", exact=True)).to_be_visible()
