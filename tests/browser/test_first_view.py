"""What a browser fetches for the first view of a page stays small, and is begun at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.history import task_id

#: Of script, compressed, all that a page fetches until it is drawn.
SCRIPT_BYTES_MAX = 150_000
_SCRIPT_BYTES = """() => performance.getEntriesByType('resource')
    .filter(each => new URL(each.name).pathname.endsWith('.js'))
    .reduce((sum, each) => sum + each.encodedBodySize, 0)"""
_FILES = r"""() => performance.getEntriesByType('resource')
    .map(each => new URL(each.name).pathname)
    .filter(each => /\.(js|css)$/.test(each))"""
FIRST_VIEWS = pytest.mark.parametrize(
    ("path", "heading", "draws"),
    [
        ("", "Overview", True),
        ("tasks", "Tasks", True),
        (f"tasks/{task_id('charge')}", "What happened", False),
        ("names", "Names", False),
        ("names/shop.orders.charge", "shop.orders.charge", True),
        ("errors", "Errors", False),
        ("workers", "Workers", False),
        ("queues", "Queues", False),
        ("run", "Run a task", False),
        ("audit", "Audit", False),
    ],
)


def drawn(open_page: OpenPage, path: str, heading: str, draws: bool) -> Page:
    """The page once all of its first view is there, with a chart if it `draws`."""
    page = open_page(path)
    expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    if draws:
        expect(page.locator("canvas").first).to_be_visible()
    return page


@FIRST_VIEWS
def test_the_script_of_a_first_view_is_small(
    open_page: OpenPage, path: str, heading: str, draws: bool
) -> None:
    page = drawn(open_page, path, heading, draws)

    fetched = page.evaluate(_SCRIPT_BYTES)

    assert 10_000 < fetched < SCRIPT_BYTES_MAX


@FIRST_VIEWS
def test_the_head_of_a_page_names_all_that_shows_it(
    open_page: OpenPage, path: str, heading: str, draws: bool
) -> None:
    page = drawn(open_page, path, heading, draws)

    fetched = page.evaluate(_FILES)
    head = page.request.get(page.url).text()

    assert len(fetched) > 5
    assert [each for each in fetched if f'"./{each.lstrip("/")}"' not in head] == []
