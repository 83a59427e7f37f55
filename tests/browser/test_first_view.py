"""What a browser fetches for the first view of a page stays small."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.history import task_id

#: Of script, compressed, all that a page fetches until it is drawn.
SCRIPT_BYTES_MAX = 150_000
_SCRIPT_BYTES = """() => performance.getEntriesByType('resource')
    .filter(each => new URL(each.name).pathname.endsWith('.js'))
    .reduce((sum, each) => sum + each.encodedBodySize, 0)"""


@pytest.mark.parametrize(
    ("path", "heading", "draws"),
    [
        ("", "Overview", True),
        ("tasks", "Tasks", False),
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
def test_the_script_of_a_first_view_is_small(
    open_page: OpenPage, path: str, heading: str, draws: bool
) -> None:
    page = open_page(path)
    expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    if draws:
        expect(page.locator("canvas").first).to_be_visible()

    fetched = page.evaluate(_SCRIPT_BYTES)

    assert 10_000 < fetched < SCRIPT_BYTES_MAX
