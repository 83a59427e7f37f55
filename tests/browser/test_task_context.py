"""What a task's page tells beside its events: who did what, and what its name usually takes."""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from playwright.sync_api import Route, expect

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


def test_what_a_clock_that_is_off_told_is_not_said_to_be_to_come(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    task = until_state(server, begin(tell, "odd.clock"), "STARTED")

    def ahead(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"started": time.time() + 3_090})

    page = open_page("tasks")
    page.route(re.compile(f"/api/v1/tasks/{task}$"), ahead)
    page.goto(f"/tasks/{task}")

    expect(
        page.get_by_text(re.compile(r"started \(by a clock that is 51 min ahead\)"))
    ).to_be_visible()


def test_a_slow_task_is_told_against_its_name(open_page: OpenPage, tell: Tell) -> None:
    name = f"odd.timed_{uuid.uuid4().hex[:8]}"
    at = time.time() - 100
    for number in range(30):
        ran(tell, name, at + number, 1.0)
    slow = ran(tell, name, at + 40, 8.0)
    page = open_page(f"tasks/{slow}")

    against = page.get_by_role("region", name="Against its name")
    expect(against).to_contain_text("Ran 8.0 s")
    expect(against).to_contain_text("longer than 95 % of 31; half take up to ")


def test_of_a_name_with_few_tasks_nothing_is_told(open_page: OpenPage, tell: Tell) -> None:
    only = ran(tell, f"odd.rare_{uuid.uuid4().hex[:8]}", time.time() - 20, 1.0)
    page = open_page("tasks")
    with page.expect_response(re.compile("/series.*measure=runtime")):
        page.goto(f"/tasks/{only}")

    expect(page.get_by_role("heading", name="Details")).to_be_visible()
    expect(page.get_by_role("region", name="Against its name")).not_to_be_attached()


def failed_again(tell: Tell) -> str:
    task = begin(tell, "odd.again")
    tell("task-failed", uuid=task, exception="OddError()", traceback=None)
    return task


def ran(tell: Tell, name: str, at: float, runtime: float) -> str:
    """The id of a task of this name that ran for so many seconds."""
    task = begin(tell, name, at)
    tell("task-succeeded", uuid=task, timestamp=at + 0.1 + runtime, result="1", runtime=runtime)
    return task


def post(server: Client, path: str, **body: Any) -> dict[str, Any]:
    answer = server.http.post(f"/api/v1/{path}", json=body)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    return told
