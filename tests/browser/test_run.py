"""Running a task from the browser, and seeing what comes of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

pytestmark = pytest.mark.usefixtures("workers")


def test_a_task_is_run_and_its_result_is_shown(open_page: OpenPage) -> None:
    page = open_page("tasks")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Run").click()
    name = page.get_by_role("combobox", name="Task name", exact=True)
    name.fill("shop.orders.tally")
    page.get_by_label("Positional arguments").fill('[[{"sku": "x", "quantity": 3}], 77]')
    expect(page.get_by_text("2 workers have registered it.")).to_be_visible()
    expect(page.get_by_text(": to orders, as before")).to_be_visible()
    page.get_by_role("button", name="Send and wait").click()
    outcome = page.get_by_role("region", name="Result")

    expect(outcome.get_by_text("Success")).to_be_visible()
    expect(outcome).to_contain_text("pieces")
    outcome.get_by_role("link", name="Open the task").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("shop.orders.tally")


def test_a_name_that_nobody_knows_is_refused_at_its_field(open_page: OpenPage) -> None:
    page = open_page("run?name=shop.orders.tallyy")
    expect(page.get_by_text(re.compile("^No worker.* has registered the name"))).to_be_visible()
    page.get_by_role("button", name="Send and wait").click()

    name = page.get_by_role("combobox", name="Task name", exact=True)
    expect(page.get_by_text("Did you mean shop.orders.tally?")).to_be_visible()
    expect(name).to_be_focused()
    expect(page.get_by_text("Nothing is sent yet.")).to_be_visible()

    page.get_by_role("button", name="Use shop.orders.tally").click()
    expect(name).to_have_value("shop.orders.tally")
    expect(page.get_by_text("Did you mean")).not_to_be_visible()


def test_a_mistake_is_told_until_the_field_says_something_else(open_page: OpenPage) -> None:
    page = open_page("run")
    page.get_by_role("button", name="Send and wait").click()
    expect(page.get_by_text("The name of a task is needed here.")).to_be_visible()
    page.get_by_role("combobox", name="Task name", exact=True).fill("shop.orders.tally")

    expect(page.get_by_text("The name of a task is needed here.")).not_to_be_visible()


def test_a_task_of_any_name_can_be_sent(open_page: OpenPage) -> None:
    page = open_page("run?name=somebody.elses.task")
    page.get_by_label("Only if a worker has registered the name").uncheck()
    page.get_by_label("Wait for the result").uncheck()
    page.get_by_text("Queue, time and limits").click()
    page.get_by_label("Queue", exact=True).fill("elsewhere")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.get_by_text("Sent.")).to_be_visible()
    expect(page.get_by_role("link", name="Open the task")).to_be_visible()
