"""Pages are calm: nothing moves while they load, and what is touched is large enough."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

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
