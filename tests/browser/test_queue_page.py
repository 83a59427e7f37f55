"""The page of one queue: its figures and charts, who consumes it, and what waits in it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import OpenPage, Theme
from tests.browser.servers import Server
from tests.browser.test_access import THEMES, violations
from tests.browser.test_actions import send
from tests.support.brokers import ValkeyBroker, rabbit_vhost, redis_database
from tests.support.load import connected
from tests.support.umbels import Client, umbel_serve
from tests.support.waiting import wait_until


@pytest.fixture
def broker(history: Server) -> Iterator[redis.Redis]:
    """The Redis database that the server's queues lie in."""
    with redis.Redis.from_url(history.broker) as client:
        yield client


def foreign(body: bytes, kind: str = "application/json", **headers: object) -> str:
    """A message in kombu's envelope."""
    properties = {"body_encoding": "base64"}
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(), "content-type": kind, "headers": headers,
            "properties": properties,
        }
    )  # fmt: skip


@pytest.mark.usefixtures("workers")
def test_figures_charts_consumers_and_messages_agree(open_page: OpenPage, server: Client) -> None:
    for number in range(7):
        send(server, "shop.orders.remind", args=[number, "Ada"], queue="page.agree")
    page = open_page("queues/page.agree")

    expect(page.locator("dt", has_text="Waiting").locator("+ dd")).to_have_text("7")
    expect(page.get_by_role("region", name="Messages")).to_contain_text("all 7")
    expect(page.get_by_role("row").filter(has_text="shop.orders.remind")).to_have_count(7)
    expect(page.get_by_role("figure", name="Messages a minute")).to_be_visible()
    expect(page.get_by_role("figure", name="Wait in the queue")).to_be_visible()
    consumers = page.get_by_role("region", name="Consumers")
    expect(consumers).to_contain_text("nobody consumes it")
    consumers.get_by_role("button", name="Let a worker consume it").click()
    page.get_by_role("button", name="media@shop").click()
    dialog = page.get_by_role("dialog", name="Add consumer")
    expect(dialog.get_by_label("Queue")).to_have_value("page.agree")
    dialog.get_by_role("button", name="Close").first.click()


@pytest.mark.usefixtures("workers")
def test_a_consumed_queue_leads_to_its_workers(open_page: OpenPage) -> None:
    page = open_page("queues/images")

    row = (
        page.get_by_role("region", name="Consumers")
        .get_by_role("row")
        .filter(has_text="media@shop")
    )
    expect(row.get_by_role("cell")).to_have_count(5)
    row.get_by_role("link", name="media@shop").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("media@shop")


def test_a_message_unfolds_and_the_list_stands_still_while_it_is_read(
    open_page: OpenPage, server: Client, broker: redis.Redis
) -> None:
    for number in (1, 2):
        send(server, "shop.orders.remind", args=[number, "Grace"], queue="page.fold")
    page = open_page("queues/page.fold")
    fold = page.get_by_role("button", name="shop.orders.remind").first
    fold.click()

    expect(fold).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_text("application/json")).to_be_visible()
    broker.delete("page.fold")
    expect(page.get_by_text("0 wait now")).to_be_visible()
    expect(page.get_by_text("application/json")).to_be_visible()
    page.get_by_role("button", name="Fold all and go on").click()
    expect(page.get_by_text("No message waits here")).to_be_visible()


def test_rubbish_in_a_queue_is_shown_as_what_it_is(
    open_page: OpenPage, server: Client, broker: redis.Redis
) -> None:
    send(server, "shop.orders.remind", args=["y" * 1_000_000], queue="page.odd")
    for message in (
        "hello, no message at all",
        foreign(b"cos\nsystem\n.", "application/x-python-serialize", task="shop.pickled", id="p"),
        foreign(b'{"event": "paid", "password": "hunter2", "note": "<b>bold</b>"}'),
        '{"body": "%%%", "properties": {"body_encoding": "base64"}, "headers": {"task": "t"}}',
        foreign(b"[[], {}, {}]", task="n" * 1_000_000, id="i" * 1_000_000),
    ):
        broker.lpush("page.odd", message)
    page = open_page("queues/page.odd")

    expect(page.get_by_text("This is no message that kombu wrote")).to_be_visible()
    expect(page.get_by_text("Umbel reads only JSON")).to_be_visible()
    expect(page.get_by_text("Its body is not base64")).to_be_visible()
    expect(page.get_by_text("It is no task: no header names one")).to_be_visible()
    expect(page.get_by_text("args has 1,000,004 bytes as JSON")).to_be_visible()
    for fold in page.locator("button.fold").all():
        fold.click()
    expect(page.get_by_text("hunter2")).to_have_count(0)
    expect(page.locator("td b, td em")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert len(page.content()) < 400_000


def test_priorities_are_bars_the_lowest_first(open_page: OpenPage, server: Client) -> None:
    for priority in (0, 9, 9):
        send(server, "shop.orders.remind", args=[1], queue="page.priority", priority=priority)
    page = open_page("queues/page.priority")

    bars = page.get_by_role("region", name="Priorities").get_by_role("listitem")
    expect(bars).to_have_count(4)
    expect(bars.first).to_have_text(re.compile(r"^0\s+1\b"))
    expect(bars.last).to_have_text(re.compile(r"^9\s+2\b"))


def test_a_queue_that_nobody_knows_says_so_and_offers_nothing(open_page: OpenPage) -> None:
    page = open_page("queues/no.such")

    expect(page.get_by_text("No queue of this name is known")).to_be_visible()
    expect(page.get_by_role("region")).to_have_count(0)
    expect(page.get_by_role("link", name="Alert on this")).to_have_count(0)
    expect(page.get_by_role("link", name="All queues")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_the_page_of_a_queue(
    open_page: OpenPage, server: Client, axe_source: str, theme: Theme, width: int
) -> None:
    send(server, "shop.orders.remind", args=[1], queue="page.axe", priority=9)
    page = open_page("queues/page.axe", width=width, theme=theme, axe=True)
    page.get_by_role("button", name="shop.orders.remind").first.click()
    expect(page.get_by_text("application/json")).to_be_visible()

    assert violations(page, axe_source) == []


def test_the_time_of_the_charts_is_in_the_address(open_page: OpenPage) -> None:
    page = open_page("queues/mail?range=6h")

    expect(page.get_by_role("button", name="Last 6 hours")).to_be_visible()
    page.get_by_role("button", name="Last 6 hours").click()
    page.get_by_text("Last 15 minutes").click()
    expect(page).to_have_url(re.compile(r"range=15m"))


def test_five_hundred_queues_are_found_and_opened(browser: Browser, tmp_path: Path) -> None:
    page = browser.new_page()
    names = [f"many.{number:03}" for number in range(495)]
    with (
        redis_database() as url,
        redis.Redis.from_url(url) as client,
        umbel_serve(url, tmp_path / "umbel") as umbel,
    ):
        with client.pipeline() as pipe:
            for name in names:
                pipe.sadd(f"_kombu.binding.{name}", f"{name}\x06\x16\x06\x16{name}")
                pipe.lpush(name, "x")
            pipe.execute()
        page.goto(f"{umbel.client.url}/queues")
        table = page.get_by_role("table", name="Queues")
        expect(table).to_have_attribute("aria-rowcount", "497")
        assert page.locator("tbody tr").count() < 200
        page.get_by_label("Find a queue").fill("many.321")
        table.get_by_role("link", name="many.321", exact=True).click()
        expect(page.get_by_text("This is no message that kombu wrote")).to_be_visible()
    page.close()


def test_while_the_broker_is_away_queues_are_shown_as_they_were(
    browser: Browser, valkey: ValkeyBroker, tmp_path: Path
) -> None:
    page = browser.new_page()
    with (
        redis.Redis.from_url(valkey.url) as client,
        umbel_serve(valkey.url, tmp_path / "umbel", "--samples-period", "1s") as umbel,
    ):
        client.lpush("celery", "x", "y", "z")

        def sampled() -> Any:
            found = umbel.client.get("samples/queues", names="celery", bucket=10)["items"]
            return found and found[0]["points"][-1]["depth_max"] == 3

        wait_until(sampled, timeout_s=60, what="a sample of three messages")
        valkey.stop()
        page.goto(f"{umbel.client.url}/queues")
        expect(page.get_by_role("alert").first).to_contain_text("redis://")
        row = page.get_by_role("region", name="As they were sampled last").get_by_role("row").last
        expect(row).to_contain_text("celery")
        row.get_by_role("link", name="celery").click()
        expect(page.get_by_text("What it was like before stands below")).to_be_visible()
        expect(page.get_by_role("figure", name="Waiting")).to_contain_text("at most")
        expect(page.get_by_text("not known yet")).to_have_count(0)
    page.close()


@pytest.mark.rabbitmq
def test_rabbitmq_without_its_management_api_says_what_it_cannot_tell(
    browser: Browser, tmp_path: Path
) -> None:
    page: Page = browser.new_page()
    with rabbit_vhost() as url, umbel_serve(url, tmp_path / "umbel") as umbel:
        with connected(url) as connection:
            channel = connection.channel()
            channel.queue_declare("celery", durable=True, auto_delete=False)
        page.goto(f"{umbel.client.url}/queues/celery")

        expect(page.get_by_text("RabbitMQ shows a message only by delivering it")).to_be_visible()
        expect(page.get_by_text("management API alone")).to_be_visible()
        expect(page.get_by_text("no worker that answered consumes it")).to_be_visible()
        expect(page.get_by_text("guest")).to_have_count(0)
        expect(page.get_by_role("region", name="Messages")).to_have_count(0)
    page.close()
