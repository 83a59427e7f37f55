"""Tasks as they come from other people's clusters: very long, very many, delivered twice."""

from __future__ import annotations

import re
import time
import uuid

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell


def test_an_attempt_that_is_delivered_again_and_fails_anew_is_told_twice(
    open_page: OpenPage, tell: Tell
) -> None:
    task = str(uuid.uuid4())
    begun = time.time() - 10
    tell("task-received", uuid=task, timestamp=begun, name="odd.twice", args="()", kwargs="{}")
    for number, error in enumerate(("TimeoutError('first')", "TimeoutError('second')")):
        tell("task-started", uuid=task, timestamp=begun + 2 * number + 1)
        tell("task-retried", uuid=task, timestamp=begun + 2 * number + 2, exception=error)
    tell("task-started", uuid=task, timestamp=begun + 6)
    tell("task-failed", uuid=task, timestamp=begun + 7, exception="GaveUp()", traceback=None)
    page = open_page(f"tasks/{task}")

    happened = page.get_by_role("region", name="What happened")
    for error in ("TimeoutError('first')", "TimeoutError('second')"):
        expect(happened.get_by_text(error)).to_have_count(1)
    expect(happened.get_by_text("Attempt 1, delivered again")).to_have_count(2)
    expect(page.get_by_role("heading", name="Arguments")).to_be_visible()


def test_a_task_of_sixty_retries_shows_the_first_and_the_last_until_asked_for_all(
    open_page: OpenPage, tell: Tell
) -> None:
    task = str(uuid.uuid4())
    begun = time.time() - 100
    for number in range(60):
        at = begun + number
        tell("task-received", uuid=task, timestamp=at, name="odd.stubborn", retries=number)
        tell("task-started", uuid=task, timestamp=at + 0.1)
        tell("task-retried", uuid=task, timestamp=at + 0.2, exception="TimeoutError()")
    page = open_page(f"tasks/{task}")

    happened = page.get_by_role("region", name="What happened")
    more = happened.get_by_role("button", name=re.compile(r"^Show \d+ more attempts between$"))
    expect(more).to_be_visible()
    lanes = happened.get_by_text(re.compile(r"^Attempt \d+(, delivered again)?$"))
    expect(lanes).to_have_count(12)
    more.click()

    expect(more).not_to_be_visible()
    assert lanes.count() > 12


def test_a_traceback_of_a_thousand_frames_is_a_page_and_not_a_scroll(
    open_page: OpenPage, tell: Tell
) -> None:
    task = str(uuid.uuid4())
    frames = "".join(
        f'  File "/srv/shop/deep.py", line {line}, in descend\n    descend()\n'
        for line in range(1000)
    )
    trace = f"Traceback (most recent call last):\n{frames}RecursionError: too deep\n"
    tell("task-received", uuid=task, name="odd.deep", args="()", kwargs="{}")
    tell("task-failed", uuid=task, exception="RecursionError('too deep')", traceback=trace)
    page = open_page(f"tasks/{task}")

    traceback = page.get_by_role("group", name="Traceback")
    between = traceback.get_by_text(re.compile(r"^[\d,]+ frames between$"))
    expect(between).to_be_visible()
    expect(traceback.get_by_text("deep.py:999")).to_be_visible()
    expect(traceback.get_by_text("deep.py:500")).not_to_be_visible()
    between.click()
    expect(traceback.get_by_text("deep.py:500")).to_be_visible()


def test_a_million_pasted_characters_are_answered_with_the_limit(open_page: OpenPage) -> None:
    page = open_page("tasks")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.insert_text("q" * 1_000_000)

    expect(page.get_by_role("alert")).to_contain_text("4,000 characters")
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("4,000 characters")
    expect(page.get_by_role("combobox", name="Search tasks")).not_to_have_value("")
