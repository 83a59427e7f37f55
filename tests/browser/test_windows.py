"""Several windows of one browser."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, failed_task
from tests.support.umbels import Client

#: One more than a browser opens connections to one server.
WINDOWS = 7
#: How long a change of the demo may take to reach a page, milliseconds.
SOON_MS = 60_000


def test_more_windows_than_connections_are_all_live(open_page: OpenPage) -> None:
    first = open_page("tasks?q=name:shop.*")
    pages = [first.context.new_page() for _ in range(WINDOWS - 1)]
    for number, page in enumerate(pages):
        page.goto(f"/tasks?q=name:none{number}", wait_until="commit")

    for page in pages:
        expect(page.get_by_text("Nothing matches")).to_be_visible(timeout=SOON_MS)
        expect(page.get_by_role("button", name="Live", exact=True)).to_be_visible(timeout=SOON_MS)
    expect(first.get_by_role("button", name="new task")).to_be_visible(timeout=SOON_MS)


def test_the_zone_that_is_chosen_in_one_window_holds_in_the_others(open_page: OpenPage) -> None:
    one = open_page("workers")
    other = one.context.new_page()
    other.goto("/queues")
    one.get_by_role("button", name="UTC").click()

    expect(other.get_by_role("button", name="UTC")).to_have_attribute("aria-pressed", "true")


def test_an_id_is_copied_where_the_page_came_over_plain_http(
    open_page: OpenPage, demo: Client
) -> None:
    task = failed_task(demo)
    assert task is not None
    page = open_page("livez")
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.add_init_script(
        "addEventListener('copy', () => { window.copied = String(document.activeElement.value) })"
    )
    page.goto(f"/tasks/{task['uuid']}")
    page.get_by_role("button", name="Copy the id").first.click()

    expect(page.get_by_text("Copied the id.")).to_be_attached()
    assert page.evaluate("window.copied") == task["uuid"]
