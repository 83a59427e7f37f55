"""A list of hundreds of tasks: it goes on while one scrolls, and draws the rows that are near."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.history import Call, History, task_id
from tests.support.brokers import redis_database
from tests.support.umbels import Client, umbel_serve
from umbel.cluster.decode import decode_all
from umbel.store.sqlite import SqliteStore

COUNT = 500
#: The most rows that are in the page, and the height of a table's row, in pixels.
ROWS_MAX, ROW_PX = 210, 32


@pytest.fixture(scope="module")
def long_list(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    directory = tmp_path_factory.mktemp("long") / "data"
    history = History(time.time())
    for number in range(COUNT):
        uuid = task_id("long", number)
        Call(history, "shop.orders.place", uuid, 60 + number).succeeded(number, 0.1)
    events = sorted(history.events, key=lambda event: float(event["timestamp"]))
    bodies = (json.dumps({**event, "clock": clock}) for clock, event in enumerate(events, start=1))
    store = SqliteStore(directory, write=True)
    store.apply(decode_all((body.encode() for body in bodies), history.now).events)
    store.close()
    with redis_database() as broker, umbel_serve(broker, directory) as umbel:
        yield umbel.client


@pytest.fixture
def server(long_list: Client) -> Client:
    return long_list


def found(page: Page) -> Locator:
    return page.get_by_role("region", name="Tasks found")


def scroll_to_the_end(page: Page) -> None:
    end = page.get_by_text("That is all of them.")
    for _ in range(60):
        if end.is_visible():
            break
        scroll = "list => new Promise(r => { list.scrollTo(0, 1e6); setTimeout(r, 100) })"
        found(page).evaluate(scroll)
    expect(end).to_be_visible()


def test_all_are_reached_by_scrolling_and_few_are_in_the_page(open_page: OpenPage) -> None:
    page = open_page("tasks?order=-seen")
    expect(page.locator("[data-row]").first).to_be_visible()
    scroll_to_the_end(page)

    assert page.locator("[data-row]").count() <= ROWS_MAX
    expect(page.locator(f'[data-row="{task_id("long", COUNT - 1)}"]')).to_be_visible()
    height = found(page).evaluate("list => list.scrollHeight")
    assert height > COUNT * ROW_PX
    found(page).evaluate("list => list.scrollTo(0, 0)")
    expect(page.locator(f'[data-row="{task_id("long", 0)}"]')).to_be_visible()
    assert abs(found(page).evaluate("list => list.scrollHeight") - height) < ROW_PX


def test_keys_and_back_find_a_row_far_down(open_page: OpenPage) -> None:
    page = open_page("tasks?order=-seen")
    expect(page.locator("[data-row]").first).to_be_visible()
    scroll_to_the_end(page)
    last = page.locator(f'[data-row="{task_id("long", COUNT - 1)}"]')
    last.get_by_role("link").focus()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/tasks/{task_id('long', COUNT - 2)}$"))

    page.go_back()
    before = page.locator(f'[data-row="{task_id("long", COUNT - 2)}"]')
    expect(before.get_by_role("link")).to_be_focused()
    page.keyboard.press("j")
    expect(last.get_by_role("link")).to_be_focused()

    # Scrolled away, the row with the focus is drawn no more; a key goes on from it all the same.
    found(page).evaluate("list => list.scrollTo(0, 0)")
    expect(last).to_have_count(0)
    page.keyboard.press("k")
    expect(last.get_by_role("link")).to_be_focused()
