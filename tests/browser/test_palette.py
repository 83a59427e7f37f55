"""The palette: places and commands, by their words alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.test_tasks import shown

#: The palette asks nothing of the server before it shows its first offers.
AT_ONCE_MS = 1_000


def palette(page: Page, typed: str = "") -> Locator:
    """The palette's list, with a text typed."""
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name=re.compile("^Page"))).to_be_focused()
    page.keyboard.insert_text(typed)
    return page.get_by_role("listbox", name="Places and commands")


def tasks(open_page: OpenPage, **how: object) -> Page:
    page = open_page("tasks", **how)
    expect(page.locator("[data-row]").first).to_be_visible()
    return page


def test_words_change_the_theme_and_the_zone(open_page: OpenPage) -> None:
    page = tasks(open_page)
    palette(page, "dark")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    palette(page, "utc")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="UTC", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_live_updates_are_paused_by_words(open_page: OpenPage) -> None:
    page = tasks(open_page)
    palette(page, "pause")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    palette(page, "resume")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()


def test_a_task_is_sent_again_through_its_plan(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:FAILURE")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    offered = palette(page, "this task")
    expect(offered.get_by_role("option", name="Retry this task")).to_be_visible()
    revoke = offered.get_by_role("option", name="Revoke this task")
    expect(revoke).to_be_disabled()
    expect(revoke).to_contain_text("the task has ended.")
    page.keyboard.press("Enter")

    dialog = page.get_by_role("dialog", name="Retry")
    expect(dialog.get_by_role("button", name="Preview")).to_be_focused()


def test_queues_and_workers_are_acted_on_from_their_page(open_page: OpenPage) -> None:
    page = open_page("workers/orders@shop")
    expect(page.get_by_role("heading", name="orders@shop")).to_be_visible()
    palette(page, "shut down")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Shut down")).to_be_visible()


def test_a_task_is_found_by_the_beginning_of_its_id(open_page: OpenPage) -> None:
    page = tasks(open_page)
    uuid = shown(page)[0]
    offered = palette(page, uuid[:8])
    expect(offered.get_by_role("option", name=uuid)).to_be_visible()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/tasks/{uuid}$"))


def test_what_is_called_just_so_comes_first_and_is_remembered(open_page: OpenPage) -> None:
    page = tasks(open_page)
    offered = palette(page, "images")
    first = offered.get_by_role("option").first
    expect(first).to_have_text(re.compile("images *Queue"))
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/queues/images$"))

    page.reload()
    expect(page.get_by_role("heading", name="images")).to_be_visible()
    expect(palette(page).get_by_role("option").first).to_have_text(re.compile("images *Queue"))


def test_pages_and_commands_are_offered_without_an_answer(open_page: OpenPage) -> None:
    page = tasks(open_page)
    page.route("**/api/v1/suggest*", lambda _: None)
    offered = palette(page, "wor")
    expect(offered.get_by_role("option", name="Workers Page", exact=True)).to_be_visible(
        timeout=AT_ONCE_MS
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_whoever_sees_little_finds_no_barrier(
    open_page: OpenPage, axe_source: str, theme: Theme
) -> None:
    page = tasks(open_page, theme=theme, axe=True)
    expect(palette(page).get_by_role("option").first).to_be_visible()
    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then(({ violations }) => violations)")

    assert [(each["id"], [n["target"] for n in each["nodes"]]) for each in found] == []
