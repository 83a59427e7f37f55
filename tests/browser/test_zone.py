"""Times that are typed are of the zone that is shown: the browser's, or UTC by its switch."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_search import box

#: Of half hours, so that no other hour looks alike; Chromium calls it Asia/Calcutta.
ZONE = "Asia/Kolkata"


def total(page: Page) -> str:
    """How many the search found, once it says so."""
    summary = page.locator("#search-summary")
    expect(summary).to_contain_text(re.compile(r"^(No|[\d,]+) tasks?"))
    return summary.inner_text().split(" task")[0]


@pytest.mark.parametrize("zone", ["local", "utc"])
def test_a_typed_time_of_the_search_is_of_the_zone_that_is_shown(
    open_page: OpenPage, zone: str
) -> None:
    page = open_page("tasks", zone=ZONE)
    if zone == "utc":
        page.get_by_role("button", name="UTC", exact=True).click()
    # Within an hour there are tasks, read in the other zone there are none.
    since = datetime.now(UTC) - timedelta(hours=1)
    shown = since if zone == "utc" else since.astimezone(ZoneInfo(ZONE))
    box(page).fill(f"seen:{shown:%Y-%m-%dT%H:%M}..")
    box(page).press("Enter")

    expect(page).to_have_url(
        re.compile("tz=UTC" if zone == "utc" else "tz=Asia%2F(Kolkata|Calcutta)")
    )
    exact = open_page(f"tasks?q=seen:{since.replace(second=0).timestamp():.0f}..", zone=ZONE)
    assert total(page) == total(exact) != "No"


@pytest.mark.parametrize("path", ["", "tasks", "names", "errors"])
def test_the_fields_of_a_time_range_are_of_the_zone_that_is_shown(
    open_page: OpenPage, path: str
) -> None:
    page = open_page(path, zone=ZONE)
    page.get_by_role("button", name="UTC", exact=True).click()
    page.get_by_role("button", name=re.compile("^Time: ")).click()
    expect(page.get_by_text("In UTC; without an end, until now.")).to_be_visible()
    day = datetime.now(UTC) - timedelta(days=1)
    page.get_by_label("From").fill(f"{day:%Y-%m-%d}T09:00:00")
    page.get_by_label("To", exact=True).fill(f"{day:%Y-%m-%d}T10:00:00")
    page.get_by_role("button", name="Show", exact=True).click()

    chosen = page.get_by_role("button", name=re.compile("^Time: "))
    expect(chosen).to_contain_text(f"{day:%Y-%m-%d} 09:00 to 10:00")
    if path != "tasks":
        begin = datetime(day.year, day.month, day.day, 9, tzinfo=UTC).timestamp()
        expect(page).to_have_url(re.compile(f"from={begin:.0f}&to={begin + 3600:.0f}"))
    page.get_by_role("button", name="UTC", exact=True).click()
    expect(chosen).to_contain_text(f"{day:%Y-%m-%d} 14:30 to 15:30")


@pytest.mark.parametrize("path", ["tasks", "errors", "workflows"])
def test_a_link_with_a_time_of_a_search_means_the_same_in_another_zone(
    open_page: OpenPage, path: str
) -> None:
    since = (datetime.now(UTC) - timedelta(hours=2)).astimezone(ZoneInfo(ZONE))
    # Read in UTC it is hours from now.
    page = open_page(f"{path}?q=seen:{since:%Y-%m-%dT%H:%M}..", zone=ZONE)
    rows = page.locator("tbody tr")
    expect(rows.first).to_be_visible()
    expect(page).to_have_url(re.compile(r"tz=Asia%2F(Kolkata|Calcutta)"))

    colleagues = open_page(page.url.split("/", 3)[3], zone="UTC")

    expect(colleagues.locator("tbody tr").first).to_be_visible()
