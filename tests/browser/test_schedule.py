"""The schedule: entries of beat with what became of them, and one that is run and edited."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
import redis
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.servers import Server
from tests.browser.test_access import violations

MARKUP = "<img src=x onerror=document.body.dataset.hit=1> import"
#: As RedBeat writes them.
EVERY_MINUTE = {"minute": "*", "hour": "*", "day_of_week": "*", "day_of_month": "*",
                "month_of_year": "*"}  # fmt: skip


MANY = 1_000


def write(client: redis.Redis, name: str, **cron: str) -> None:
    """An entry of RedBeat's, whose task nobody ever sent."""
    definition = {
        "name": name, "task": "shop.report", "args": [name], "kwargs": {},
        "options": {"queue": "run-now", "headers": {"tenant": "acme"}}, "enabled": True,
        "schedule": {"__type__": "crontab", **EVERY_MINUTE, **cron},
    }  # fmt: skip
    client.hset(f"redbeat:{name}", "definition", json.dumps(definition))
    client.zadd("redbeat::schedule", {f"redbeat:{name}": time.time()})


@pytest.fixture
def entries(history: Server) -> Iterator[redis.Redis]:
    """Two entries of RedBeat's on the broker."""
    client = redis.Redis.from_url(history.broker)
    for name in ("minutely report", MARKUP):
        write(client, name)
    yield client
    written = client.zrange("redbeat::schedule", 0, -1)
    client.delete("redbeat::schedule", "run-now", *written)
    client.close()


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (320, "dark")])
def test_an_entry_is_found_looked_at_and_edited(
    open_page: OpenPage, entries: redis.Redis, axe_source: str, width: int, theme: Theme
) -> None:
    page = open_page("schedule", width=width, theme=theme, axe=True)
    main = page.get_by_role("main")
    expect(main.get_by_role("link", name=MARKUP)).to_be_visible(timeout=20_000)
    expect(main.get_by_text("every minute").first).to_be_visible()
    assert violations(page, axe_source) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    main.get_by_role("link", name="minutely report").click()
    expect(page.get_by_role("heading", name="Next runs")).to_be_visible()
    assert violations(page, axe_source) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("button", name="Edit").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Crontab").last.fill("30 8 * * mon-fri")
    dialog.get_by_role("button", name="See what will be").click()
    expect(dialog).to_contain_text("every weekday at 08:30 instead of every minute")
    assert violations(page, axe_source) == []
    dialog.get_by_role("button", name="Edit the schedule").click()
    expect(dialog).to_be_hidden()
    expect(main.get_by_text("every weekday at 08:30", exact=True)).to_be_visible()

    written = json.loads(entries.hget("redbeat:minutely report", "definition"))  # type: ignore[arg-type]
    assert (written["schedule"]["minute"], written["args"]) == ("30", ["minutely report"])
    assert page.locator("body").get_attribute("data-hit") is None


def test_an_entry_is_run_once_however_often_its_button_is_clicked(
    open_page: OpenPage, entries: redis.Redis, axe_source: str
) -> None:
    page = open_page("schedule/redbeat:minutely%20report", axe=True)
    page.get_by_role("button", name="Run now").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Sends shop.report to run-now")
    expect(dialog).to_contain_text('["minutely report"]')
    expect(dialog).to_contain_text('With these headers:{"tenant":"acme"}')
    assert violations(page, axe_source) == []

    dialog.get_by_label("Reason").fill("the file was late")
    dialog.get_by_role("button", name="Run now").dblclick()

    sent = dialog.get_by_role("status").get_by_role("link")
    expect(sent).to_have_attribute("href", re.compile("^tasks/[0-9a-f-]{36}$"))
    expect(dialog.get_by_role("button", name="Run now")).to_be_hidden()
    assert entries.llen("run-now") == 1
    assert violations(page, axe_source) == []
    dialog.get_by_text("Close", exact=True).click()
    expect(dialog).to_be_hidden()


def test_next_runs_are_on_the_clock_of_the_entry_and_of_whoever_looks(
    open_page: OpenPage, entries: redis.Redis
) -> None:
    write(entries, "minutely report", minute="0", hour="12")
    page = open_page("schedule/redbeat:minutely%20report", zone="America/New_York")
    runs = page.get_by_role("region", name="Next runs")

    expect(runs.get_by_role("listitem").first).to_contain_text(" 12:00:00 +00:00")
    expect(runs.get_by_role("listitem").first).to_contain_text(re.compile(" 0[78]:00:00"))
    expect(runs).to_contain_text("On the clock of UTC, and of America/New_York")


@pytest.mark.parametrize("width", [1280, pytest.param(360, marks=pytest.mark.thorough)])
def test_a_thousand_entries_are_a_page_of_those_in_sight(
    open_page: OpenPage, entries: redis.Redis, axe_source: str, width: int
) -> None:
    for index in range(MANY):
        write(
            entries,
            f"e{index:03} {'of a house with a long name ' * 3}",
            minute="7",
            hour=str(index % 24),
        )
    page = open_page("schedule", width=width, axe=True)
    main = page.get_by_role("main")
    expect(main).to_contain_text("1,002 entries, 1,000 shown", timeout=30_000)
    expect(main.get_by_role("img", name=re.compile("Runs of the day: .* to come"))).to_be_visible()
    assert page.locator("tbody tr").count() < 160

    page.locator("tbody tr").first.focus()
    page.keyboard.press("End")
    expect(page.locator("tbody tr[aria-rowindex='1001']")).to_be_focused()
    main.get_by_label("Find an entry").fill("e999")
    expect(main.get_by_text("1 entry", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page, axe_source) == []
