"""Queues: how full, what waits in them, and emptying them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis
from playwright.sync_api import Route, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.servers import Server
from tests.browser.test_access import THEMES, violations
from tests.browser.test_actions import send, send_reminder
from tests.support.umbels import Client


def test_a_queue_is_looked_into_and_purged_with_the_number_in_the_button(
    open_page: OpenPage, server: Client
) -> None:
    for number in (41, 42):
        send(server, "shop.orders.remind", args=[number, "Ada"], queue="left.behind")
    page = open_page("queues")
    page.get_by_role("table").get_by_role("link", name="left.behind", exact=True).click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Queue left.behind")
    expect(page.get_by_role("row").filter(has_text="shop.orders.remind")).to_have_count(2)
    expect(page.get_by_text("42, 'Ada'")).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Purge 2 messages of left.behind").click()
    dialog = page.get_by_role("dialog", name="Purge")
    expect(dialog.get_by_text("Removed messages cannot be brought back")).to_be_visible()
    dialog.get_by_label("Type 2 to confirm").fill("2")
    dialog.get_by_role("button", name="Purge 2 messages").click()
    expect(dialog.get_by_text("Done", exact=True).first).to_be_visible()
    dialog.get_by_role("button", name="Close", exact=True).last.click()

    expect(page.get_by_text("No message waits here")).to_be_visible()
    expect(page.get_by_role("button", name="Purge")).to_have_count(0)


@pytest.mark.usefixtures("workers")
def test_what_the_broker_cannot_tell_is_said_in_a_sentence(open_page: OpenPage) -> None:
    page = open_page("queues")

    expect(page.get_by_role("columnheader", name="Oldest")).to_be_visible()
    expect(page.get_by_text("Redis does not know who reads a list")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="images")).to_contain_text("media@")


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_where_a_queue_is_read_by_nobody(
    open_page: OpenPage, server: Client, axe_source: str, theme: Theme
) -> None:
    send_reminder(server, queue="lonely")
    page = open_page("queues", width=320, theme=theme, axe=True)
    sentence = page.get_by_role("status").filter(has_text="nobody")
    # The worst comes first, on a card that has no head.
    expect(page.get_by_role("row").first).to_contain_text("nobody")
    expect(page.get_by_role("row").first).to_contain_text("Purge")
    expect(sentence.get_by_role("link", name="workers")).to_be_visible()

    assert violations(page, axe_source) == []


#: A queue that cannot be looked into.
TROUBLE = (
    "RabbitMQ at amqp://broker.example.com:5672/shop has not got this queue. Check its name, or "
    "start a worker that reads it."
)
#: A column that is narrower breaks words at each letter, pixels.
LEGIBLE_PX = 85


def _with_trouble(route: Route) -> None:
    answer = route.fetch()
    found = answer.json()
    found["items"] = [each | {"ready": None, "trouble": TROUBLE} for each in found["items"]]
    route.fulfill(response=answer, json=found)


@pytest.mark.usefixtures("workers")
def test_a_queue_that_cannot_be_read_leaves_room_for_words_beside_it(open_page: OpenPage) -> None:
    page = open_page("workers", width=768)
    page.route("**/api/v1/queues", _with_trouble)
    page.get_by_role("link", name="Queues").first.click()
    cell = page.get_by_role("row").filter(has_text="images").get_by_role("cell", name="media@")
    expect(cell).to_be_visible()

    box = cell.bounding_box()
    assert box is not None
    assert box["width"] >= LEGIBLE_PX


@pytest.fixture
def tenants(history: Server) -> Iterator[redis.Redis]:
    """A queue for each of a thousand tenants; a message waits in one of them."""
    client = redis.Redis.from_url(history.broker)
    names = [f"tenant-{number:04}" for number in range(1_000)]
    with client.pipeline() as pipe:
        for name in names:
            pipe.sadd(f"_kombu.binding.{name}", f"{name}\x06\x16\x06\x16{name}")
        pipe.lpush("tenant-0977", "{}")
        pipe.execute()
    yield client
    client.delete("tenant-0977", *(f"_kombu.binding.{name}" for name in names))
    client.close()


@pytest.mark.usefixtures("tenants")
def test_of_a_thousand_queues_one_that_is_not_listed_is_found_by_its_name(
    open_page: OpenPage, axe_source: str
) -> None:
    page = open_page("queues", axe=True)
    expect(page.get_by_text("not shown: find them by name")).to_be_visible(timeout=60_000)

    page.get_by_label("Find a queue").fill("tenant-0977")

    row = page.get_by_role("row").filter(has_text="tenant-0977")
    expect(row).to_contain_text("1", timeout=30_000)
    assert violations(page, axe_source) == []
    page.get_by_label("Find a queue").fill("nobody-has-this")
    expect(page.get_by_text("0 queues found")).to_be_visible()
    page.get_by_label("Find a queue").fill("")
    expect(page.get_by_text("not shown: find them by name")).to_be_visible()
