"""Somebody whose login asks for a code beside the password."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_access import violations
from tests.browser.test_people import guarded, log_in, people_at
from umbel.auth.totp import code_of, step_at

__all__ = ["guarded"]

FACTOR = "/api/v1/second-factor"


@pytest.fixture(scope="module")
def otto(guarded: str) -> tuple[str, list[str]]:
    """Otto's secret, and his recovery codes."""
    with httpx.Client(base_url=guarded) as client:
        client.post("/login", json={"user": "otto", "password": "pw-otto"}).raise_for_status()
        secret: str = client.post(f"{FACTOR}/begin", json={"password": "pw-otto"}).json()["secret"]
        confirmed = client.post(f"{FACTOR}/confirm", json={"code": shown(secret)})
        recovery: list[str] = confirmed.json()["recovery"]
        return secret, recovery


@pytest.fixture
def visit(browser: Browser, guarded: str) -> Iterator[Page]:
    """A page of somebody who has not logged in."""
    context = browser.new_context(base_url=guarded, bypass_csp=True)
    yield context.new_page()
    context.close()


def shown(secret: str, steps: int = 0) -> str:
    return code_of(base64.b32decode(secret), step_at(time.time()) + steps)


def test_the_login_asks_for_a_code_and_a_wrong_one_is_told(
    visit: Page, otto: tuple[str, list[str]], axe_source: str
) -> None:
    page = visit
    page.goto("/workers")
    log_in(page, "otto")
    code = page.get_by_role("textbox", name="Code")
    expect(code).to_be_focused()
    assert violations(page, axe_source) == []
    code.fill("000000")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("wrong")

    code = page.get_by_role("textbox", name="Code")
    next_one = shown(otto[0], 1)
    code.fill(f"{next_one[:3]} {next_one[3:]}")
    page.get_by_role("button", name="Log in").click()

    expect(page).to_have_url(re.compile("/workers$"))
    expect(page.get_by_role("button", name="otto, operator")).to_be_visible()


def test_a_recovery_code_lets_in_who_has_lost_the_authenticator(
    visit: Page, otto: tuple[str, list[str]]
) -> None:
    page = visit
    page.goto("/workers")
    log_in(page, "otto")
    page.get_by_role("button", name="Use a recovery code").click()
    page.get_by_role("textbox", name="Recovery code").fill(otto[1][0])
    page.get_by_role("button", name="Log in").click()

    expect(page).to_have_url(re.compile("/workers$"))


def test_where_it_is_required_people_are_led_to_turn_it_on(
    browser: Browser, tmp_path: Path
) -> None:
    with people_at(tmp_path, UMBEL_AUTH_SECOND_FACTOR="required") as url:
        context = browser.new_context(base_url=url, bypass_csp=True)
        page = context.new_page()
        page.goto("/workers")
        log_in(page, "otto")

        expect(page).to_have_url(re.compile("/access$"))
        expect(page.get_by_text("nothing else can be opened before it is on")).to_be_visible()
        expect(page.get_by_text("Umbel does not answer")).to_be_hidden()
        page.get_by_role("button", name="Turn on").click()
        page.get_by_label("Password").fill("pw-otto")
        page.keyboard.press("Enter")
        secret = page.locator(".key").inner_text().replace(" ", "")
        page.get_by_role("textbox", name="Code").fill(shown(secret))
        page.get_by_role("button", name="Turn on").click()
        expect(page.get_by_text("Keep these recovery codes")).to_be_visible()
        page.get_by_role("button", name="I have kept them").click()

        page.goto("/workers")
        expect(page.get_by_role("heading", level=1)).to_have_text("Workers")
        context.close()
