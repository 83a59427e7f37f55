"""Workers: what each says of itself, what can be done to them, and who did it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.history import MEDIA, ORDERS
from tests.browser.test_access import FURTHER_LOOKS, violations

pytestmark = pytest.mark.usefixtures("workers")


def ping_all(page: Page) -> None:
    page.get_by_role("button", name="Act on all workers").click()
    page.get_by_role("button", name="Ping").click()
    expect(page.get_by_role("list", name="What workers answered")).to_contain_text("pong")


def test_workers_are_pinged_and_the_audit_says_who_did(open_page: OpenPage) -> None:
    page = open_page("workers")
    ping_all(page)
    page.get_by_role("link", name="In the audit").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Ping")
    expect(page.get_by_text("By anonymous")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit")
    page.get_by_label("What", exact=True).select_option("ping")
    expect(page).to_have_url(re.compile(r"/audit\?action=ping$"))
    expect(page.get_by_role("link", name="ping").first).to_be_visible()
    page.get_by_label("Who", exact=True).fill("nobody")
    page.get_by_label("Who", exact=True).press("Enter")
    expect(page.get_by_text("Nothing like this was done")).to_be_visible()


def test_a_wrong_rate_is_refused_at_its_field(open_page: OpenPage) -> None:
    page = open_page("workers")
    page.get_by_label(re.compile("^Select media@")).check()
    page.get_by_role("button", name="Act on 1 worker").click()
    page.get_by_role("button", name="Rate limit").click()
    page.get_by_role("combobox", name="Task name", exact=True).fill("shop.mail.send")
    rate = page.get_by_label("Rate", exact=True)
    rate.fill("fast")
    page.get_by_role("button", name="Preview").click()

    expect(page.get_by_text("'fast' is not a rate.")).to_be_visible()
    expect(rate).to_be_focused()
    rate.fill("100/s")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text(re.compile("^Limit the rate on media@"))).to_be_visible()


def test_a_worker_tells_of_itself(open_page: OpenPage) -> None:
    page = open_page(f"workers/{MEDIA}")
    shows = page.get_by_role("navigation", name="What it says")
    shows.get_by_role("link", name="Registered").click()
    thumbnail = page.get_by_role("row").filter(has_text="shop.images.thumbnail")
    expect(thumbnail.get_by_role("link", name="shop.images.thumbnail")).to_be_visible()
    expect(thumbnail.get_by_role("cell").first).to_have_text(re.compile(r"^[\d,]+$"))
    transcode = page.get_by_role("row").filter(has_text="shop.images.transcode")
    soft = transcode.get_by_label("Soft limit, s of")
    soft.fill("5")
    soft.press("Escape")
    expect(soft).to_have_value("4")
    soft.fill("5")
    soft.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Limit the time on {MEDIA}")
    expect(dialog).to_contain_text("to 5 s (soft) and 6 s (hard) for shop.images.transcode")
    dialog.get_by_role("button", name="Close").click()
    expect(soft).to_be_focused()
    expect(soft).to_have_value("5")
    hard = transcode.get_by_label("Hard limit, s of")
    for limit in (soft, hard):
        limit.fill("")
    hard.press("Enter")
    expect(dialog).to_contain_text(f"Lift the time limits on {MEDIA} for shop.images.transcode")
    dialog.get_by_role("button", name="Close").click()
    rate = thumbnail.get_by_label("Rate limit of")
    rate.fill("1000/s")
    rate.press("Enter")
    dialog.get_by_role("button", name="Rate limit: 1 worker").click()
    expect(dialog).to_contain_text("new rate limit set successfully")
    dialog.get_by_role("button", name="Close").last.click()
    page.reload()
    expect(rate).to_have_value("1000/s")
    shows.get_by_role("link", name="Statistics").click()
    expect(page.get_by_role("region", name="Pool")).to_contain_text("Kind prefork")
    expect(page.get_by_role("region", name="Connection to the broker")).to_contain_text("Host")
    shows.get_by_role("link", name="Queues").click()
    expect(page.get_by_role("row").filter(has_text="images")).to_contain_text("Cancel consumer")
    shows.get_by_role("link", name="Configuration").click()
    expect(page.get_by_text("task_default_queue")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?show=conf$"))


def test_a_worker_that_was_never_heard_of_is_said_so(open_page: OpenPage) -> None:
    page = open_page("workers/celery@no.such.host")

    expect(page.get_by_text("No worker of this name is known")).to_be_visible()


@pytest.mark.parametrize(("width", "theme"), FURTHER_LOOKS)
def test_axe_finds_nothing_on_the_pages_of_the_cluster(
    open_page: OpenPage, axe_source: str, width: int, theme: Theme
) -> None:
    page = open_page("workers", width=width, theme=theme, axe=True)
    ping_all(page)
    assert violations(page, axe_source) == []
    registered = f"workers/{ORDERS}?show=registered"
    scheduled = f"workers/{ORDERS}?show=scheduled"
    statistics = f"workers/{ORDERS}?show=stats"
    of_workers = (scheduled, registered, statistics, "workers/diff")
    for path in (*of_workers, "queues", "queues/orders", "run", "audit"):
        page.goto(f"/{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        content = page.locator("tbody tr, form, .notice, .statistics").filter(visible=True)
        expect(content.first).to_be_visible()

        assert violations(page, axe_source) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_workers_are_listed_sorted_and_folded_and_the_address_keeps_it(open_page: OpenPage) -> None:
    page = open_page("workers", width=1440)
    everybody = page.get_by_role("row", name=re.compile(r"All \d+"))
    expect(everybody).to_contain_text(re.compile(r"\d\s*Online"))
    page.get_by_role("button", name="Failed", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?sort=-failed$"))
    expect(page.get_by_role("columnheader", name="Failed")).to_have_attribute(
        "aria-sort", "descending"
    )

    page.get_by_label("Group by").select_option("host")
    host = ORDERS.partition("@")[2]
    expect(page.get_by_role("link", name=ORDERS)).to_have_count(0)
    page.get_by_role("button", name=host, exact=True).click()
    expect(page.get_by_role("link", name=ORDERS)).to_be_visible()
    page.reload()
    expect(page.get_by_role("link", name=ORDERS)).to_be_visible()

    page.get_by_label("Part of a worker's name or queue").fill("images")
    expect(page.get_by_role("link", name=MEDIA)).to_be_visible()
    expect(page.get_by_role("link", name=ORDERS)).to_have_count(0)


def test_the_odd_one_among_workers_is_found(open_page: OpenPage) -> None:
    page = open_page("workers")
    page.get_by_role("link", name="Compare", exact=True).click()

    expect(page.get_by_role("status").filter(has_text="2 workers compared")).to_be_visible()
    images = page.get_by_role("row").filter(
        has=page.get_by_role("rowheader", name="images", exact=True)
    )
    expect(images).to_contain_text(re.compile(rf"not consumed 1 worker: {ORDERS}"))
    page.get_by_label("Compare workers with this in their name").fill("nobody")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There are no two workers to compare")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/workers/diff\?name=nobody$"))


FLEET = 5_000


def fleet(route: Route) -> None:
    """The answer of the server, with as many more workers, of two deployments; some tell of none
    of their tasks, and of one nothing could be heard."""
    answer = route.fetch().json()
    first = answer["items"][0]
    more = {"succeeded": 9, "failed": 1, "trend": [5, 5], "failures": [0, 1], "pool": 4}
    answer["items"] = [
        {
            **first, **more, "hostname": f"celery@{part}-{index:04}",
            "deployment": f"celery@{part}-*", "status": "online",
            "events_off_since": answer["now"] - 60 if index in (7, 8) else None,
        }
        for index in range(FLEET)
        for part in [("mail", "web")[index % 2]]
    ]  # fmt: skip
    answer["items"][0] |= {"status": "unknown", "unknown_since": answer["now"] - 90}
    route.fulfill(json=answer)


@pytest.mark.parametrize("width", [1440, pytest.param(360, marks=pytest.mark.thorough)])
def test_five_thousand_workers_are_a_page_of_those_in_sight(
    open_page: OpenPage, axe_source: str, width: int
) -> None:
    page = open_page("", width=width, axe=True)
    page.route(re.compile(r"/api/v1/workers\?"), fleet)
    page.goto("/workers?sort=worker")
    expect(page.get_by_role("button", name="4,999 online")).to_be_visible()
    expect(page.get_by_text("2 workers run tasks and tell of none")).to_be_visible()
    expect(page.get_by_role("link", name="celery@mail-0000")).to_be_visible()
    expect(page.get_by_text(re.compile(r"^Unknown\ssince")).first).to_be_visible()
    assert page.locator("tbody tr").count() < 160

    page.locator("tbody tr").first.focus()
    page.keyboard.press("End")
    expect(page.get_by_role("link", name="celery@web-4999")).to_be_visible()
    assert page.locator("tbody tr").count() < 160
    page.evaluate("scrollTo(0, 0)")
    page.get_by_label("Group by").select_option("deployment")
    expect(page.get_by_role("row", name=re.compile("celery@web-"))).to_contain_text("2,500")
    assert page.locator("tbody tr").count() == 3
    compare = page.get_by_role("link", name="Compare workers of celery@web-*")
    expect(compare).to_have_attribute("href", "workers/diff?deployment=celery%40web-*")
    page.get_by_role("row", name=re.compile("celery@web-")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="celery@web-0001")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="celery@web-0001")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert violations(page, axe_source) == []
    page.unroute_all(behavior="ignoreErrors")
