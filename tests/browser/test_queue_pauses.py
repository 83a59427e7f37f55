"""A queue is paused and resumed on its page, and shown as paused everywhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.test_access import THEMES, violations
from tests.support.umbels import Client
from tests.support.waiting import wait_until

QUEUE = "images"


def act(page: Page, title: str) -> None:
    """Do what the plan in the dialog says."""
    dialog = page.get_by_role("dialog", name=title)
    dialog.get_by_role("button", name=f"{title} the queue").click()
    expect(dialog.get_by_text("Done", exact=True).first).to_be_visible(timeout=20_000)
    dialog.get_by_role("button", name="Close", exact=True).last.click()


def act_by_api(server: Client, what: str) -> None:
    plan = server.http.post(f"/api/v1/queues/{QUEUE}/{what}", json={"reason": "SMTP is down"})
    plan.raise_for_status()
    path = f"actions/{plan.json()['id']}"
    server.http.post(f"/api/v1/{path}/execute", json={}).raise_for_status()
    wait_until(lambda: server.get(path)["report"]["state"] == "done", what=what)


@pytest.mark.usefixtures("workers")
def test_a_queue_is_paused_shown_as_paused_and_resumed(open_page: OpenPage, server: Client) -> None:
    page = open_page(f"queues/{QUEUE}")
    page.get_by_role("button", name=f"Pause {QUEUE}").click()
    dialog = page.get_by_role("dialog", name="Pause")
    expect(dialog.get_by_text("stop 1 worker consuming it")).to_be_visible()
    expect(dialog.get_by_text("Umbel remembers the pause")).to_be_visible()
    act(page, "Pause")

    expect(page.get_by_role("status").filter(has_text="Paused by")).to_be_visible()
    expect(page.get_by_role("button", name=f"Pause {QUEUE}")).to_have_count(0)
    lists = open_page("queues")
    row = lists.get_by_role("row").filter(has_text=QUEUE)
    expect(row.get_by_text("paused", exact=True)).to_be_visible()
    expect(row).to_contain_text("paused by")
    expect(row).not_to_contain_text("nobody")
    overview = open_page("")
    # Other tests leave graver findings, and the gravest alone are shown at first.
    overview.add_locator_handler(
        overview.get_by_role("button", name=re.compile("more finding")), Locator.click
    )
    expect(overview.get_by_text(f"{QUEUE} is paused by").first).to_be_visible(timeout=30_000)
    media = next(
        worker["hostname"]
        for worker in server.get("workers")["items"]
        if worker["hostname"].startswith("media@")
    )
    worker_page = open_page(f"workers/{media}")
    expect(worker_page.get_by_text("It does not consume")).to_contain_text(QUEUE)

    page.reload()
    page.get_by_role("button", name=f"Resume {QUEUE}").click()
    act(page, "Resume")
    expect(page.get_by_role("status").filter(has_text="Paused by")).to_have_count(0)
    expect(page.get_by_role("button", name=f"Pause {QUEUE}")).to_be_visible()


@pytest.mark.usefixtures("workers")
def test_the_palette_pauses_the_queue_of_the_page(open_page: OpenPage) -> None:
    page = open_page(f"queues/{QUEUE}")
    expect(page.get_by_role("button", name=f"Pause {QUEUE}")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("pause this")
    page.keyboard.press("Enter")

    expect(page.get_by_role("dialog", name="Pause")).to_contain_text(QUEUE)


@pytest.mark.usefixtures("workers")
def test_the_palette_pauses_a_queue_from_any_page_and_the_report_offers_to_resume(
    open_page: OpenPage,
) -> None:
    page = open_page("names")
    page.keyboard.press("Control+k")
    page.keyboard.type(f"pause {QUEUE[:4]}")
    page.get_by_role("option", name=f"Pause queue {QUEUE}").click()
    dialog = page.get_by_role("dialog", name="Pause")
    dialog.get_by_role("button", name="Pause the queue").click()
    dialog.get_by_role("button", name="Resume the queue").click(timeout=20_000)

    act(page, "Resume")


@pytest.mark.usefixtures("workers")
def test_a_reason_is_read_in_the_list_and_the_focus_stays_in_its_row_after_resume(
    open_page: OpenPage, server: Client
) -> None:
    act_by_api(server, "pause")
    page = open_page("queues")
    row = page.get_by_role("row").filter(has_text=QUEUE)
    expect(row.get_by_text("SMTP is down")).to_be_visible()
    page.get_by_role("button", name=f"Resume {QUEUE}").focus()
    page.keyboard.press("Enter")
    act(page, "Resume")

    expect(page.get_by_role("button", name=f"Pause {QUEUE}")).to_be_focused()


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("path", ["queues", f"queues/{QUEUE}"])
def test_whoever_acts_on_one_queue_alone_reads_why_pausing_it_is_not_open(
    open_page: OpenPage, path: str
) -> None:
    def bounded(route: Route) -> None:
        grant = {"role": "operator", "name": None, "queue": QUEUE}
        person = {"permissions": ["read"], "role": "viewer", "name": "ann", "grants": [grant]}
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), **person})

    page = open_page(path)
    page.route("**/api/v1/me", bounded)
    page.reload()

    expect(page.get_by_role("button", name=f"Pause {QUEUE}")).to_be_disabled()
    expect(page.get_by_text("Pausing and resuming")).to_contain_text(
        f"you are operator of tasks in the queue {QUEUE} alone"
    )


@pytest.mark.usefixtures("workers")
@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_on_the_page_of_a_paused_queue(
    open_page: OpenPage, server: Client, axe_source: str, theme: Theme
) -> None:
    act_by_api(server, "pause")
    try:
        page = open_page(f"queues/{QUEUE}", width=320, theme=theme, axe=True)
        expect(page.get_by_role("status").filter(has_text="SMTP is down")).to_be_visible()
        found = violations(page, axe_source)
    finally:
        act_by_api(server, "resume")

    assert found == []
