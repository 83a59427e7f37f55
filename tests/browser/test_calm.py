"""Pages are calm under a finger: what is touched is large enough to be met."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage

#: A finger's target at the least, in pixels (WCAG 2.5.8).
TARGET_PX = 24
PATHS = {
    "": "shop.orders.charge",
    "names": "shop.orders.charge",
    "names/shop.orders.charge": "All of them",
    "errors": "CardDeclined",
}
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


@pytest.mark.parametrize("path", PATHS)
def test_what_is_touched_is_large_enough(open_page: OpenPage, path: str) -> None:
    page = open_page(path, width=360)
    settled(page, path)

    assert page.evaluate(_SMALL, TARGET_PX) == []
