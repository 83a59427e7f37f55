"""What a search finds is taken along as a file."""

from __future__ import annotations

import csv
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.history import DECLINED, TIMED_OUT


def test_all_that_match_are_downloaded_with_the_columns_that_are_shown(
    open_page: OpenPage, tmp_path: Path
) -> None:
    page = open_page("tasks?q=state:FAILURE name:charge")
    expect(page.locator("[data-row]").first).to_be_visible()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    expect(page.get_by_text(f"{DECLINED + TIMED_OUT} tasks saved.")).to_be_visible()

    download.value.save_as(tmp_path / "tasks.csv")
    with (tmp_path / "tasks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == DECLINED + TIMED_OUT
    assert {row["state"] for row in rows} == {"FAILURE"}
    assert any("CardDeclined" in row["exception"] for row in rows)
    assert "traceback" not in rows[0]


def test_an_export_that_is_refused_breaks_off_or_is_cancelled_says_so(
    open_page: OpenPage,
) -> None:
    page = open_page("tasks?q=state:FAILURE")
    expect(page.locator("[data-row]").first).to_be_visible()
    detail = "6 exports at once, and 2 of one person, are the most. Try again soon."
    busy = {"title": "Too many requests are open", "status": 503, "detail": detail}
    page.route("**/tasks/export*", lambda route: route.fulfill(status=503, json=busy))
    page.get_by_role("button", name="Export").click()
    page.get_by_role("button", name="CSV").click()
    expect(page.get_by_role("alert")).to_contain_text(detail)

    page.unroute("**/tasks/export*")
    page.route("**/tasks/export*", lambda route: route.abort())
    page.get_by_role("button", name="CSV").click()
    expect(page.get_by_role("alert")).to_contain_text("Umbel does not answer")

    page.unroute("**/tasks/export*")
    page.route("**/tasks/export*", lambda _: None)  # it never comes
    page.get_by_role("button", name="JSON").click()
    expect(page.get_by_text("0 tasks so far")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("0 tasks so far")).to_have_count(0)
