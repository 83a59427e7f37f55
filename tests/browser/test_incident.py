"""An incident by keyboard alone: what failed is found, read, sent again and watched."""

from __future__ import annotations

import re
import time
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin, fail, until_state
from tests.browser.test_search import box
from tests.browser.test_tasks import shown
from tests.support.umbels import Client

#: With every letter that is typed into the search counted.
KEYS_MAX = 15
#: A plan asks workers, on a machine that may be busy.
PLANNED_MS = 30_000
FOCUSED_ROW = "document.activeElement.closest('[data-row]')?.dataset.row"


class Keys:
    """Presses keys, and counts them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.count += 1


@pytest.fixture
def failed(server: Client, tell: Tell) -> list[str]:
    """Seven tasks that failed, of a name that no other begins like."""
    name = f"zq.incident{uuid.uuid4().hex}"
    tasks = [begin(tell, name, args="(1,)") for _ in range(7)]
    for task in tasks:
        fail(tell, task)
    return [until_state(server, task, "FAILURE") for task in tasks]


def test_an_incident_takes_at_most_fifteen_keys(
    open_page: OpenPage, server: Client, failed: list[str]
) -> None:
    task = server.task(failed[0])
    assert task is not None
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    keys = Keys(page)

    keys.press("/", *task["name"][:3])
    suggested = page.get_by_role("option", name=re.compile(task["name"]))
    expect(suggested).to_be_visible()
    keys.press("Tab", "Escape", "f", "h")
    expect(box(page)).to_have_value(f"state:FAILURE name:{task['name']} updated:-1h..")
    expect(page.locator("[data-row]")).to_have_count(len(failed))

    keys.press("j", "Enter")
    expect(page.get_by_role("heading", name=task["name"], level=1)).to_be_focused()
    expect(page.get_by_role("region", name="Error")).to_contain_text("ValueError()")

    keys.press("u")
    expect(page.locator("[data-row]")).to_have_count(len(failed))
    keys.press("*", "r")
    dialog = page.get_by_role("dialog", name="Retry")
    expect(dialog.get_by_role("button", name="Preview")).to_be_focused()
    keys.press("Enter")
    execute = dialog.get_by_role("button", name=f"Retry {len(failed)} tasks")
    expect(execute).to_be_focused(timeout=PLANNED_MS)
    keys.press("Enter")

    became = re.compile(rf"{len(failed)} (wait|were not heard of yet)\.")
    expect(dialog.get_by_text(became)).to_be_visible(timeout=PLANNED_MS)
    assert keys.count <= KEYS_MAX


@pytest.fixture
def mended(server: Client, tell: Tell) -> str:
    """The type of an error with which seven tasks failed that a worker can run by now."""
    error = f"Zq{uuid.uuid4().hex}"
    tasks = [begin(tell, "shop.orders.pack", args="(1, 2)") for _ in range(7)]
    for task in tasks:
        # A worker does not tell the queue, and without it the retry goes where nobody consumes.
        tell("task-sent", uuid=task, name="shop.orders.pack", queue="orders", routing_key="orders")
        tell("task-failed", uuid=task, timestamp=time.time(), exception=f"{error}('full')")
    for task in tasks:
        until_state(server, task, "FAILURE")
    return error


@pytest.mark.usefixtures("workers")
def test_from_the_overview_all_are_sent_again_and_succeed(open_page: OpenPage, mended: str) -> None:
    page = open_page("")
    listed = page.get_by_role("region", name="New and rising errors")
    expect(listed).to_contain_text(mended, timeout=PLANNED_MS)
    keys = Keys(page)

    keys.press("e")
    while mended not in page.evaluate("document.activeElement.textContent"):
        keys.press("e")
        assert keys.count < KEYS_MAX
    keys.press("Enter")
    expect(page.get_by_role("heading", name=mended, level=1)).to_be_focused()
    expect(page.get_by_role("button", name="Retry all 7")).to_be_enabled(timeout=PLANNED_MS)
    keys.press("r")
    dialog = page.get_by_role("dialog", name="Retry")
    expect(dialog.get_by_role("button", name="Preview")).to_be_focused()
    keys.press("Enter")
    expect(dialog.get_by_role("button", name="Retry 7 tasks")).to_be_focused(timeout=PLANNED_MS)
    keys.press("Enter")

    expect(dialog.get_by_text("7 succeeded.")).to_be_visible(timeout=PLANNED_MS)
    assert keys.count < KEYS_MAX
    keys.press("Escape", "u")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_after_back_keys_go_on_from_the_row_that_was_left(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:SUCCESS")
    expect(page.locator("[data-row]").nth(4)).to_be_visible()
    ids = shown(page)
    for _ in range(3):
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/tasks/{ids[2]}$"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"/tasks/{ids[3]}$"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"/tasks\?q="))

    page.wait_for_function(f"uuid => {FOCUSED_ROW} === uuid", arg=ids[3])
    page.keyboard.press("k")
    assert page.evaluate(FOCUSED_ROW) == ids[2]


def test_the_focus_is_never_thrown_away(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:SUCCESS")
    expect(page.locator("[data-row]").nth(4)).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.get_by_role("button", name=re.compile("^Select all .*that match")).press("Enter")
    expect(page.get_by_role("button", name="Retry", exact=True)).to_be_focused()

    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Retry")
    expect(dialog.get_by_role("button", name="Preview")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Retry", exact=True)).to_be_focused()

    page.get_by_role("button", name="Clear", exact=True).press("Enter")
    assert page.evaluate(FOCUSED_ROW) == shown(page)[0]


def test_going_to_a_page_puts_the_focus_on_its_heading(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    for key, title in (("w", "Workers"), ("q", "Queues"), ("r", "Run a task"), ("t", "Tasks")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.get_by_role("heading", name=title, level=1)).to_be_focused()
