"""The first minute: Umbel has just been started, and nothing was told to it yet."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.test_access import FURTHER_LOOKS, violations
from tests.support.brokers import redis_database
from tests.support.umbels import Client, umbel_serve

#: Each page, its heading and what it says to whoever sees nothing there.
PAGES = {
    "": ("Overview", "Umbel listens, and no task was told of yet"),
    "tasks": ("Tasks", "No events yet"),
    "errors": ("Errors", "No task failed in this time"),
    "names": ("Names", "No task ran in this time"),
    "workers": ("Workers", "No worker"),
    "queues": ("Queues", "queue"),
    "schedule": ("Schedule", "No entry of beat is known"),
    "alerts": ("Alerts", "There are no rules yet"),
    "audit": ("Audit", "Nobody"),
}
#: What a page says that does not reckon with nothing.
BROKEN = re.compile(r"\b(NaN|undefined|null|Infinity|Invalid)\b")


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with redis_database() as broker, umbel_serve(broker, tmp_path_factory.mktemp("e")) as umbel:
        yield umbel.client


@pytest.fixture
def server(empty: Client) -> Client:
    return empty


@pytest.mark.parametrize(("width", "theme"), FURTHER_LOOKS)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_without_anything_says_so(
    open_page: OpenPage, axe_source: str, path: str, width: int, theme: Theme
) -> None:
    title, sentence = PAGES[path]
    page = open_page(path, width=width, theme=theme, axe=True)
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(re.compile(sentence))
    expect(page.locator("main [aria-busy=true]")).to_have_count(0)

    assert BROKEN.search(page.get_by_role("main").inner_text()) is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page, axe_source) == []
