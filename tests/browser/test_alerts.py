"""Alerts in the browser: a rule from a page that shows something, tested before it is watched."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.umbels import Client


@pytest.fixture(autouse=True)
def no_rules_stay(server: Client) -> Iterator[None]:
    yield
    for each in server.get("alerts/rules")["items"]:
        path = f"/api/v1/alerts/rules/{each['rule']['id']}/remove"
        server.http.post(path, json={}).raise_for_status()


def test_a_mistake_is_shown_and_the_right_word_taken(open_page: OpenPage) -> None:
    page = open_page("alerts?rule=failre%20rate%20%3E%205%20%25")

    expect(page.get_by_role("alert")).to_contain_text("A rule cannot begin with failre")
    page.get_by_role("button", name="take failure rate").click()

    expect(page.get_by_label("Fires when")).to_have_value("failure rate rate > 5 %")


def test_a_rule_is_made_from_a_name_tested_and_removed(open_page: OpenPage) -> None:
    page = open_page("names/shop.orders.charge")
    page.get_by_role("link", name="Alert on this").click()
    expect(page.get_by_text(re.compile("Fires when more than 5 % of tasks"))).to_be_visible()

    page.get_by_role("button", name="Would it have fired?").click()
    expect(page.get_by_text(re.compile("It would .*have fired"))).to_be_visible()
    page.get_by_role("textbox", name="Name", exact=True).fill("Charges fail")
    page.get_by_role("button", name="Watch it").click()

    row = page.get_by_role("row", name=re.compile("Charges fail"))
    expect(row).to_contain_text("failure rate of name:=shop.orders.charge > 5 % over 10m")
    row.get_by_role("button", name="Remove Charges fail").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_the_bell_leads_to_what_fires(open_page: OpenPage) -> None:
    page = open_page("queues")
    page.get_by_role("banner").get_by_label(re.compile("^Alerts$|alerts? fires?")).last.click()

    expect(page.get_by_role("heading", name="Alerts", level=1)).to_be_visible()
