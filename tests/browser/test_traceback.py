"""The traceback of a failed task, as somebody reads it at night."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.history import task_id
from tests.browser.live_events import Tell
from tests.browser.tracebacks import CARD_DECLINED

DECLINED_CHARGE = task_id("charge")
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/srv/shop/orders.py", line 46, in check
  | ExceptionGroup: 2 orders (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/srv/shop/orders.py", line 4, in number
    | ValueError: not a number
    +---------------- 2 ----------------
    | OSError: no disk
    +------------------------------------
"""
DESCEND = '  File "/srv/shop/deep.py", line 7, in descend\n    return descend(level + 1)\n'
RECURSION = f"""Traceback (most recent call last):
{DESCEND * 3}  [Previous line repeated 980 more times]
RecursionError: maximum recursion depth exceeded
"""
PANIC = "panic: runtime error: index out of range\ngoroutine 1 [running]:\nmain.main()"


def test_the_error_of_the_task_comes_first_and_what_caused_it_after(open_page: OpenPage) -> None:
    traceback = traceback_of(open_page(f"tasks/{DECLINED_CHARGE}"))

    words = traceback.inner_text()
    assert words.index("raise CardDeclined") < words.index("caused by") < words.index("KeyError")
    own = traceback.get_by_text("charge", exact=True)
    expect(own).to_have_css("font-weight", "600")
    expect(traceback.get_by_text("2 frames of celery")).to_be_visible()
    expect(traceback.get_by_text("trace_task")).not_to_be_visible()
    traceback.get_by_text("2 frames of celery").click()
    expect(traceback.get_by_text("trace_task")).to_be_visible()


def test_what_frames_did_stands_below_each_other_across_folds(open_page: OpenPage) -> None:
    traceback = traceback_of(open_page(f"tasks/{DECLINED_CHARGE}"))
    fold = traceback.get_by_role("button", name="2 frames of celery")
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(traceback.get_by_text("trace_task")).to_be_visible()

    code = traceback.locator("code").all()
    assert len(code) == 6
    assert len({round((each.bounding_box() or {"x": -1})["x"]) for each in code}) == 1


def test_a_click_on_a_frame_copies_where_it_is(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    traceback_of(page).get_by_role("button", name="shop/orders.py:81").click()

    expect(page.get_by_text("Copied /srv/shop/orders.py:81.")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == "/srv/shop/orders.py:81"


def test_it_is_shown_and_copied_as_the_text_that_came(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    error = page.get_by_role("region", name="Error", exact=True)
    as_text = error.get_by_role("button", name="As text")
    as_text.click()

    expect(as_text).to_have_attribute("aria-pressed", "true")
    expect(error.locator("pre")).to_have_text(CARD_DECLINED)
    error.get_by_role("button", name="Copy").click()
    expect(error.get_by_text("Copied the traceback.")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == CARD_DECLINED


def test_a_group_of_errors_shows_each_of_them(open_page: OpenPage, tell: Tell) -> None:
    traceback = traceback_of(open_page(f"tasks/{failed(tell, GROUP)}"))

    for words in ("1 of 2", "ValueError: not a number", "2 of 2", "OSError: no disk"):
        expect(traceback.get_by_text(words)).to_be_visible()


def test_what_was_unfolded_stays_so_while_the_task_goes_on(open_page: OpenPage, tell: Tell) -> None:
    task = failed(tell, CARD_DECLINED.replace("CardDeclined", "OddError"))
    page = open_page(f"tasks/{task}")
    traceback_of(page).get_by_text("2 frames of celery").click()
    expect(traceback_of(page).get_by_text("trace_task")).to_be_visible()
    tell("task-odd", uuid=task, words="still here")

    expect(page.get_by_text("still here")).to_be_visible()
    expect(traceback_of(page).get_by_text("trace_task")).to_be_visible()


def test_recursion_says_how_often_in_words(open_page: OpenPage, tell: Tell) -> None:
    traceback = traceback_of(open_page(f"tasks/{failed(tell, RECURSION)}"))

    expect(traceback.get_by_text("repeated 980 more times")).to_be_visible()
    expect(traceback.get_by_role("button", name=re.compile(r"deep\.py:7"))).to_have_count(3)


def test_what_is_no_traceback_of_python_is_left_as_it_is(open_page: OpenPage, tell: Tell) -> None:
    page = open_page(f"tasks/{failed(tell, PANIC)}")

    expect(traceback_of(page).locator("pre")).to_have_text(PANIC)
    expect(page.get_by_role("button", name="As text")).not_to_be_attached()


def test_one_without_frames_says_the_error_once_and_takes_no_room(
    open_page: OpenPage, tell: Tell
) -> None:
    task = failed(tell, "Traceback (most recent call last):\nshop.OddError: x\n")
    page = open_page(f"tasks/{task}")
    panel = page.get_by_role("region", name="Error")

    expect(panel.get_by_text("OddError('x')")).to_be_visible()
    expect(panel.get_by_role("group", name="Traceback")).to_have_count(0)
    expect(panel.get_by_text("no traceback")).to_have_count(0)


def test_one_that_was_cut_says_so(open_page: OpenPage, tell: Tell) -> None:
    long = f"Traceback (most recent call last):\n{DESCEND * 10_000}ValueError: too deep\n"
    traceback = traceback_of(open_page(f"tasks/{failed(tell, long)}"))

    expect(
        traceback.get_by_text(re.compile(r"^Umbel cut this traceback, which had "))
    ).to_be_visible()


def traceback_of(page: Page) -> Locator:
    traceback = page.get_by_role("group", name="Traceback")
    expect(traceback).to_be_visible()
    return traceback


def failed(tell: Tell, traceback: str) -> str:
    """The id of a task that failed with this traceback."""
    task = str(uuid.uuid4())
    tell("task-received", uuid=task, name="odd.error", args="()", kwargs="{}")
    tell("task-failed", uuid=task, exception="OddError('x')", traceback=traceback)
    return task
