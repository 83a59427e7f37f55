"""The doctor: what is not as it should be, what to write where, and how to hear no more of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Theme


def doctor(open_page: OpenPage, **how: object) -> Page:
    page = open_page("doctor", **how)
    expect(page.get_by_role("list", name="Well").get_by_role("listitem").first).to_be_visible()
    return page


def test_a_check_unfolds_is_looked_at_again_and_muted(open_page: OpenPage) -> None:
    page = doctor(open_page)
    check = page.locator("[data-check='time-limits']")
    expect(page.get_by_role("list", name="To be done").locator(check)).to_be_visible()
    check.locator(".sentence").click()
    expect(check.get_by_role("button", name="Look again")).to_be_visible()
    check.get_by_role("button", name="Look again").click()
    expect(check.get_by_role("button", name="Look again")).to_be_enabled()

    check.get_by_label("because").fill("it is so on purpose")
    check.get_by_role("button", name="Mute", exact=True).click()
    page.get_by_text("1 check muted").click()
    check.locator(".sentence").click()
    expect(check.get_by_text("it is so on purpose")).to_be_visible()
    check.get_by_role("button", name="Unmute").click()
    expect(page.get_by_text("1 check muted")).to_be_hidden()


def test_keys_and_the_overview_lead_to_it(open_page: OpenPage) -> None:
    page = open_page("")
    page.get_by_role("link", name="Doctor").click()
    expect(page.get_by_role("heading", name="Doctor")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Doctor")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (1440, "light")])
def test_whoever_sees_little_finds_no_barrier(
    open_page: OpenPage, axe_source: str, width: int, theme: Theme
) -> None:
    page = doctor(open_page, width=width, theme=theme, axe=True)
    page.locator("[data-check] .sentence").first.click()
    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then(({ violations }) => violations)")

    assert [(each["id"], [n["target"] for n in each["nodes"]]) for each in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
