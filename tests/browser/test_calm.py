"""Pages are calm: nothing moves while they load, what is touched is large enough, and a tab that
nobody sees asks for nothing."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_tasks import HIDE

#: Of the viewport's size, all that moved added up (https://web.dev/articles/cls).
SHIFT_MAX = 0.02
#: A finger's target at the least, in pixels (WCAG 2.5.8).
TARGET_PX = 24
PATHS = {
    "": "shop.orders.charge",
    "names": "shop.orders.charge",
    "names/shop.orders.charge": "All of them",
    "errors": "CardDeclined",
}
_WATCH = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const of = entry.sources.map(each => each.node?.outerHTML?.slice(0, 120) ?? 'gone');
    window.shifts.push([entry.value, of]);
  }
}).observe({ type: 'layout-shift', buffered: true });
"""
#: Controls that are too small, but for links within sentences and what is only for readers.
_SMALL = """least => [...document.querySelectorAll('button, a[href], input, select, summary')]
    .filter(each => each.checkVisibility())
    .map(each => [each, each.getBoundingClientRect()])
    .filter(([each, at]) => at.width > 1 && at.height > 1)
    .filter(([each]) => !(each.matches('a') && getComputedStyle(each).display === 'inline'))
    .filter(([, at]) => at.width < least || at.height < least)
    .map(([each, at]) => `${at.width}x${at.height} ${each.outerHTML.slice(0, 120)}`)"""


def settled(page: Page, path: str) -> None:
    expect(page.get_by_role("link", name=re.compile(PATHS[path])).first).to_be_visible()
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("path", PATHS)
def test_nothing_moves_while_a_page_loads(open_page: OpenPage, path: str, width: int) -> None:
    page = open_page("docs", width=width)
    page.add_init_script(_WATCH)
    page.goto(f"/{path}")
    settled(page, path)

    shifts = page.evaluate("window.shifts")
    assert sum(value for value, _ in shifts) < SHIFT_MAX, shifts


@pytest.mark.parametrize("path", PATHS)
def test_what_is_touched_is_large_enough(open_page: OpenPage, path: str) -> None:
    page = open_page(path, width=360)
    settled(page, path)

    assert page.evaluate(_SMALL, TARGET_PX) == []


@pytest.mark.parametrize("path", PATHS)
def test_a_tab_that_nobody_sees_asks_for_nothing(open_page: OpenPage, path: str) -> None:
    page = open_page("docs")
    page.clock.install()
    page.goto(f"/{path}")
    settled(page, path)
    with page.expect_request("**/api/v1/**"):  # it asks again and again while it is seen
        page.clock.run_for(120_000)

    page.evaluate(HIDE, True)
    settled(page, path)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(120_000)
    assert asked == []

    with page.expect_request("**/api/v1/**"):
        page.evaluate(HIDE, False)


@pytest.mark.parametrize("path", ["", "names", "errors"])
def test_a_page_that_one_comes_back_to_is_there_at_once(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    settled(page, path)
    page.get_by_role("banner").get_by_role("link", name="Queues", exact=True).click()
    expect(page.get_by_role("heading", name="Queues", level=1)).to_be_visible()
    asked: list[Route] = []
    page.route("**/api/v1/*", lambda route: asked.append(route))  # nothing is answered

    page.go_back(wait_until="commit")

    expect(page.get_by_role("link", name=re.compile(PATHS[path])).first).to_be_visible()
    assert asked
    for route in asked:
        route.abort()
