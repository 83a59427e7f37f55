"""Events over a real Redis, by the fast path and by kombu's own way."""

from __future__ import annotations

import contextlib
import json
import time
from typing import Any
from urllib.parse import urlsplit

import kombu.transport.redis
import pytest
import redis
from kombu.connection import Connection

from tests.support.sources import (
    celery_app,
    dispatcher,
    events_in,
    say,
    source_of,
    take,
)
from tests.support.waiting import wait_until
from umbel.broker.passive_channel import make_passive

pytestmark = pytest.mark.redis
both_ways = pytest.mark.parametrize("fast", [True, False], ids=["fast", "generic"])


@both_ways
def test_single_and_grouped_events_arrive(redis_url: str, fast: bool) -> None:
    app = celery_app(redis_url)
    with source_of(app, fast=fast) as source, dispatcher(app) as sender:
        sender.send("worker-heartbeat", freq=2.0, active=1, processed=7)
        for number in range(5):
            sender.send("task-received", uuid=f"t{number}", name="shop.pay")
        sender.send("task-progress", uuid="t0", percent=50)
        sender.flush()

        beat, grouped = take(source, 2)

    assert [event.processed for event in events_in([beat])] == [7]
    kinds = [event.type for event in events_in([grouped])]
    assert kinds == ["task-received"] * 5 + ["task-progress"]
    assert events_in([grouped])[0].hostname == "w1@test"


@both_ways
@pytest.mark.parametrize("protocol", [2, 3])
def test_events_arrive_in_both_versions_of_the_protocol_of_redis(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, protocol: int, fast: bool
) -> None:
    """Clients before redis-py 8 speak RESP2 unless told otherwise, later ones RESP3."""

    kombu_channel: Any = kombu.transport.redis.Channel

    class Channel(kombu.transport.redis.Channel):
        def _connparams(self, *args: Any, **options: Any) -> dict[str, Any]:
            return {**kombu_channel._connparams(self, *args, **options), "protocol": protocol}

    monkeypatch.setattr("kombu.transport.redis.Transport.Channel", Channel)
    app = celery_app(redis_url)
    with source_of(app, fast=fast) as source:
        say(app, "a", "b")

        assert [event.uuid for event in events_in(take(source, 2))] == ["a", "b"]


@both_ways
@pytest.mark.parametrize(
    "options",
    [
        {"global_keyprefix": "shop:"},
        {"fanout_prefix": False},
        {"fanout_prefix": "/{db}-shop."},
        {"fanout_patterns": False},
    ],
    ids=["keyprefix", "no-prefix", "prefix", "no-patterns"],
)
def test_every_layout_of_channels_is_understood(
    redis_url: str, options: dict[str, object], fast: bool
) -> None:
    app = celery_app(redis_url, broker_transport_options=options)
    with source_of(app, fast=fast) as source:
        say(app, "a", "b")

        assert [event.uuid for event in events_in(take(source, 2))] == ["a", "b"]


def test_only_the_configured_exchange_is_heard(redis_url: str) -> None:
    """Exchange names may hold signs that Redis would take for patterns (kombu's own way
    does take them so)."""
    ours, other = celery_app(redis_url, event_exchange="a[b]*"), celery_app(redis_url)
    with source_of(ours) as source:
        say(other, "not ours")
        say(celery_app(redis_url, event_exchange="ab"), "nor this")
        say(ours, "ours")

        assert [event.uuid for event in events_in(take(source, 1))] == ["ours"]


@both_ways
def test_watching_leaves_no_key_behind(redis_url: str, fast: bool) -> None:
    app = celery_app(redis_url)
    client = redis.Redis.from_url(redis_url)
    with source_of(app, fast=fast) as source:
        say(app, "a")
        take(source, 1)
        during = client.keys("*")
    after = client.keys("*")
    client.close()

    assert during == []
    assert after == []


@both_ways
def test_a_killed_connection_is_made_again_and_told_as_a_gap(redis_url: str, fast: bool) -> None:
    app = celery_app(redis_url)
    client = redis.Redis.from_url(redis_url)
    with source_of(app, fast=fast) as source:
        before = time.time()
        _kill_subscribers(client, redis_url)
        wait_until(lambda: source.read(0.05) or source.health().reconnections)
        say(app, "after")

        assert [event.uuid for event in events_in(take(source, 1))] == ["after"]
        health = source.health()
    client.close()

    assert (health.state, health.reconnections) == ("connected", 1)
    (gap,) = health.gaps
    assert gap.start - 1 < before < gap.end + 1


def _kill_subscribers(client: redis.Redis, url: str) -> None:
    database = urlsplit(url).path.lstrip("/")
    for one in client.client_list(_type="pubsub"):
        if one["db"] == database:
            client.client_kill_filter(_id=one["id"])


@both_ways
def test_aged_unacknowledged_messages_of_others_are_never_restored(
    redis_url: str, fast: bool
) -> None:
    """kombu puts back what is older than the *watcher's* visibility timeout; ours never does,
    not even with a timeout of nothing and a sweep with every poll."""
    app = celery_app(
        redis_url,
        broker_transport_options={"visibility_timeout": 0, "unacked_restore_throttle": 1},
    )
    client = redis.Redis.from_url(redis_url)
    message = {"body": "e30=", "headers": {}, "properties": {"delivery_info": {}, "priority": 0}}
    client.zadd("unacked_index", {"tag-1": time.time() - 86_400})
    client.hset("unacked", "tag-1", json.dumps([message, "", "celery"]))
    client.sadd("_kombu.binding.celery", "celery\x06\x16\x06\x16celery")
    before = _everything(client)

    with source_of(app, fast=fast) as source:
        for number in range(20):
            say(app, str(number))
            take(source, 1)
            source.read(0.02)
        during = _everything(client)
    after = _everything(client)
    client.close()

    assert during == before
    assert after == before


def _everything(client: redis.Redis) -> dict[object, object]:
    return {key: client.dump(key) for key in client.keys("*")}


@pytest.mark.parametrize("harmless", [False, True], ids=["kombu", "ours"])
def test_our_channels_restore_nothing_where_those_of_kombu_do(
    redis_url: str, harmless: bool
) -> None:
    """A channel that consumes from a list (a reply queue, say) is where it happens."""
    client = redis.Redis.from_url(redis_url)
    properties = {"delivery_info": {"exchange": "", "routing_key": "celery"}, "priority": 0}
    message = {"body": "e30=", "headers": {}, "properties": properties}
    client.zadd("unacked_index", {"tag-1": time.time() - 86_400})
    client.hset("unacked", "tag-1", json.dumps([message, "", "celery"]))
    kombu_connection: Any = Connection
    with kombu_connection(redis_url) as connection:
        if harmless:
            make_passive(connection)
        channel = connection.channel()
        channel.basic_consume("replies", True, print, "tag")
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.1)
        restored = client.llen("celery")
    client.close()

    assert restored == (0 if harmless else 1)


@both_ways
def test_bodies_of_ten_megabytes_arrive(redis_url: str, fast: bool) -> None:
    app = celery_app(redis_url)
    with source_of(app, fast=fast) as source, dispatcher(app) as sender:
        sender.send("task-received", uuid="big", name="shop.import", args="x" * 10_000_000)
        sender.flush()
        say(app, "small")

        big, small = events_in(take(source, 2))

    assert big.args is not None
    assert big.args.startswith("xxx")
    assert "cut by Umbel" in big.args
    assert small.uuid == "small"


@both_ways
def test_other_serializers_and_compression_arrive_undecoded(redis_url: str, fast: bool) -> None:
    """Pickle and compressed bodies are handed on as they came; nothing opens them here."""
    app = celery_app(redis_url)
    with source_of(app, fast=fast) as source, app.connection_for_write() as connection:
        producer = connection.Producer(exchange=app.events.Dispatcher(enabled=False).exchange)
        body = {"type": "task-started", "uuid": "z", "hostname": "h", "timestamp": time.time()}
        say(app, "first")
        take(source, 1)
        for options in ({"serializer": "pickle"}, {"compression": "zlib"}):
            producer.publish(body, routing_key="task.started", exchange="celeryev", **options)

        pickled, packed = take(source, 2)

    assert pickled.content_type == "application/x-python-serialize"
    assert packed.headers == {"compression": "application/x-gzip"}
    assert [event.uuid for event in events_in([packed])] == ["z"]
