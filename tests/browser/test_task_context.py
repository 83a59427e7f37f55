"""What a task's page tells beside its events: who did what to it."""

from __future__ import annotations

import time
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin, succeed, until_state
from tests.support.umbels import Client


def test_it_says_who_sent_it_again_and_how_that_went(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    old = until_state(server, failed_again(tell), "FAILURE")
    edit: dict[str, Any] = {"args": [], "kwargs": {}}
    plan = post(server, "actions", action="retry", ids=[old], edit=edit, reason="bank is back")
    post(server, f"actions/{plan['id']}/execute", confirm=plan["count"])
    new = server.get(f"tasks/{old}")["repeated_by"][0]
    at = time.time()
    tell("task-received", uuid=new, timestamp=at, name="odd.again", args="()", kwargs="{}")
    succeed(tell, new, at + 1)
    until_state(server, new, "SUCCESS")
    page = open_page(f"tasks/{old}")

    expect(page.get_by_text("Repeated by anonymous")).to_be_visible()
    audit = page.get_by_role("region", name="Who did what")
    expect(audit).to_contain_text("Retry by anonymous")
    expect(audit).to_contain_text("Reason: bank is back")
    page.get_by_role("link", name="odd.again").first.click()
    expect(page.get_by_text("Sent again by anonymous")).to_be_visible()
    expect(page.get_by_role("region", name="Who did what")).to_contain_text("Retry by anonymous")
    expect(page.get_by_role("link", name="odd.again").first).to_have_attribute(
        "href", f"tasks/{old}"
    )


def failed_again(tell: Tell) -> str:
    task = begin(tell, "odd.again")
    tell("task-failed", uuid=task, exception="OddError()", traceback=None)
    return task


def post(server: Client, path: str, **body: Any) -> dict[str, Any]:
    answer = server.http.post(f"/api/v1/{path}", json=body)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told
