"""Names and texts from elsewhere change nothing of the page around them."""

from __future__ import annotations

import re
import time
import uuid

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live_events import Tell

#: Turns what follows, if it acts.
TURNED = "\u202egpj.exe"
SHOWN = r"\u202egpj.exe"

#: The texts, titles and labels of the document that hold a mark of direction.
ACTING = r"""() => {
  const found = []
  const marks = /[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/
  const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_ALL)
  for (let one = walk.currentNode; one; one = walk.nextNode()) {
    if (marks.test(one.nodeValue ?? '')) found.push(one.nodeValue)
    for (const name of ['title', 'aria-label'])
      if (one.getAttribute && marks.test(one.getAttribute(name) ?? '')) found.push(name)
  }
  return found
}"""


def test_a_name_that_turns_its_direction_is_shown_as_it_is_written(
    open_page: OpenPage, tell: Tell
) -> None:
    task = str(uuid.uuid4())
    begun = time.time() - 5
    tell("task-received", uuid=task, timestamp=begun, name=f"odd.{TURNED}", args=f"('{TURNED}',)")
    tell("task-started", uuid=task, timestamp=begun + 1)
    tell("task-failed", uuid=task, timestamp=begun + 2, exception=TURNED, traceback=TURNED)
    page = open_page(f"tasks/{task}")

    expect(page.get_by_role("heading", level=1)).to_contain_text(SHOWN)
    expect(page).to_have_title(re.compile(r"^odd\.\\u202egpj\.exe"))
    assert page.evaluate(ACTING) == []


def test_a_list_and_a_search_show_it_and_go_to_it(open_page: OpenPage, tell: Tell) -> None:
    task = str(uuid.uuid4())
    name = f"odd.{uuid.uuid4().hex}{TURNED}"
    tell("task-received", uuid=task, timestamp=time.time(), name=name, args="()", kwargs="{}")
    page = open_page(f"?q=uuid:{task}")

    link = page.get_by_text(name.replace("\u202e", r"\u202e")).first
    expect(link).to_be_visible()
    assert page.evaluate(ACTING) == []


def test_letters_written_from_right_to_left_leave_their_neighbours(open_page: OpenPage) -> None:
    page = open_page("")

    assert isolated(page) == ["isolate"]


def isolated(page: Page) -> list[str]:
    """How the links and spans of the page stand to what is beside them."""
    found: list[str] = page.evaluate(
        "() => [...new Set([...document.querySelectorAll('a, span')].slice(0, 200)"
        ".map((one) => getComputedStyle(one).unicodeBidi))]"
    )
    return found
