"""The page of a workflow as it goes on: followed, brushed, folded, sent again, and its sources."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin, fail, succeed, until_state
from tests.support.umbels import Client

#: Rows that are more than what is in sight.
MANY = 60


def rows(page: Page) -> Any:
    return page.get_by_role("treegrid").get_by_role("row")


def in_sight(page: Page) -> float:
    scrolled: float = page.get_by_role("treegrid").evaluate("box => box.scrollTop")
    return scrolled


def long_workflow(tell: Tell, server: Client) -> str:
    """A root that runs and has sent many tasks of names of their own, all of which have ended."""
    at = time.time() - 200
    root = begin(tell, "flow.root", at)
    for number in range(MANY):
        child = begin(tell, f"flow.step{number}", at + number, root_id=root, parent_id=root)
        succeed(tell, child, at + number + 1)
    return until_state(server, child, "SUCCESS") and root


def test_the_newest_task_stays_in_sight_until_somebody_scrolls(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    root = long_workflow(tell, server)
    page = open_page(f"workflows/{root}")
    follow = page.get_by_role("button", name="Follow")
    expect(rows(page).first).to_contain_text("flow.root")
    assert in_sight(page) == 0
    follow.click()
    begin(tell, "flow.newest", root_id=root, parent_id=root)

    expect(rows(page).filter(has_text="flow.newest")).to_be_in_viewport()
    expect(follow).to_have_attribute("aria-pressed", "true")
    assert in_sight(page) > 0

    page.get_by_role("treegrid").hover()
    page.mouse.wheel(0, -100_000)
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.wait_for_function("document.querySelector('[role=treegrid]').scrollTop === 0")
    begin(tell, "flow.later", root_id=root, parent_id=root)
    expect(page.get_by_role("treegrid")).to_have_attribute("aria-rowcount", str(MANY + 3))
    assert in_sight(page) == 0


def test_a_drag_over_the_minimap_shows_that_time(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    page = open_page(f"workflows/{long_workflow(tell, server)}")
    whole = page.get_by_role("button", name="Whole")
    expect(whole).to_be_disabled()
    # All sources were read: nothing moves under the mouse.
    expect(page.get_by_text("Groups and chords: nobody told of any")).to_be_visible()
    tick = page.get_by_role("treegrid").locator(".tick").last
    before = tick.inner_text()
    minimap = page.get_by_title("Drag to see a part")
    box = minimap.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 10, steps=4)
    page.mouse.up()

    expect(whole).to_be_enabled()
    expect(tick).not_to_have_text(before)
    minimap.dblclick()
    expect(whole).to_be_disabled()


def test_siblings_are_one_row_until_it_is_opened_by_keyboard(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    root = begin(tell, "flow.fan")
    for _ in range(8):
        part = begin(tell, "flow.part", root_id=root, parent_id=root)
        succeed(tell, part)
    until_state(server, part, "SUCCESS")
    page = open_page(f"workflows/{root}")
    expect(rows(page)).to_have_count(2)
    fold = rows(page).nth(1)
    expect(fold).to_contain_text("8")
    expect(fold).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(rows(page)).to_have_count(10)
    page.keyboard.press("ArrowLeft")
    expect(rows(page)).to_have_count(2)


def test_retry_from_here_says_what_celery_does_not_restore(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    root = begin(tell, "flow.root")
    told: dict[str, Any] = {
        "group_id": f"group-{root}",
        "chord_id": f"body-{root}",
        "chord_name": "flow.total",
    }
    part = begin(tell, "shop.orders.pack", root_id=root, parent_id=root, **told)
    fail(tell, part)
    until_state(server, part, "FAILURE")
    page = open_page(f"workflows/{root}")
    expect(page.get_by_text("flow.total will not run: 1 of the 1 tasks")).to_be_visible()
    page.keyboard.press("]")
    expect(page.get_by_role("button", name="Retry from here")).to_be_visible()
    page.keyboard.press("r")

    dialog = page.get_by_role("dialog", name="Retry")
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.get_by_text(re.compile("A chord counts its members"))).to_be_visible()
    expect(dialog.get_by_text(re.compile("stays blocked"))).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_members_never_seen_and_sources_without_an_answer_are_said(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    root = begin(tell, "flow.root")
    until_state(server, root, "STARTED")
    member: dict[str, Any] = {
        "name": None, "kind": "member", "after": root, "members": 1, "ended": 0, "failed": [],
        "source": "results", "group_id": "g", "returned": None, "result_state": None,
        "queue": None,
    }  # fmt: skip
    expected = [member | {"uuid": f"m{number}", "state": "due"} for number in range(7)]
    queued = {"uuid": "q", "state": "queued", "queue": "mail", "name": "a" * 1_000_000}
    expected.append(member | queued | {"source": "message"})
    group = {
        "group_id": "g", "source": "results", "members": 8, "seen": 0, "is_whole": True,
        "body_id": None, "size": 8, "returned": 2,
    }  # fmt: skip
    silent = "The result backend at <b>redis://x</b> does not answer."
    absent = "RabbitMQ shows a message only by delivering it."

    def answer(route: Route) -> None:
        found = route.fetch().json()
        found |= {"expected": expected, "groups": [group]}
        found["sources"] = {
            "results": {"state": "failed", "read": 0, "why": silent}, "queues": [],
            "messages": {"state": "absent", "read": 0, "why": absent}, "at": found["now"],
        }  # fmt: skip
        route.fulfill(body=json.dumps(found), content_type="application/json")

    page = open_page("workflows")
    page.route("**/api/v1/workflows/*/graph*", answer)
    page.goto(f"/workflows/{root}")

    expect(page.get_by_role("status").filter(has_text=silent)).to_be_visible()
    expect(page.get_by_text("2 of the 8 parts of a chord have returned")).to_be_visible()
    expect(rows(page).filter(has_text="7 ×")).to_contain_text("not seen yet")
    expect(rows(page).last).to_contain_text("waits in a queue")
    page.get_by_text("Groups and chords:").click()
    expect(page.get_by_text(absent)).to_be_visible()
    width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1]


def test_an_order_of_the_newest_alone_says_so(open_page: OpenPage) -> None:
    def answer(route: Route) -> None:
        found = route.fetch().json() | {"bounded": True, "looked_at": 1_000}
        route.fulfill(body=json.dumps(found), content_type="application/json")

    page = open_page("workflows")
    page.route("**/api/v1/workflows?*order=longest*", answer)
    page.get_by_role("button", name="Longest", exact=True).click()

    expect(page.get_by_text("of the 1,000 newest; older ones are not compared")).to_be_visible()
