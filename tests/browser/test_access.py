"""For everybody and every screen: axe finds nothing, and nothing scrolls sideways."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.history import task_id
from tests.browser.live_events import Tell, begin

THEMES: tuple[Theme, ...] = ("light", "dark")
#: Widths and themes that pages are looked at in; all four with `make test-thorough`.
LOOKS = [
    pytest.param(1920, "light"),
    pytest.param(320, "dark"),
    pytest.param(1920, "dark", marks=pytest.mark.thorough),
    pytest.param(320, "light", marks=pytest.mark.thorough),
]
#: For further pages, which are made of the same parts: one of them in every run.
FURTHER_LOOKS = [
    pytest.param(320, "dark"),
    pytest.param(1920, "light", marks=pytest.mark.thorough),
    *LOOKS[2:],
]
PATHS = {
    "tasks": "tasks?q=state:SUCCESS -name:nothing",
    "task": f"tasks/{task_id('charge')}",
    "workers": "workers",
}


def violations(page: Page, axe_source: str) -> list[str]:
    """What axe finds wrong, one line for each element."""
    page.evaluate(axe_source)
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{found['id']}: {node['html'][:160]} ({node.get('failureSummary', '')[:300]})"
        for found in result["violations"]
        for node in found["nodes"]
    ]


def settled(page: Page) -> None:
    """The page shows what it came for."""
    expect(page.locator("[data-row], section h2, tbody tr").first).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), LOOKS)
@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("name", PATHS)
def test_axe_finds_nothing(
    open_page: OpenPage, axe_source: str, name: str, width: int, theme: Theme
) -> None:
    page = open_page(PATHS[name], width=width, theme=theme, axe=True)
    settled(page)

    assert violations(page, axe_source) == []


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("tasks?q=stat:FAILURE", "Did you mean state?"),
        ("tasks?q=name:no.such.task", "Nothing matches"),
        ("tasks/unknown-id", "No task with this id is known"),
        ("nowhere", "There is no page"),
    ],
)
def test_axe_finds_nothing_where_something_is_wrong(
    open_page: OpenPage, axe_source: str, path: str, says: str, theme: Theme
) -> None:
    page = open_page(path, width=320, theme=theme, axe=True)
    expect(page.get_by_text(says).first).to_be_visible()

    assert violations(page, axe_source) == []


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_dialogs(open_page: OpenPage, axe_source: str, theme: Theme) -> None:
    page = open_page("tasks", theme=theme, axe=True)
    settled(page)
    page.keyboard.press("Control+k")
    page.keyboard.type("orders")
    expect(page.get_by_role("option").nth(2)).to_be_visible()
    assert violations(page, axe_source) == []

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert violations(page, axe_source) == []

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Columns").click()
    expect(page.get_by_role("dialog", name="Columns")).to_be_visible()
    assert violations(page, axe_source) == []


@pytest.mark.parametrize("name", PATHS)
def test_a_small_screen_never_scrolls_sideways(open_page: OpenPage, name: str) -> None:
    page = open_page(PATHS[name], width=320, height=640)
    settled(page)

    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_new_tasks_do_not_push_the_buttons_out_of_a_small_screen(
    open_page: OpenPage, tell: Tell
) -> None:
    page = open_page("tasks", width=320, height=640)
    settled(page)
    begin(tell, "small.screen")

    expect(page.get_by_role("button", name=re.compile("new task"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_motion_is_reduced_when_asked(open_page: OpenPage) -> None:
    page = open_page("tasks")
    settled(page)
    page.emulate_media(reduced_motion="reduce")

    assert (
        page.evaluate("getComputedStyle(document.querySelector('button')).transitionDuration")
        == "0s"
    )
