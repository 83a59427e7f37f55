"""What a page can still say when the server does not answer it."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.conftest import OpenPage
from tests.browser.history import task_id
from tests.support.brokers import ValkeyBroker, free_port
from tests.support.sources import celery_app, dispatcher
from tests.support.umbels import umbel_serve
from tests.support.waiting import wait_until

SLOW_MS = 30_000


def test_an_action_whose_code_cannot_be_loaded_says_so_and_closes(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{task_id('charge')}")
    page.route(re.compile("ActionSteps"), lambda route: route.abort())
    page.get_by_role("button", name="Retry", exact=True).click()

    dialog = page.get_by_role("dialog", name="Retry cannot be planned now")
    expect(dialog.get_by_role("alert")).to_contain_text("The server cannot be reached")
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_task_that_cannot_be_loaded_is_shown_as_its_list_had_it(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:FAILURE name:=shop.orders.charge")
    row = page.locator("[data-row]").first
    expect(row).to_be_visible()
    page.route(re.compile(r"/api/v1/tasks/[^?]+$"), lambda route: route.abort())
    row.get_by_role("link").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.charge")
    expect(page.get_by_text("As it was in the list")).to_be_visible()
    expect(page.get_by_text("CardDeclined").first).to_be_visible()


def test_a_server_that_is_gone_is_told_once_and_nothing_is_called_well(
    browser: Browser, valkey: ValkeyBroker, tmp_path: Path
) -> None:
    page = browser.new_page()
    port = free_port()
    with (
        umbel_serve(valkey.url, tmp_path / "umbel", port=port) as umbel,
        dispatcher(celery_app(valkey.url)) as sender,
    ):
        sender.send("worker-heartbeat", freq=2.0, active=0, processed=0)
        sender.send("task-received", uuid=str(uuid.uuid4()), name="shop.pack")
        sender.flush()
        wait_until(lambda: umbel.client.rows() != [], what="the task to be there")
        page.goto(umbel.client.url)
        health = page.get_by_role("region", name="Health")
        expect(health).to_have_attribute("aria-busy", "false")
        umbel.process.end()

        band = page.get_by_role("status", name="What is wrong")
        expect(band).to_contain_text("Umbel does not answer.", timeout=SLOW_MS)
        expect(page.get_by_role("alert")).to_have_count(0, timeout=SLOW_MS)
        expect(health).not_to_contain_text("All well")
        page.get_by_role("link", name="Names", exact=True).click()
        expect(page.get_by_text("comes as soon as Umbel answers")).to_be_visible()

    with umbel_serve(valkey.url, tmp_path / "umbel", port=port):
        expect(page.get_by_role("heading", name="Names", level=1)).to_be_visible(timeout=SLOW_MS)
    page.close()
