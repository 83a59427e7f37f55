"""Every page on a store of a million tasks: it opens, its numbers are right, and it stays small.

Run by `make test-million` alone. Numbers are compared with a count of our own over the rows, not
with what the pages ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.million_tasks import TASKS, Million, write_million
from tests.browser.test_access import violations
from tests.browser.test_facets import value
from tests.browser.test_long_list import ROWS_MAX, found
from tests.browser.test_search import box
from tests.support.brokers import redis_database
from tests.support.umbels import Client, umbel_serve
from tests.support.waiting import wait_until

#: The first one fills the store.
pytestmark = [pytest.mark.million, pytest.mark.timeout(900)]

#: No page has more elements.
ELEMENTS_MAX = 9_000
#: What a page may take until all of it is there, on a machine with other work.
PATIENCE_MS = 60_000
#: Such a count is not exact, and says so.
BOUNDED = re.compile(r"over|at least|\+|more than|newest")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Million]]:
    directory = tmp_path_factory.mktemp("million") / "data"
    million = write_million(directory)
    with redis_database() as broker, umbel_serve(broker, directory) as umbel:
        # Until then a search for text says that it was not counted in time; the newest few wait for
        # others.
        wait_until(
            lambda: umbel.client.status()["store"]["unindexed"] < TASKS / 1_000,
            timeout_s=300.0,
            what="nearly all tasks to be indexed",
        )
        yield umbel.client, million


@pytest.fixture
def server(served: tuple[Client, Million]) -> Client:
    expect.set_options(timeout=PATIENCE_MS)
    return served[0]


@pytest.fixture
def million(served: tuple[Client, Million]) -> Million:
    return served[1]


def is_counted_whole(page: Page) -> bool:
    """Whether the page says nothing of a time that was too short."""
    short = page.get_by_text(re.compile("not all was counted in time|numbers may be too low", re.I))
    return not short.first.is_visible()


def grouped(number: int) -> str:
    return f"{number:,}"


def address(page: str, million: Million) -> str:
    """The path of a page, with the whole time where it has one."""
    name, error = next(iter(million.names)), next(iter(million.errors))
    return {
        "overview": f"?{million.span}",
        "tasks": "tasks",
        "a search": "tasks?q=-state:SUCCESS parcel",
        "names": f"names?{million.span}",
        "a name": f"names/{name}?{million.span}",
        "errors": f"errors?{million.span}",
        "an error": f"errors/{error}?{million.span}",
        "a task": f"tasks/{million.ids[0]}",
        "workers": "workers",
        "queues": "queues",
    }[page]


PAGES = {
    "overview": "shop.mail.send_receipt",
    "tasks": "shop.mail.send_receipt",
    "a search": "LookupError",
    "names": "shop.mail.send_receipt",
    "a name": "Where they ran",
    "errors": "no invoice for the invoice",
    "an error": "What do they share?",
    "a task": "What happened",
    "workers": "Workers",
    "queues": "payments",
}


def opened(open_page: OpenPage, page: str, million: Million, **how: object) -> Page:
    shown = open_page(address(page, million), **how)
    there = shown.locator("main").get_by_text(PAGES[page]).first
    again = shown.get_by_role("button", name="Ask again").first

    # The store has just been opened, and the machine has other work: what there was no time for is
    # never shown as nothing, and is asked for again.
    def is_there() -> bool:
        if again.is_visible():
            again.click()
        return there.is_visible()

    wait_until(is_there, timeout_s=PATIENCE_MS / 1_000, what=f"{page} to be there")
    return shown


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_small_and_can_be_read_by_everybody(
    open_page: OpenPage, axe_source: str, million: Million, page: str, theme: Theme
) -> None:
    shown = opened(open_page, page, million, width=1440, theme=theme, axe=True)

    assert shown.evaluate("document.querySelectorAll('*').length") < ELEMENTS_MAX
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(shown, axe_source) == []


def test_the_overview_counts_every_task(open_page: OpenPage, million: Million) -> None:
    page = opened(open_page, "overview", million)
    ended, failed = sum(million.names.values()), sum(million.failed.values())

    expect(page.get_by_role("link", name=grouped(ended), exact=True).first).to_be_visible()
    expect(page.get_by_text(f"{grouped(failed)} failed")).to_be_visible()
    busiest = max(million.names, key=lambda name: million.names[name])
    row = page.get_by_role("row").filter(has_text=busiest)
    if is_counted_whole(page):
        expect(row).to_contain_text(grouped(million.names[busiest]))
        expect(row).to_contain_text(grouped(million.failed[busiest]))


def test_names_have_their_numbers_and_their_order(open_page: OpenPage, million: Million) -> None:
    page = opened(open_page, "names", million)
    expect(page.get_by_role("rowheader")).to_have_count(len(million.names))
    for name, count in million.names.items():
        row = page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
        expect(row.get_by_role("link", name=grouped(count), exact=True)).to_be_visible()

    page.get_by_role("button", name="Most failing").click()
    worst = max(million.failed, key=lambda name: million.failed[name])
    expect(page.get_by_role("rowheader").first).to_have_text(worst)
    page.get_by_label("Find a name").fill("refund")
    expect(page.get_by_role("rowheader")).to_have_count(1)


def test_a_name_has_its_numbers(open_page: OpenPage, million: Million) -> None:
    name = next(iter(million.names))
    page = opened(open_page, "a name", million)

    summary = page.locator(".numbers")
    expect(summary).to_contain_text(grouped(million.names[name]))
    expect(summary).to_contain_text(grouped(million.failed[name]))
    expect(page.get_by_text(re.compile(r"the newest \d+ that ended"))).to_be_visible()
    expect(page.get_by_role("region", name="Recent").get_by_role("rowheader")).to_have_count(10)


def test_an_error_is_counted_whole_or_says_that_it_is_not(
    open_page: OpenPage, million: Million
) -> None:
    page = opened(open_page, "errors", million)
    expect(page.get_by_text(re.compile("there are more|no time to look at all"))).to_be_visible()
    href = page.locator("tbody a[href*='errors/']").first.get_attribute("href") or ""
    error = re.search(r"errors/([0-9a-f]{12})", href)
    assert error is not None
    count = page.locator("tbody tr[data-index='0'] td[data-title='Count']").inner_text().strip()

    number = int(re.sub(r"\D", "", count))
    if BOUNDED.search(count):
        assert 0 < number < million.errors[error[1]]
    else:
        assert number == million.errors[error[1]]

    page.get_by_label("Find an error").fill("voucher")
    expect(page.locator("tbody tr[data-index]").first).to_contain_text("voucher")
    page.locator("tbody a[href*='errors/']").first.click()
    expect(page.get_by_role("heading", name="What do they share?")).to_be_visible()


def states(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile("^Failure"))


def test_tasks_are_counted_by_state_and_value(open_page: OpenPage, million: Million) -> None:
    page = opened(open_page, "tasks", million, width=1440)
    expect(page.locator("#search-summary")).to_contain_text(f"{grouped(TASKS)} tasks")
    expect(states(page)).to_contain_text(grouped(sum(million.failed.values())))
    busiest = max(million.names, key=lambda name: million.names[name])
    expect(value(page, busiest)).to_contain_text(grouped(million.names[busiest]))

    value(page, busiest).click()
    expect(page).to_have_url(re.compile(re.escape(f"name%3A%3D{busiest}")))
    total = re.compile(rf"{grouped(million.names[busiest])}|{BOUNDED.pattern}")
    expect(page.locator("#search-summary .total")).to_have_text(total)


@pytest.mark.parametrize("q", ["-state:SUCCESS", "parcel", "state:FAILURE runtime:>0.1s"])
def test_a_bounded_count_is_not_shown_as_exact(open_page: OpenPage, q: str) -> None:
    page = open_page(f"tasks?q={q}", width=1440)
    expect(page.locator("[data-row]").first).to_be_visible()
    summary = page.locator("#search-summary")
    expect(summary.locator(".total")).to_contain_text(re.compile(r"\d"))

    words = summary.locator(".total").inner_text()
    assert BOUNDED.search(words), words
    total, line = summary.locator(".total").bounding_box(), summary.bounding_box()
    assert total is not None
    assert line is not None
    assert total["x"] + total["width"] <= line["x"] + line["width"] + 1, f"cut: {words}"


def test_hundreds_of_rows_are_scrolled_through_and_few_are_there(
    open_page: OpenPage, million: Million
) -> None:
    page = opened(open_page, "tasks", million, width=1440)
    seen: set[str] = set()
    scroll = "list => new Promise(r => { list.scrollBy(0, 1600); setTimeout(r, 60) })"
    for _ in range(100):
        rows = page.locator("[data-row]").evaluate_all("all => all.map(one => one.dataset.row)")
        assert len(rows) <= ROWS_MAX
        seen |= set(rows)
        if len(seen) >= 1_000:
            break
        found(page).evaluate(scroll)

    assert len(seen) >= 1_000


def test_the_longest_run_is_first_where_tasks_are_sorted_by_it(
    open_page: OpenPage, server: Client, million: Million
) -> None:
    page = opened(open_page, "tasks", million, width=1440)
    page.get_by_role("button", name="Ran").click()
    expect(page).to_have_url(re.compile("order=-runtime"))
    first = page.locator("[data-row]").first

    longest = server.get("tasks", order="-runtime", limit=1)["items"][0]
    assert longest["runtime"] == pytest.approx(million.longest_s)
    expect(first).to_have_attribute("data-row", longest["uuid"])


def test_a_part_of_the_histogram_is_chosen_and_its_tasks_are_listed(
    open_page: OpenPage, million: Million
) -> None:
    page = open_page(f"tasks?q=state:FAILURE&{million.span}", width=1440)
    chart = page.get_by_role("group", name=re.compile("arrow keys walk"))
    expect(chart).to_be_visible()
    chart.focus()
    for key in ("End", "ArrowLeft", "ArrowLeft", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)

    expect(box(page)).to_have_value(re.compile(r"state:FAILURE .*\d\.\.\S+"))
    expect(page.locator("[data-row]").first).to_contain_text("Failure")


def test_a_task_is_found_by_its_arguments_and_previewed(
    open_page: OpenPage, million: Million
) -> None:
    page = open_page(f"tasks?q={million.ids[3]}", width=1440)
    expect(page.locator("[data-row]")).to_have_count(1)
    page.keyboard.press("j")
    page.keyboard.press("Space")

    preview = page.get_by_role("complementary", name="Preview")
    expect(preview).to_contain_text(million.ids[3])
    expect(preview).to_contain_text("attempt_key")


def test_every_queue_that_tasks_name_is_listed(open_page: OpenPage, million: Million) -> None:
    page = opened(open_page, "queues", million)

    for queue in ("mail", "payments", "images", "webhooks", "reports", "crm"):
        expect(page.get_by_role("link", name=queue, exact=True)).to_be_visible()
