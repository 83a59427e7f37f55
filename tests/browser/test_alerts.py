"""Alerts in the browser: a rule from a page that shows something, tested before it is watched."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.servers import Server
from tests.browser.test_access import FURTHER_LOOKS, violations
from tests.support.umbels import Client
from umbel.store.alerts import Alert
from umbel.store.opening import open_ledger


def add_rule(server: Client, name: str, **given: object) -> dict[str, Any]:
    body = {"name": name, "condition": "failures of name:shop.* > 5 over 10 min", **given}
    answer = server.http.post("/api/v1/alerts/rules", json=body).raise_for_status()
    found: dict[str, Any] = answer.json()["rule"]
    return found


@pytest.fixture(autouse=True)
def nothing_stays(server: Client) -> Iterator[None]:
    yield
    for each in server.get("alerts")["silences"]:
        path = f"/api/v1/alerts/silences/{each['id']}/end"
        server.http.post(path, json={}).raise_for_status()
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


def test_a_rule_is_changed_and_keeps_what_its_form_does_not_show(
    open_page: OpenPage, server: Client
) -> None:
    add_rule(server, "Shop fails", pending_s=45, note="runbook")
    page = open_page("alerts?view=rules")
    page.get_by_role("link", name="Change Shop fails").click()
    form = page.get_by_role("form", name="Change Shop fails")
    expect(form.get_by_text(re.compile("It would .*have fired"))).to_be_visible()

    form.get_by_label("Severity").select_option("critical")
    form.get_by_role("button", name="Save").click()

    expect(page.get_by_role("row", name=re.compile("Shop fails"))).to_contain_text("critical")
    (listed,) = server.get("alerts/rules")["items"]
    rule = listed["rule"]
    assert (rule["severity"], rule["pending_s"], rule["note"]) == ("critical", 45, "runbook")


def test_who_saves_a_rule_that_somebody_else_changed_is_told_and_chooses(
    open_page: OpenPage, server: Client
) -> None:
    rule = add_rule(server, "Shop fails")
    page = open_page(f"alerts?edit={rule['id']}")
    form = page.get_by_role("form", name="Change Shop fails")
    expect(form.get_by_label("Fires when")).to_have_value(rule["condition"])
    theirs = {"name": "Shop fails", "condition": "any finding", "changed": rule["changed"]}
    path = f"/api/v1/alerts/rules/{rule['id']}/change"
    server.http.post(path, json=theirs).raise_for_status()

    expect(form.get_by_role("button", name="Save")).to_be_enabled()
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_text(re.compile("was changed by"))).to_be_visible()
    expect(form.get_by_text("any finding")).to_be_visible()
    form.get_by_role("button", name="Go on with mine").click()
    form.get_by_role("button", name="Save").click()

    expect(form).to_have_count(0)
    (listed,) = server.get("alerts/rules")["items"]
    assert listed["rule"]["condition"] == rule["condition"]


def test_a_maintenance_window_is_made_seen_on_rules_and_ended(
    open_page: OpenPage, server: Client
) -> None:
    add_rule(server, "Shop fails")
    page = open_page("alerts?view=silences")
    page.get_by_role("button", name="Begin a silence").click()
    form = page.get_by_role("form", name="A new silence")
    form.get_by_label("It comes").select_option("every week")
    form.get_by_label("Why").fill("The database moves")
    form.get_by_role("button", name="Silence", exact=True).click()

    row = page.get_by_role("row", name=re.compile("The database moves"))
    expect(row).to_contain_text("every week")
    page.get_by_role("link", name="Rules").click()
    expect(page.get_by_role("row", name=re.compile("Shop fails"))).to_contain_text("silenced")
    page.get_by_role("link", name="Silences").click()
    row.get_by_role("button", name=re.compile("End it")).click()
    expect(row).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "label", "sentence"),
    [
        ("", "Alert on Failure rate", "failure rate > 5 % over 10 min"),
        ("tasks?q=queue:mail", "Alert on this search", "failures of queue:mail > 0 over 10 min"),
        ("errors", "Alert on this", "new or reopened error"),
        ("queues", "Alert on this", "oldest message of queue * > 10 min"),
    ],
)
def test_a_rule_begins_with_what_a_page_shows(
    open_page: OpenPage, path: str, label: str, sentence: str
) -> None:
    page = open_page(path)
    page.get_by_role("link", name=label, exact=True).click()

    expect(page.get_by_label("Fires when")).to_have_value(sentence)


def test_the_bell_counts_what_fires_from_the_live_stream(
    open_page: OpenPage, server: Client, history: Server
) -> None:
    rule = add_rule(server, "Nobody", condition="worker nobody silent for 5 min")
    alert = Alert(
        id="bell", rule=rule["id"], name="Nobody", condition=rule["condition"], severity="warning",
        subject="nobody", phase="firing", since=time.time(), fired=time.time(), sentence="So.",
    )  # fmt: skip
    with contextlib.closing(open_ledger(str(history.directory / "data"))) as ledger:
        ledger.keep_alerts([alert])
    page = open_page("names")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    banner = page.get_by_role("banner")
    expect(banner.get_by_label("1 alert fires", exact=True)).to_be_visible()

    body = {"until": time.time() + 3_600, "reason": "a deploy"}
    server.http.post("/api/v1/alerts/silences", json=body).raise_for_status()
    expect(banner.get_by_label(re.compile("1 alert fires; nobody is sent"))).to_be_visible()
    assert not [each for each in asked if "/alerts" in each]


def test_what_ended_says_so_and_can_be_neither_silenced_nor_taken_care_of(
    open_page: OpenPage, history: Server
) -> None:
    now = time.time()
    alert = Alert(
        id="over", rule="gone", name="Charges fail", condition="any finding", severity="warning",
        subject="", phase="resolved", since=now - 900, fired=now - 900, ended=now - 60,
        sentence="So.",
    )  # fmt: skip
    with contextlib.closing(open_ledger(str(history.directory / "data"))) as ledger:
        ledger.keep_alerts([alert])
    page = open_page("alerts/over")

    expect(page.get_by_text("ended", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Silence|Acknowledge"))).to_have_count(0)


@pytest.mark.parametrize(("width", "theme"), FURTHER_LOOKS)
def test_axe_finds_nothing_on_pages_of_alerts(
    open_page: OpenPage, server: Client, axe_source: str, width: int, theme: Theme
) -> None:
    rule = add_rule(server, "A rule with a name that is much longer than most windows are wide")
    body = {"until": time.time() + 3_600, "reason": "a deploy", "rule": rule["id"]}
    server.http.post("/api/v1/alerts/silences", json=body).raise_for_status()
    page = open_page("alerts", width=width, theme=theme, axe=True)
    for view in ("Rules", "Silences", "History", "Notifiers", "Firing"):
        page.get_by_role("navigation", name="Alerts").get_by_role("link", name=view).click()
        expect(page.get_by_text(re.compile("^Loading"))).to_have_count(0)
        assert violations(page, axe_source) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.goto(f"/alerts?edit={rule['id']}")
    expect(page.get_by_text(re.compile("It would .*have fired"))).to_be_visible()
    assert violations(page, axe_source) == []
