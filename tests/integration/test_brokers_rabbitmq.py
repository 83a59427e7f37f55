"""Events over a real RabbitMQ, by the fast path and by kombu's own way."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import amqp
import pytest
from celery import Celery

from tests.support.sources import (
    celery_app,
    dispatcher,
    events_in,
    say,
    source_of,
    take,
)
from tests.support.waiting import wait_until
from umbel.broker.base import EventSource
from umbel.broker.event_sources import check, open_source
from umbel.broker.link import DurableQueue, link_to_app
from umbel.errors import BrokerRefused

pytestmark = pytest.mark.rabbitmq
both_ways = pytest.mark.parametrize("fast", [True, False], ids=["fast", "generic"])


@pytest.fixture
def app(vhost: str) -> Iterator[Celery]:
    """An application with an exchange, and so a queue, of the test's own."""
    app = celery_app(vhost, event_exchange=f"ev-{uuid4().hex}")
    yield app
    with app.connection_for_write() as connection:
        connection.channel().queue_delete(queue_of(app))


def queue_of(app: Celery) -> str:
    return link_to_app(app).queue_name


def waiting(app: Celery) -> int:
    """How many messages the durable queue holds that nobody has in hand, the bookmark of one
    who left among them."""
    with app.connection_for_write() as connection:
        found = connection.channel().queue_declare(queue_of(app), passive=True)
        return int(found.message_count)


def uuids(source: EventSource, count: int) -> list[str]:
    return [event.uuid for event in events_in(take(source, count))]


@both_ways
def test_single_and_grouped_events_arrive(app: Celery, fast: bool) -> None:
    with source_of(app, fast=fast) as source, dispatcher(app) as sender:
        sender.send("worker-heartbeat", freq=2.0, active=1, processed=7)
        for number in range(5):
            sender.send("task-received", uuid=f"t{number}", name="shop.pay")
        sender.flush()

        beat, grouped = take(source, 2)

    assert [event.processed for event in events_in([beat])] == [7]
    assert [event.uuid for event in events_in([grouped])] == ["t0", "t1", "t2", "t3", "t4"]


@both_ways
def test_it_may_come_before_any_worker(app: Celery, fast: bool) -> None:
    """The exchange is declared as Celery does, so that a worker finds what it expects."""
    with source_of(app, fast=fast):
        pass

    say(app, "a")

    assert waiting(app) == 2


@both_ways
def test_what_nobody_reads_is_kept(app: Celery, fast: bool) -> None:
    with source_of(app, fast=fast):
        pass
    say(app, "a", "b")

    with source_of(app, fast=fast) as source:
        assert uuids(source, 2) == ["a", "b"]
        assert source.health().gaps == ()


@both_ways
def test_what_was_not_settled_comes_again(app: Celery, fast: bool) -> None:
    with source_of(app, fast=fast) as source:
        say(app, "a", "b", "c")
        frames = take(source, 3)
        source.settle(frames[1].tag)

    with source_of(app, fast=fast) as source:
        # The last one that was settled stays in the queue as the bookmark.
        assert uuids(source, 2) == ["b", "c"]


@both_ways
def test_a_settled_message_leaves_the_queue_at_the_next_read(app: Celery, fast: bool) -> None:
    with source_of(app, fast=fast) as source:
        say(app, "a", "b", "c")
        source.settle(take(source, 3)[-1].tag)
        source.read(0.05)

    assert wait_until(lambda: waiting(app)) == 1


def close_connections(app: Celery) -> None:
    """End every connection to the virtual host, as an administrator may."""
    vhost = app.connection_for_read().virtual_host
    rabbitmqctl("close_all_connections", "--vhost", vhost, "because")


def rabbitmqctl(*arguments: str) -> str:
    done = subprocess.run(
        ["rabbitmqctl", "-q", *arguments], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


@both_ways
def test_a_closed_connection_loses_nothing(app: Celery, fast: bool) -> None:
    """What was in hand comes again; what is settled with its old tag settles nothing new."""
    with source_of(app, fast=fast) as source:
        say(app, "a", "b")
        stale = take(source, 2)[-1].tag
        close_connections(app)
        say(app, "c")
        # The old connection may still give "c" before it is closed.
        wait_until(lambda: (source.read(0.05), source.health().reconnections)[1])
        # All three came again, and none of them was settled by the old tag.
        source.settle(stale)
        source.read(0.1)
        health = source.health()
    assert (health.state, health.reconnections, health.gaps) == ("connected", 1, ())

    with source_of(app, fast=fast) as source:
        assert sorted(uuids(source, 3)) == ["a", "b", "c"]


def test_a_deleted_queue_is_declared_again_and_told_as_a_gap(app: Celery) -> None:
    with source_of(app) as source:
        with app.connection_for_write() as connection:
            connection.channel().queue_delete(queue_of(app))
        wait_until(lambda: source.read(0.05) or source.health().reconnections)
        say(app, "a")

        assert uuids(source, 1) == ["a"]
        assert len(source.health().gaps) == 1


@both_ways
@pytest.mark.parametrize("is_made_anew", [True, False])
def test_after_the_exchange_was_deleted_events_come_again(
    app: Celery, fast: bool, is_made_anew: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("umbel.broker.amqp.BIND_EVERY_S", 0.5)
    monkeypatch.setattr("umbel.broker.generic.BIND_EVERY_S", 0.5)
    with source_of(app, fast=fast) as source:
        with app.connection_for_write() as connection:
            connection.channel().exchange_delete(str(app.conf.event_exchange))
        if not is_made_anew:
            wait_until(lambda: source.read(0.05) or source.health().reconnections)

        def heard() -> bool:
            say(app, "a")  # which declares the exchange, and binds nothing
            return bool(source.read(0.2))

        wait_until(heard)


@both_ways
def test_two_stores_on_one_broker_each_get_every_event(app: Celery, fast: bool) -> None:
    """A colleague's trial beside production takes nothing away from it."""
    link = link_to_app(app)
    ours, theirs = link.of_store("aaaa"), link.of_store("bbbb")
    with source_of(ours, fast=fast) as one, source_of(theirs, fast=fast) as other:
        say(app, "a", "b", "c")

        assert uuids(one, 3) == ["a", "b", "c"]
        assert uuids(other, 3) == ["a", "b", "c"]
    with app.connection_for_write() as connection:
        for name in (ours.queue_name, theirs.queue_name):
            connection.channel().queue_delete(name)


@both_ways
def test_only_the_documented_queue_stays(app: Celery, fast: bool) -> None:
    with source_of(app, fast=fast) as source:
        say(app, "a")
        take(source, 1)

    vhost = app.connection_for_read().virtual_host
    names = rabbitmqctl("list_queues", "-p", vhost, "--no-table-headers", "name").split()
    assert names == [queue_of(app)]


def test_a_quorum_queue_is_there_for_the_asking(app: Celery) -> None:
    queue = DurableQueue(kind="quorum")
    with source_of(link_to_app(app, queue)) as source:
        say(app, "a")

        assert uuids(source, 1) == ["a"]


def test_a_queue_of_other_arguments_is_told_with_what_to_do(app: Celery) -> None:
    link = link_to_app(app)
    with app.connection_for_write() as connection:
        connection.channel().queue_declare(link.queue_name, durable=True, auto_delete=False)

    with pytest.raises(BrokerRefused, match=r"has the queue umbel.events.v1.* other arguments"):
        check(link)
    source = open_source(link)
    wait_until(lambda: source.read(0.05) or source.health().state == "refused")
    health = source.health()
    source.close()

    assert "Delete that queue" in (health.trouble or "")


@both_ways
def test_bodies_of_ten_megabytes_arrive(app: Celery, fast: bool) -> None:
    with source_of(app, fast=fast) as source, dispatcher(app) as sender:
        sender.send("task-received", uuid="big", name="shop.import", args="x" * 10_000_000)
        sender.flush()
        say(app, "small")

        assert [event.uuid for event in events_in(take(source, 2))] == ["big", "small"]


@both_ways
def test_other_serializers_and_compression_arrive_undecoded(app: Celery, fast: bool) -> None:
    with source_of(app, fast=fast) as source, app.connection_for_write() as connection:
        producer: Any = connection.Producer()
        body = {"type": "task-started", "uuid": "z", "hostname": "h", "timestamp": 1.8e9}
        for options in ({"serializer": "pickle"}, {"compression": "zlib"}):
            producer.publish(
                body, routing_key="task.started", exchange=app.conf.event_exchange, **options
            )

        pickled, packed = take(source, 2)

    assert pickled.content_type == "application/x-python-serialize"
    assert packed.headers == {"compression": "application/x-gzip"}
    assert [event.uuid for event in events_in([packed])] == ["z"]


def test_more_than_is_prefetched_arrives_as_it_is_settled(app: Celery) -> None:
    total, exchange = 12_000, app.conf.event_exchange
    with source_of(app) as source:
        with app.connection_for_write() as connection:
            channel = connection.channel()
            for number in range(total):
                body = b'{"type": "task-started", "uuid": "%d"}' % number
                channel.basic_publish(amqp.Message(body), exchange, "task.started")
        got: list[bytes] = []

        def read_and_settle() -> bool:
            frames = source.read(0.1)
            got.extend(frame.body for frame in frames)
            if frames:
                source.settle(frames[-1].tag)
            return len(got) >= total

        wait_until(read_and_settle)

    assert len(set(got)) == len(got) == total
