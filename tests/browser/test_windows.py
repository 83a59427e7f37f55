"""Several windows of one browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin
from tests.support.umbels import Client

#: One more than a browser opens connections to one server.
WINDOWS = 7


def test_more_windows_than_connections_are_all_live(open_page: OpenPage, tell: Tell) -> None:
    first = open_page("tasks?q=name:windows.*")
    pages = [first, *(first.context.new_page() for _ in range(WINDOWS - 1))]
    for number, page in enumerate(pages[1:]):
        page.goto(f"/tasks?q=name:windows.* -name:none{number}", wait_until="commit")
    for page in pages:
        expect(page.get_by_text("Nothing matches")).to_be_visible()
        expect(page.get_by_role("button", name="Live", exact=True)).to_be_visible()

    begin(tell, "windows.seen")

    for page in pages:
        expect(page.locator("[data-row]")).to_have_count(1)


def test_the_zone_that_is_chosen_in_one_window_holds_in_the_others(open_page: OpenPage) -> None:
    one = open_page("workers")
    other = one.context.new_page()
    other.goto("/queues")
    one.get_by_role("button", name="UTC").click()

    expect(other.get_by_role("button", name="UTC")).to_have_attribute("aria-pressed", "true")


def test_an_id_is_copied_where_the_page_came_over_plain_http(
    open_page: OpenPage, server: Client
) -> None:
    task = server.get("tasks", q="state:FAILURE", limit=1)["items"][0]["uuid"]
    page = open_page("docs")
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.add_init_script(
        "addEventListener('copy', () => { window.copied = document.activeElement.value })"
    )
    page.goto(f"/tasks/{task}")
    page.get_by_role("button", name="Copy the id").first.click()

    expect(page.get_by_text("Copied the id.")).to_be_attached()
    assert page.evaluate("window.copied") == task
