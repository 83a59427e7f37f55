"""Many tasks at once: selected by hand, as a range, a page, or all that match."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.test_access import violations
from tests.browser.test_actions import changing, send_reminder
from tests.browser.test_tasks import shown
from tests.support.umbels import Client
from tests.support.waiting import wait_until

#: One more than can be acted on without typing their number.
MANY = 101


def test_rows_are_selected_by_key_and_as_a_range(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:SUCCESS")
    expect(page.locator("[data-row]").nth(8)).to_be_visible()
    before = shown(page)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_text("1 row selected. Updates paused.")).to_be_visible()
    page.locator("[data-row] input").nth(4).click(modifiers=["Shift"])
    expect(page.get_by_text("5 rows selected. Updates paused.")).to_be_visible()
    assert shown(page) == before

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("X")
    expect(page.get_by_text("7 rows selected. Updates paused.")).to_be_visible()
    expect(page.get_by_text("Revoke, terminate and abort: the task has ended.")).to_be_visible()

    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Retry", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Updates paused")).not_to_be_visible()


def test_the_page_is_selected_with_one_click(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:SUCCESS")
    expect(page.locator("[data-row]").nth(8)).to_be_visible()
    page.get_by_label("Select all rows on this page").check()

    expect(page.get_by_text(f"{len(shown(page))} rows selected. Updates paused.")).to_be_visible()


@pytest.mark.usefixtures("workers")
def test_all_that_match_are_revoked_once_their_number_is_typed(
    open_page: OpenPage, server: Client, axe_source: str
) -> None:
    for _ in range(MANY):
        send_reminder(server, queue="forgotten")
    wait_until(
        lambda: server.get("tasks/count", q="queue:forgotten")["total"] == MANY,
        timeout_s=20,
        what="all of them to be seen",
    )
    page = open_page("tasks?q=queue:forgotten", width=320, axe=True)
    page.locator("[data-row] input").first.check()
    page.get_by_role("button", name=f"Select all {MANY} that match").click()
    expect(page.get_by_text(f"All that match are selected: {MANY}")).to_be_visible()
    requests = changing(page)
    page.get_by_role("button", name="Revoke", exact=True).click()
    dialog = page.get_by_role("dialog", name="Revoke")
    expect(dialog.get_by_text(f"Revoke {MANY} tasks")).to_have_count(2)
    expect(dialog.get_by_role("list", name="By state")).to_contain_text("Pending")
    execute = dialog.get_by_role("button", name=f"Revoke {MANY} tasks")
    expect(execute).to_be_disabled()
    assert violations(page, axe_source) == []

    confirm = dialog.get_by_label(f"Type {MANY} to confirm")
    confirm.fill("100")
    confirm.press("Enter")
    assert [one.url.rsplit("/", 1)[-1] for one in requests] == ["actions"]
    confirm.fill(str(MANY))
    execute.click()
    expect(
        dialog.get_by_text(re.compile(f"Told the workers to revoke {MANY} tasks"))
    ).to_be_visible()
    assert violations(page, axe_source) == []

    dialog.get_by_role("button", name="Close", exact=True).last.click()
    expect(page.get_by_text("Updates paused")).not_to_be_visible()
    expect(page.get_by_text("revoke requested").first).to_be_visible()


def test_looking_at_everything_changes_nothing(open_page: OpenPage, server: Client) -> None:
    before = server.get("audit", limit=1)["items"]
    page = open_page("tasks")
    requests = changing(page)
    for path in (
        "tasks",
        "workers",
        "workers/orders%40nowhere",
        "queues",
        "queues/mail",
        "run",
        "audit",
    ):
        page.goto(f"/{path}")
        page.wait_for_load_state("load")
        expect(page.get_by_role("heading", level=1)).to_be_attached()

    assert requests == []
    assert server.get("audit", limit=1)["items"] == before
