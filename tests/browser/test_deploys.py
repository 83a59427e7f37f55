"""Deploys as marks on charts: seen, pointed at, walked to, read in the table."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Theme
from tests.support.umbels import Client

Announce = Callable[[str, float], None]


@pytest.fixture(autouse=True)
def deploys(server: Client) -> Iterator[Announce]:
    """5.7 half an hour ago, and two versions within ten seconds a quarter of an hour ago; more are
    announced by version and how long ago, in seconds."""
    now = time.time()
    ids = []

    def announce(version: str, ago: float) -> None:
        body = {"version": version, "at": now - ago, "note": f"notes of {version}"}
        announced = server.http.post("/api/v1/deploys", json=body).raise_for_status()
        ids.append(announced.json()["id"])

    for version, ago in (("5.7", 1_800), ("5.8", 900), ("5.8.1", 890)):
        announce(version, ago)
    yield announce
    for each in ids:
        server.http.post(f"/api/v1/deploys/{each}/remove", json={}).raise_for_status()


def flag(within: Page | Locator, name: str) -> Locator:
    return within.get_by_role("button", name=name, exact=True)


@pytest.mark.parametrize(
    "path", ["", "names/shop.orders.charge", "tasks?range=1h", "errors?range=1h"]
)
def test_charts_mark_deploys(open_page: OpenPage, path: str) -> None:
    page = open_page(path)
    if path.startswith("errors"):
        page.get_by_role("link", name=re.compile("CardDeclined")).first.click()
    flags = flag(page, "Deploy of 5.7")

    expect(flags.first).to_be_visible()
    expect(flags).to_have_count(1 if "?" in path else 4)


def test_pointing_at_a_flag_says_what_was_deployed(open_page: OpenPage) -> None:
    page = open_page()
    chart = page.get_by_role("figure", name="Failure rate")
    flag(chart, "Deploy of 5.7").hover()

    expect(chart.get_by_role("tooltip").filter(visible=True)).to_contain_text(
        re.compile(r"Deploy of 5\.7, 20\d\d-\d\d-\d\d \d\d:\d\d\. notes of 5\.7\.")
    )


def test_deploys_near_each_other_have_one_flag_with_their_number(open_page: OpenPage) -> None:
    page = open_page()
    both = flag(page.get_by_role("figure", name="Runtime"), "2: Deploy of 5.8, Deploy of 5.8.1")
    expect(both).to_have_text("2")


def test_keys_and_the_table_tell_of_deploys(open_page: OpenPage) -> None:
    page = open_page()
    chart = page.get_by_role("figure", name="Tasks ended")
    expect(flag(chart, "Deploy of 5.7")).to_be_visible()
    chart.get_by_text("As a table").click()
    table = chart.get_by_role("table")
    expect(table.get_by_role("columnheader", name="What happened")).to_be_visible()
    rows = table.get_by_role("row")
    expect(rows.filter(has_text="notes of 5.7.")).to_have_count(1)

    texts = rows.all_inner_texts()
    steps = len(texts) - next(at for at, text in enumerate(texts) if "notes of 5.7." in text)
    chart.get_by_role("group", name=re.compile("arrow keys")).focus()
    for _ in range(steps):
        page.keyboard.press("ArrowLeft")
    expect(chart.get_by_role("status")).to_contain_text("Deploy of 5.7")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "tasks"])
def test_marks_are_no_barrier(
    open_page: OpenPage, axe_source: str, path: str, theme: Theme
) -> None:
    page = open_page(path, theme=theme, axe=True)
    expect(flag(page, "Deploy of 5.7").first).to_be_visible()
    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then(({ violations }) => violations)")

    assert [(each["id"], [n["target"] for n in each["nodes"]]) for each in found] == []


def test_a_narrow_window_shows_them_as_well(open_page: OpenPage) -> None:
    page = open_page(width=320)
    expect(flag(page, "Deploy of 5.7").first).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("path", ["", "names", "names/shop.orders.charge"])
def test_names_are_compared_with_the_time_before_the_last_deploy(
    open_page: OpenPage, deploys: Announce, path: str
) -> None:
    deploys("5.9", 1)  # the last one, even if another test has just restarted the workers
    page = open_page(f"{path}?range=15m")
    page.get_by_label("Compare with").select_option("before the last deploy")

    expect(page).to_have_url(re.compile(r"\?range=15m&against=last-deploy$"))
    told = page.get_by_text(re.compile(r"Since Deploy of 5\.9 \(.*\), compared"))
    expect(told).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Compare with")).to_have_value("before")


def test_a_comparison_that_the_history_does_not_reach_is_said(open_page: OpenPage) -> None:
    page = open_page("names?against=last-week")

    expect(page.get_by_text("does not reach back to the same time a week ago")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Change")).to_be_hidden()
