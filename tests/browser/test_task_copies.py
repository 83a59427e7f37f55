"""Taking a task elsewhere: its id, a link, a call in Python, requests for a shell."""

from __future__ import annotations

import ast
import json
import shlex

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.history import task_id
from tests.browser.live_events import Tell, begin
from tests.browser.test_access import FURTHER_LOOKS, violations
from tests.support.umbels import Client

DECLINED_CHARGE = task_id("charge")
KWARGS = {"order_id": 4723, "amount_cents": 12_900}


def test_it_is_copied_as_a_call_in_python_that_is_one(open_page: OpenPage) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")
    call = copied(page, "Call in Python")

    (expression,) = ast.parse(call).body
    assert isinstance(expression, ast.Expr)
    assert isinstance(expression.value, ast.Call)
    assert ast.literal_eval(expression.value.args[0]) == "shop.orders.charge"
    given = {word.arg: ast.literal_eval(word.value) for word in expression.value.keywords}
    assert given == {"kwargs": KWARGS, "queue": "orders"}


def test_it_is_copied_as_curl_that_has_no_secret(open_page: OpenPage, server: Client) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")
    reads = words_of(copied(page, "curl that reads it"))
    sends = words_of(copied(page, "curl that sends it again"))

    assert reads == ["curl", "-s", f"{server.url}/api/v1/tasks/{DECLINED_CHARGE}"]
    assert sends[-1] == f"{server.url}/api/v1/apply"
    body = json.loads(sends[sends.index("-d") + 1])
    expected = {"name": "shop.orders.charge", "args": [], "kwargs": KWARGS, "queue": "orders"}
    assert body == expected


def test_a_link_and_the_id_are_copied(open_page: OpenPage, server: Client) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}")

    assert copied(page, "Its id") == DECLINED_CHARGE
    assert copied(page, "Link to this page") == f"{server.url}/tasks/{DECLINED_CHARGE}"
    page.keyboard.press("Escape")
    page.evaluate("navigator.clipboard.writeText('')")
    page.keyboard.press("c")
    page.wait_for_function(
        f"navigator.clipboard.readText().then(text => text === '{DECLINED_CHARGE}')"
    )


def test_a_task_whose_arguments_were_cut_has_no_call_and_says_why(
    open_page: OpenPage, tell: Tell
) -> None:
    task = begin(tell, "odd.long", args=f"('{'x' * 200}...")
    page = open_page(f"tasks/{task}")
    page.get_by_role("button", name="Copy", exact=True).click()

    menu = page.get_by_role("dialog", name="Copy")
    expect(menu).to_contain_text("No call: its arguments are cut in its events")
    expect(menu.get_by_role("button", name="Call in Python")).not_to_be_attached()
    expect(menu.get_by_role("button", name="curl that reads it")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), FURTHER_LOOKS)
def test_axe_finds_nothing_on_the_page_of_a_task(
    open_page: OpenPage, axe_source: str, width: int, theme: Theme
) -> None:
    page = open_page(f"tasks/{DECLINED_CHARGE}", width=width, theme=theme, axe=True)
    traceback = page.get_by_role("group", name="Traceback")
    traceback.get_by_text("2 frames of celery").click()
    expect(traceback.get_by_text("trace_task")).to_be_visible()
    assert violations(page, axe_source) == []

    menu_of(page)
    assert violations(page, axe_source) == []


def menu_of(page: Page) -> Locator:
    menu = page.get_by_role("dialog", name="Copy")
    if not menu.is_visible():
        header = page.get_by_role("main")
        header.get_by_role("button", name="Copy", exact=True).first.click()
    expect(menu.get_by_role("button", name="Call in Python")).to_be_visible()
    return menu


def copied(page: Page, what: str) -> str:
    """What one of the copies writes into the clipboard."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    menu = menu_of(page)
    menu.get_by_role("button", name=what).click()
    expect(menu.get_by_text("Copied the").or_(menu.get_by_text("Copied ")).first).to_be_attached()
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def words_of(command: str) -> list[str]:
    """What a shell makes of it: a backslash at the end of a line goes on with the next."""
    return shlex.split(command.replace("\\\n", ""))
