"""What can be done to one task: planned first, done once, and told until events tell."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

import pytest
from celery import Celery
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.history import ORDERS, task_id
from tests.browser.live_events import Tell, fail, until_state
from tests.browser.servers import Server
from tests.browser.test_access import FURTHER_LOOKS, violations
from tests.support.umbels import Client


def send(server: Client, name: str, **more: Any) -> str:
    """The id of a task that was sent; in a queue that no worker reads, it waits there."""
    body = {"name": name, "task_id": str(uuid.uuid4())} | more
    server.http.post("/api/v1/apply", json=body).raise_for_status()
    return str(body["task_id"])


def send_reminder(server: Client, **more: Any) -> str:
    """The id of a reminder that was sent."""
    return send(server, "shop.orders.remind", kwargs={"order_id": 1, "customer": "Ada"}, **more)


def held_task(server: Client) -> str:
    """The id of a task that a worker holds for an hour."""
    return until_state(server, send_reminder(server, queue="orders", countdown=3600), "RECEIVED")


def failed_tally(server: Client, tell: Tell) -> str:
    """The id of a task of the test's own that has failed."""
    now, task = time.time(), str(uuid.uuid4())
    kwargs = "{'reserved': [], 'order_id': 4711}"
    described = {"name": "shop.orders.tally", "args": "()", "kwargs": kwargs}
    described |= {"root_id": task_id("place"), "parent_id": task_id("reserve")}
    tell("task-sent", uuid=task, timestamp=now - 1, queue="orders", **described)
    tell("task-received", uuid=task, timestamp=now - 0.9, **described)
    fail(tell, task)
    return until_state(server, task, "FAILURE")


def changing(page: Page) -> list[Request]:
    """Every request of the page from now on that is no GET."""
    found: list[Request] = []
    page.on("request", lambda one: found.append(one) if one.method != "GET" else None)
    return found


@pytest.mark.usefixtures("workers")
def test_a_waiting_task_is_revoked_and_says_requested_until_events_tell(
    open_page: OpenPage, history: Server
) -> None:
    server, shelf = history.client, f"shelf.{uuid.uuid4().hex}"
    task = until_state(server, send_reminder(server, queue=shelf), "PENDING")
    page = open_page(f"tasks/{task}")
    page.get_by_role("button", name="Revoke", exact=True).click()
    dialog = page.get_by_role("dialog", name=re.compile("^Revoke"))
    expect(dialog.get_by_text("Revocations live in the workers' memory")).to_be_visible()
    dialog.get_by_label("Reason, for the audit").fill("A wrong price list")
    dialog.get_by_role("button", name="Revoke 1 task").click()
    expect(dialog.get_by_text("Done", exact=True).first).to_be_visible()
    dialog.get_by_role("button", name="Close", exact=True).last.click()

    expect(page.get_by_text("revoke requested")).to_be_visible()
    expect(page.get_by_text("anonymous asked")).to_be_visible()
    page.goto(f"/tasks?q=uuid:{task}")
    expect(page.locator("[data-row]").get_by_text("revoke requested")).to_be_visible()
    # A worker looks whether a task was revoked when it receives it, and tells it then.
    with Celery(broker=history.broker, set_as_current=False) as app:
        app.control.add_consumer(shelf, destination=[ORDERS])
    expect(page.locator("[data-row]").get_by_text("Revoked", exact=True)).to_be_visible()
    expect(page.get_by_text("revoke requested")).not_to_be_visible()


def test_a_failed_task_is_sent_again_with_edited_arguments(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    failed = failed_tally(server, tell)
    page = open_page(f"tasks/{failed}")
    page.get_by_role("button", name="Retry", exact=True).click()
    dialog = page.get_by_role("dialog", name="Retry: shop.orders.tally")
    dialog.get_by_label("Edited").check()
    keywords = dialog.get_by_label("Keyword, as a JSON object")
    expect(keywords).to_have_value(re.compile('"order_id"'))
    keywords.fill('{"order_id": 12345678901234567890, "reserved": None}')
    dialog.get_by_role("button", name="Preview").click()

    expect(dialog.get_by_text("column 48: JSON writes null for None.")).to_be_visible()
    expect(keywords).to_be_focused()

    keywords.fill('{"order_id": 12345678901234567890, "reserved": []}')
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.get_by_text("1 as edited here")).to_be_visible()
    dialog.get_by_role("button", name="Retry 1 task").click()
    dialog.get_by_role("link", name="Open the new task").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.tally")
    expect(page.get_by_role("region", name="Arguments")).to_contain_text("12345678901234567890")
    page.locator(f"a[href='tasks/{failed}']").first.click()
    expect(page.get_by_text("Repeated by")).to_be_visible()


def test_what_makes_no_sense_for_a_task_is_not_offered_and_says_why(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{task_id('charge')}")
    page.get_by_role("button", name="Other actions").click()

    expect(page.get_by_role("button", name="Terminate")).not_to_be_attached()
    expect(page.get_by_text("Revoke, terminate and abort: the task has ended.")).to_be_visible()


@pytest.mark.usefixtures("workers")
def test_clicking_twice_acts_once(open_page: OpenPage, server: Client) -> None:
    page = open_page(f"tasks/{held_task(server)}")
    page.get_by_role("button", name="Revoke", exact=True).click()
    execute = page.get_by_role("button", name="Revoke 1 task")
    expect(execute).to_be_enabled()
    requests = changing(page)
    execute.evaluate("button => { button.click(); button.click(); button.form.requestSubmit() }")

    expect(page.get_by_role("link", name="In the audit")).to_be_visible()
    assert len(requests) == 1


@pytest.mark.usefixtures("workers")
def test_a_lost_connection_keeps_the_plan_and_says_what_failed(
    open_page: OpenPage, server: Client
) -> None:
    page = open_page(f"tasks/{held_task(server)}")
    page.get_by_role("button", name="Revoke", exact=True).click()
    execute = page.get_by_role("button", name="Revoke 1 task")
    expect(execute).to_be_enabled()
    page.context.set_offline(True)
    execute.click()

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Umbel does not answer")).to_be_visible()
    expect(dialog.get_by_text("Revoke 1 task: ", exact=False).first).to_be_visible()

    page.context.set_offline(False)
    execute.click()
    expect(page.get_by_role("link", name="In the audit")).to_be_visible()


@pytest.mark.usefixtures("workers")
def test_the_backend_is_asked_for_the_result_on_demand(open_page: OpenPage, server: Client) -> None:
    done = send(server, "shop.orders.tally", args=[[], 4711], queue="orders")
    page = open_page(f"tasks/{until_state(server, done, 'SUCCESS')}")
    kept = page.get_by_role("region", name="In the result backend")
    expect(kept.get_by_text("Success")).not_to_be_visible()
    kept.get_by_role("button", name="Ask the result backend").click()

    expect(kept.get_by_text("Success")).to_be_visible()
    expect(kept).to_contain_text("pieces")


def test_the_audit_tells_why_and_leads_to_the_task_that_was_sent(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    failed = failed_tally(server, tell)
    page = open_page(f"tasks/{failed}")
    page.get_by_role("button", name="Retry", exact=True).click()
    dialog = page.get_by_role("dialog", name="Retry: shop.orders.tally")
    dialog.get_by_role("button", name="Preview").click()
    dialog.get_by_label("Reason, for the audit").fill("The bank is back")
    dialog.get_by_role("button", name="Retry 1 task").click()
    dialog.get_by_role("link", name="In the audit").click()

    expect(page.get_by_text("Reason: The bank is back")).to_be_visible()
    page.get_by_role("link", name="Audit", exact=True).last.click()
    line = page.get_by_role("row").filter(has_text=failed).first
    expect(line).to_contain_text("Reason: The bank is back")
    line.get_by_role("link", name="Open the new task").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.tally")
    expect(page.locator(f"a[href='tasks/{failed}']").first).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), FURTHER_LOOKS)
def test_axe_finds_nothing_in_the_dialog_of_an_action(
    open_page: OpenPage, axe_source: str, width: int, theme: Theme
) -> None:
    page = open_page(f"tasks/{task_id('charge')}", width=width, theme=theme, axe=True)
    page.get_by_role("button", name="Retry", exact=True).click()
    page.get_by_label("Edited").check()
    page.get_by_label("Positional, as a JSON list").fill("[None]")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("JSON writes null for None.")).to_be_visible()
    assert violations(page, axe_source) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_label("The same").check()
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("button", name="Retry 1 task")).to_be_visible()
    assert violations(page, axe_source) == []

    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Retry", exact=True)).to_be_focused()
