"""The columns of the table show what matters whole."""

from __future__ import annotations

import re
import time
import uuid
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell

#: The texts of a row's cells that are wider than their cells.
CUT = """row => [...row.querySelectorAll('td')].filter(
    cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent.trim())"""
#: Whether the end of the name is inside its cell.
END_SHOWN = """row => {
    const text = row.querySelector('[data-open] bdi').firstChild
    const range = document.createRange()
    range.setStart(text, text.length - 1)
    range.setEnd(text, text.length)
    const end = range.getBoundingClientRect()
    const cell = row.querySelector('[data-open]').getBoundingClientRect()
    return end.left >= cell.left && end.right <= cell.right + 1
}"""


@pytest.mark.parametrize("width", [1280, 1440, 1920])
def test_times_and_queues_are_shown_whole_and_names_with_their_end(
    open_page: OpenPage, tell: Tell, width: int
) -> None:
    name = f"company.billing.invoices.monthly.p{uuid.uuid4().hex}.send_invoice_to_customer"
    task, now = str(uuid.uuid4()), time.time()
    tell(
        "task-sent",
        uuid=task,
        timestamp=now - 7_198,
        name=name,
        args="(1, 'a')",
        kwargs="{'to': 'Ada'}",
        queue="nobody-reads",
    )
    tell("task-received", uuid=task, timestamp=now - 7_198, name=name, args="(1, 'a')")
    tell("task-started", uuid=task, timestamp=now - 3_599)
    tell("task-succeeded", uuid=task, timestamp=now, runtime=3_599.0, result="None")
    page = open_page(f"tasks?q=uuid:{task}", width=width)
    row = page.locator("[data-row]")
    expect(row).to_contain_text("59 min 59 s")
    expect(row).to_contain_text("nobody-reads")
    expect(row).to_contain_text("1, 'a', to='Ada'")

    assert row.evaluate(CUT) == []
    assert row.evaluate(END_SHOWN)


def test_times_of_the_day_are_shown_for_those_who_read_logs(open_page: OpenPage) -> None:
    page = open_page("tasks?q=state:SUCCESS")
    expect(page.locator("[data-row] time").first).to_have_text(re.compile("now|ago"))
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Times of the day, as in logs").check()
    page.keyboard.press("Escape")

    expect(page.locator("[data-row] time").first).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    page.reload()
    expect(page.locator("[data-row] time").first).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))


def test_every_column_of_flower_is_shown_and_sorted_by(open_page: OpenPage, tell: Tell) -> None:
    """Name, id, state, arguments, result, times, worker and runtime stand there at first."""
    batch, now = uuid.uuid4().hex, time.time()
    due = {"first": now + 7_200, "second": now + 10_800}
    for word, at in due.items():
        eta = datetime.fromtimestamp(at, UTC).isoformat()
        tell(
            "task-sent",
            uuid=str(uuid.uuid4()),
            name="shop.later",
            args=f"('{batch}', '{word}')",
            queue="mail",
            exchange="shop",
            routing_key=f"mail.{word}",
            retries=1,
            eta=eta,
            expires=eta,
        )
    page = open_page(f"tasks?q={batch}")
    expect(page.locator("[data-row]")).to_have_count(2)
    page.get_by_role("button", name="Columns").click()
    for title in ("Exchange", "Routing key", "Retries", "Due", "Expires", "Revoked", "Error"):
        page.get_by_label(title, exact=True).check()
    page.keyboard.press("Escape")

    for title in ("Routing key", "Due", "Arguments"):
        head = page.get_by_role("columnheader", name=title)
        for direction, order in (("descending", ["second", "first"]), ("ascending", [*due])):
            head.get_by_role("button").click()
            expect(head).to_have_attribute("aria-sort", direction)
            expect(page.locator("[data-row]")).to_contain_text([f"mail.{each}" for each in order])
    expect(page.locator("[data-row]").first).to_contain_text("in 1 h")


def test_columns_for_everybody_stand_until_somebody_chooses_others(open_page: OpenPage) -> None:
    """The server names them in the page, here as with `tasks_columns = "uuid,state,eta"`."""
    page = open_page("tasks")

    def naming(route: Route) -> None:
        answer = route.fetch()
        columns = '<meta name="umbel-tasks-columns" content="uuid,state,eta" />'
        route.fulfill(response=answer, body=answer.text().replace("</head>", f"{columns}</head>"))

    page.route("**/tasks", naming)
    page.reload()
    heads = page.get_by_role("columnheader")
    usual = ["Task", "Id", "State", "Due"]
    expect(heads.filter(has_text=re.compile(r"\w"))).to_have_text([*usual])
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Queue", exact=True).check()
    expect(heads.filter(has_text=re.compile(r"\w"))).to_have_text([*usual, "Queue"])
    page.reload()
    expect(heads.filter(has_text=re.compile(r"\w"))).to_have_text([*usual, "Queue"])

    page.get_by_role("button", name="Columns").click()
    page.get_by_role("button", name="Back to the usual columns").click()
    expect(heads.filter(has_text=re.compile(r"\w"))).to_have_text([*usual])
    page.reload()
    expect(heads.filter(has_text=re.compile(r"\w"))).to_have_text([*usual])
