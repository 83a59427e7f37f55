"""The overview: is the cluster well, what is wrong, and the way from each number to its tasks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Theme
from tests.support.umbels import Client
from tests.support.waiting import wait_until


def overview(open_page: OpenPage, path: str = "", **how: object) -> Page:
    page = open_page(path, **how)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("link", name="shop.orders.charge").first).to_be_visible()
    return page


def test_the_home_page_tells_how_the_cluster_is(open_page: OpenPage) -> None:
    page = overview(open_page)
    health = page.get_by_role("region", name="Health")

    expect(health.get_by_role("listitem").first).to_be_visible()
    expect(page.get_by_role("region", name="New and rising errors")).to_contain_text("CardDeclined")
    expect(page.get_by_role("figure", name="Tasks ended")).to_be_visible()
    expect(page.get_by_role("link", name="orders@shop")).to_be_visible()


def test_a_number_leads_to_exactly_its_tasks(open_page: OpenPage) -> None:
    page = overview(open_page)
    row = page.get_by_role("row").filter(has_text="shop.orders.charge")
    failures = row.get_by_role("link").nth(2)
    number = failures.inner_text()
    failures.click()

    expect(page).to_have_url(re.compile(r"tasks\?q=name%3Ashop.orders.charge.*FAILURE.*finished"))
    expect(page.get_by_text(f"{number} tasks").first).to_be_visible()


def test_a_brush_narrows_the_page_and_the_address(open_page: OpenPage) -> None:
    page = overview(open_page)
    chart = page.get_by_role("group", name=re.compile("^Tasks ended: arrow keys"))
    chart.focus()
    for key in ("End", "ArrowLeft", "ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)

    expect(page).to_have_url(re.compile(r"\?from=\d+&to=\d+$"))
    expect(page.get_by_role("button", name="Time:")).not_to_contain_text("Last hour")
    page.go_back()
    expect(page.get_by_role("button", name="Time: Last hour")).to_be_visible()


def test_a_finding_unfolds_and_is_muted_with_a_reason(open_page: OpenPage) -> None:
    page = overview(open_page)
    health = page.get_by_role("region", name="Health")
    health.get_by_role("listitem").last.get_by_role("button", expanded=False).click()
    health.get_by_label("because").fill("known, and mended tomorrow")
    health.get_by_role("button", name="Mute", exact=True).click()

    muted = health.get_by_role("button", name="1 finding muted")
    expect(muted).to_be_visible()
    muted.click()
    folded = health.get_by_role("list").last.get_by_role("button", expanded=False)
    folded.first.click()
    expect(health.get_by_text("known, and mended tomorrow")).to_be_visible()
    health.get_by_role("button", name="Unmute").click()
    expect(muted).to_be_hidden()


def test_keys_go_to_overview_and_names(open_page: OpenPage) -> None:
    page = open_page("queues")
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Names")).to_be_visible()


def test_names_are_found_sorted_and_opened(open_page: OpenPage) -> None:
    page = open_page("names")
    page.get_by_role("textbox", name="Find a name").fill("ORDERS.c")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="shop.orders.charge").click()

    expect(page.get_by_role("heading", name="shop.orders.charge")).to_be_visible()
    expect(page.get_by_role("figure", name="Runtime").first).to_be_visible()
    expect(page.get_by_role("table", name="Recent tasks")).to_be_visible()


def test_a_task_is_run_again_from_its_last_arguments(open_page: OpenPage) -> None:
    page = open_page("names/shop.orders.charge")
    page.get_by_role("link", name="Run with its last arguments").click()

    expect(page.get_by_label("Task name", exact=True)).to_have_value("shop.orders.charge")
    expect(page.get_by_label("Keyword arguments")).to_have_value(re.compile("order_id"))
    expect(page.get_by_role("link", name="the last task")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "names", "names/shop.orders.charge"])
def test_whoever_sees_little_finds_no_barrier(
    open_page: OpenPage, axe_source: str, path: str, theme: Theme
) -> None:
    page = open_page(path, theme=theme, axe=True)
    expect(
        page.get_by_role("link", name=re.compile("shop.orders|All of them")).first
    ).to_be_visible()
    page.evaluate(axe_source)
    found = page.evaluate("axe.run().then(({ violations }) => violations)")

    assert [(each["id"], [n["target"] for n in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize(("width", "lines"), [(1280, 1), (1024, 2), (360, 4)])
@pytest.mark.parametrize("path", ["", "names/shop.orders.charge"])
def test_lines_of_charts_have_as_many_each(
    open_page: OpenPage, path: str, width: int, lines: int
) -> None:
    page = open_page(path, width=width)
    charts = page.get_by_role("figure")
    expect(charts.nth(3)).to_be_visible()

    top = "all => all.slice(0, 4).map(one => Math.round(one.getBoundingClientRect().top))"

    def in_each_line() -> list[int]:
        tops = charts.evaluate_all(top)
        return sorted(tops.count(top) for top in {*tops})

    wait_until(lambda: in_each_line() == [4 // lines] * lines)


@pytest.mark.parametrize(
    "width",
    [
        320,
        pytest.param(768, marks=pytest.mark.thorough),
        1024,
        pytest.param(1920, marks=pytest.mark.thorough),
    ],
)
@pytest.mark.parametrize("path", ["", "names", "names/shop.orders.charge"])
def test_no_width_needs_scrolling_sideways(open_page: OpenPage, path: str, width: int) -> None:
    page = open_page(path, width=width)
    expect(
        page.get_by_role("link", name=re.compile("shop.orders|All of them")).first
    ).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_number_of_a_time_within_minutes_is_that_of_the_list_it_leads_to(
    open_page: OpenPage, server: Client
) -> None:
    """Charts count whole minutes: of a time that begins within one, so does the list."""
    ended = server.get("tasks", q="has:finished", order="finished", limit=20)["items"]
    first = next(task["finished"] for task in ended if task["finished"] % 60 < 58)
    begin = int(first) + 1
    page = open_page(f"?from={begin}&to={begin + 900}")
    number = page.get_by_role("figure", name="Tasks ended").get_by_role("link").first
    expect(number).to_have_text(re.compile(r"^\d+$"))
    text = number.inner_text()
    number.click()

    expect(page.locator("#search-summary")).to_contain_text(f"{text} tasks")


def test_a_browser_with_the_wrong_time_shows_the_time_of_the_server(open_page: OpenPage) -> None:
    """By its own, a day would have ended before the first task."""
    page = overview(open_page)
    page.context.add_init_script(
        "const right = Date.now; Date.now = () => right() - 2 * 86_400_000"
    )
    page.goto("?range=24h")

    number = page.get_by_role("figure", name="Tasks ended").get_by_role("link").first
    # It is asked for again by itself after twenty seconds.
    expect(number).to_have_text(re.compile(r"^[1-9]\d*$"), timeout=12_000)
