"""From an error its failures are sent again, those not yet retried, and watched until they end."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin, until_state
from tests.support.umbels import Client
from tests.support.waiting import wait_until

FAILED, RETRIED = 5, 2
#: A plan asks workers, on a machine that may be busy.
PLANNED_MS = 30_000


def failed_before(server: Client, tell: Tell, error: str) -> list[str]:
    """The ids of tasks that a worker can run by now, and that failed with this error."""
    tasks = [begin(tell, "shop.orders.pack", args="(1, 2)") for _ in range(FAILED)]
    for task in tasks:
        # A worker does not tell the queue, and without it the retry goes where nobody consumes.
        tell("task-sent", uuid=task, name="shop.orders.pack", queue="orders", routing_key="orders")
        tell("task-failed", uuid=task, timestamp=time.time(), exception=f"{error}('full')")
    return [until_state(server, task, "FAILURE") for task in tasks]


def retry(server: Client, tasks: list[str]) -> None:
    """Somebody sent these again, before one looks at the page."""
    plan = post(server, "actions", action="retry", ids=tasks)
    post(server, f"actions/{plan['id']}/execute", confirm=plan["count"])
    for task in tasks:
        wait_until(
            lambda task=task: server.get(f"tasks/{task}")["repeated_by"],  # type: ignore[misc]
            what=f"{task} to be sent again",
        )


def post(server: Client, path: str, **body: Any) -> dict[str, Any]:
    answer = server.http.post(f"/api/v1/{path}", json=body)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.usefixtures("workers")
def test_those_not_yet_retried_are_sent_again_and_watched_until_all_succeeded(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    error = f"Zr{uuid.uuid4().hex}"
    tasks = failed_before(server, tell, error)
    retry(server, tasks[:RETRIED])
    left = FAILED - RETRIED
    page = open_page(f"errors?q=error:{error}")
    page.get_by_role("row").get_by_role("link", name=error).click()

    page.get_by_role("button", name=f"Retry {left} not yet retried").click(timeout=PLANNED_MS)
    dialog = page.get_by_role("dialog", name="Retry")
    dialog.get_by_role("button", name="Preview").click()
    execute = dialog.get_by_role("button", name=f"Retry {left} tasks")
    expect(execute).to_be_enabled(timeout=PLANNED_MS)
    execute.click()
    expect(dialog.get_by_text(f"{left} succeeded.")).to_be_visible(timeout=PLANNED_MS)

    behind = dialog.get_by_role("link", name="See them in the list")
    expect(behind).to_have_attribute("href", re.compile("action(:|%3A)"))
    behind.click()
    expect(page.locator("[data-row]")).to_have_count(left)
    page.go_back()
    expect(page.get_by_text("All of them were sent again already.")).to_be_visible(
        timeout=PLANNED_MS
    )
    expect(page.get_by_role("button", name=f"Retry all {FAILED}")).to_be_enabled()
    expect(page.get_by_role("button", name="not yet retried")).to_have_count(0)
