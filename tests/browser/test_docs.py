"""The documentation of this version, in the browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.history import task_id
from tests.browser.test_access import FURTHER_LOOKS, violations


def test_help_leads_to_the_documentation(open_page: OpenPage) -> None:
    page = open_page("tasks")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_role("link", name="Documentation", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Documentation")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("link", name="Coming from Flower").click()
    expect(page).to_have_title(re.compile("^Coming from Flower"))
    expect(page.get_by_role("row").filter(has_text="tasks_columns").first).to_contain_text("better")
    page.get_by_role("link", name="auth.users").click()
    expect(page).to_have_url(re.compile("/docs/settings#logins$"))
    expect(page.get_by_role("heading", name="Logins")).to_be_in_viewport()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Coming from Flower")


@pytest.mark.parametrize(
    ("path", "about"),
    [("tasks", "tasks"), (f"tasks/{task_id('charge')}", "task"), ("names", "overview")],
)
def test_each_page_leads_to_what_is_written_of_it(
    open_page: OpenPage, path: str, about: str
) -> None:
    page = open_page(path)
    page.get_by_role("link", name="About this page").click()

    expect(page).to_have_url(re.compile(f"/docs/{about}$"))


def test_a_page_that_the_documentation_does_not_have_is_said_so(open_page: OpenPage) -> None:
    page = open_page("docs/nosuch")

    expect(page.get_by_text("The documentation has no page “nosuch”")).to_be_visible()


def test_pages_of_logins_lead_to_each_other_and_back(open_page: OpenPage) -> None:
    page = open_page("docs")
    page.get_by_role("link", name="Logins", exact=True).click()
    expect(page).to_have_url(re.compile("/docs/logins$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Logins")

    page.get_by_role("link", name="Okta", exact=True).click()
    expect(page).to_have_url(re.compile("/docs/logins/okta$"))
    expect(page.get_by_text('domain = "example.okta.com"')).to_be_visible()

    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Okta")
    page.go_back()
    page.get_by_role("link", name="settings", exact=True).first.click()
    expect(page).to_have_url(re.compile("/docs/settings#logins$"))


@pytest.mark.parametrize(("width", "theme"), FURTHER_LOOKS)
@pytest.mark.parametrize("name", ["query-language", "logins"])
def test_axe_finds_nothing_in_the_documentation(
    open_page: OpenPage, axe_source: str, width: int, theme: Theme, name: str
) -> None:
    page = open_page(f"docs/{name}", width=width, theme=theme, axe=True)
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    assert violations(page, axe_source) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
