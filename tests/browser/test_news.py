"""What is new in a list, and where it stands: what happened last is first."""

from __future__ import annotations

import re
import time
import uuid
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell, begin, fail
from tests.browser.test_tasks import shown
from tests.support.umbels import Client
from tests.support.waiting import wait_until


def test_a_task_that_fails_late_is_new_and_then_first_whatever_its_clock_says(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    name, now = f"late.n{uuid.uuid4().hex}", time.time()
    slow = begin(tell, name, now - 3_600)
    for _ in range(70):
        fail(tell, begin(tell, name, now), now + 1)
    search = f"state:FAILURE name:{name}"
    wait_until(lambda: server.get("tasks/count", q=search)["total"] == 70, what="70")
    page = open_page(f"tasks?q={search}")
    expect(page.locator("[data-row]")).to_have_count(50)
    before = shown(page)

    fail(tell, slow, now - 3_000)

    waiting = page.get_by_role("button", name="1 new task", exact=True)
    expect(waiting).to_be_visible()
    assert shown(page) == before
    waiting.click()
    page.wait_for_function(
        "slow => document.querySelector('[data-row]').dataset.row === slow", arg=slow
    )
    expect(page.locator("[data-row]").first).to_contain_text(re.compile("now|s ago"))


def test_all_that_match_are_judged_as_rows_that_are_ticked(
    open_page: OpenPage, server: Client, tell: Tell
) -> None:
    name, now = f"ended.n{uuid.uuid4().hex}", time.time()
    for _ in range(55):
        fail(tell, begin(tell, name, now), now + 1)
    search = f"state:FAILURE name:{name}"
    wait_until(lambda: server.get("tasks/count", q=search)["total"] == 55, what="55")
    page = open_page(f"tasks?q={search}")
    page.get_by_label("Select all rows on this page").check()
    bar = page.get_by_role("region", name="Selection")
    expect(bar.get_by_role("button", name="Revoke")).to_be_disabled()

    bar.get_by_role("button", name="Select all 55 that match").click()

    expect(bar).to_contain_text("All that match are selected: 55 tasks")
    expect(bar.get_by_role("button", name="Revoke")).to_be_disabled()
    expect(bar).to_contain_text("Revoke, terminate and abort: the task has ended.")
    expect(bar.get_by_role("button", name="Retry")).to_be_enabled()


def test_a_time_that_is_copied_from_the_list_finds_its_row(open_page: OpenPage, tell: Tell) -> None:
    zone, now = ZoneInfo("Asia/Tokyo"), time.time()
    name = f"timed.n{uuid.uuid4().hex}"
    task = begin(tell, name, now)
    minute = f"{datetime.fromtimestamp(now, zone):%Y-%m-%dT%H:%M}"
    page = open_page(f"tasks?q=name:{name} received:{minute}", zone="Asia/Tokyo")

    expect(page.locator(f"[data-row='{task}']")).to_be_visible()
    expect(page.locator("#search-summary")).to_contain_text(f"{minute.replace('T', ' ')} JST")

    box = page.get_by_role("combobox")
    box.fill(f"name:{name} received:{minute[:10]}")
    expect(page).to_have_url(re.compile("tz=Asia%2FTokyo"))
    expect(page.locator("#search-summary")).to_contain_text(f"on {minute[:10]} JST")
    expect(page.locator(f"[data-row='{task}']")).to_be_visible()
