"""Workflows: the list, the waterfall, failures by keyboard, and ten thousand tasks."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_access import violations
from tests.support.umbels import Client


def rows(page: Page) -> Any:
    return page.get_by_role("treegrid").get_by_role("row")


def walk_to(page: Page, key: str, row: Locator) -> None:
    """Press a key that walks the failures until this one has the focus: other tests of the same
    history leave some of their own."""
    for _ in range(6):
        page.keyboard.press(key)
        if row.evaluate("row => row === document.activeElement"):
            return
    expect(row).to_be_focused()


def test_from_the_list_to_the_failure_and_to_its_task_by_keyboard(
    open_page: OpenPage, axe_source: str
) -> None:
    page = open_page("tasks", axe=True)
    page.get_by_label("Tasks found").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("f")
    page.get_by_role("button", name="Failing", exact=True).click()
    expect(page).to_have_url(re.compile(r"workflows\?state=failing"))
    charged = page.get_by_role("row", name=re.compile("shop.orders.charge")).first
    expect(charged).to_be_visible()
    assert violations(page, axe_source) == []
    page.keyboard.press("j")
    charged.focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.place")
    expect(page.get_by_text("Nobody told of groups")).to_be_visible()
    expect(rows(page).first).to_contain_text("shop.orders.place")
    assert violations(page, axe_source) == []
    failed = rows(page).filter(has_text="shop.orders.charge")
    walk_to(page, "]", failed)
    page.keyboard.press("ArrowUp")
    expect(failed).not_to_be_focused()
    walk_to(page, "[", failed)
    expect(failed).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.charge")
    page.get_by_role("link", name="Waterfall").click()
    expect(rows(page).first).to_contain_text("shop.orders.place")


def test_ten_thousand_tasks_are_one_row_until_opened_and_then_scroll(
    open_page: OpenPage, server: Client
) -> None:
    root = server.rows("name:shop.orders.place")[0]["uuid"]
    graph = server.get(f"workflows/{root}/graph")
    part = graph["tasks"][-1] | {"parent_id": root, "name": "etl.part", "chord_id": "whole"}
    start = graph["workflow"]["start"]
    parts = [
        part | {"uuid": f"part-{n}", "seen": start + n / 100, "sent": None, "state": "SUCCESS"}
        for n in range(9_999)
    ]
    parts[5_000] |= {"state": "FAILURE"}
    graph["tasks"] = [graph["tasks"][0], *parts]
    graph["workflow"] |= {"tasks": 10_000, "has_canvas": True, "blocked": 1, "expected": 1}
    graph["expected"] = [
        {"uuid": "whole", "name": "etl.<b>whole</b>", "kind": "chord", "state": "blocked",
         "after": None, "members": 9_999, "ended": 9_999, "failed": ["part-5000"]}
    ]  # fmt: skip

    def answer(route: Route) -> None:
        route.fulfill(body=json.dumps(graph), content_type="application/json")

    page = open_page("workflows")
    page.route("**/api/v1/workflows/large/graph", answer)
    page.goto("/workflows/large")
    expect(page.get_by_text("etl.<b>whole</b> will not run: 1 of the 9,999 tasks")).to_be_visible()
    expect(rows(page)).to_have_count(4)
    rows(page).filter(has_text="9,999").click()

    expect(page.get_by_role("treegrid")).to_have_attribute("aria-rowcount", "10002")
    assert rows(page).count() < 100
    page.keyboard.press("]")
    expect(page.locator(":focus")).to_have_attribute("aria-rowindex", "5003")
    page.keyboard.press("End")
    expect(page.locator(":focus")).to_contain_text("will not run")

    page.get_by_role("button", name="Graph").click()
    graph_ = page.get_by_role("group", name="Graph of the workflow")
    expect(graph_.get_by_text("9,998")).to_be_visible()
    expect(graph_.get_by_text("will not run")).to_be_visible()
