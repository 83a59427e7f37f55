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
        page.get_by_role("link", name="CSV").click()

    download.value.save_as(tmp_path / "tasks.csv")
    with (tmp_path / "tasks.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == DECLINED + TIMED_OUT
    assert {row["state"] for row in rows} == {"FAILURE"}
    assert any("CardDeclined" in row["exception"] for row in rows)
    assert "traceback" not in rows[0]
