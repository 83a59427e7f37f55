"""What the stream of events in Redis makes up for, and what it does not."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest
import redis
from celery import Celery

from tests.support.brokers import ValkeyBroker
from tests.support.sources import celery_app, dispatcher, say
from tests.support.stream_absence import (
    has_decided,
    position,
    run_once,
    running,
    streaming,
)
from tests.support.waiting import wait_until
from umbel.broker import stream_watch
from umbel.event_stream import stream_key
from umbel.services.ingest.ingest import Limits
from umbel.services.metric_sums import metric_sum
from umbel.store.memory import MemoryStore

KEY = stream_key("celeryev")

pytestmark = pytest.mark.redis


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes no stream is heard at once here."""
    monkeypatch.setattr(stream_watch, "KNOWN_AFTER_S", 0.3)


@pytest.fixture
def app(redis_url: str) -> Celery:
    return streaming(redis_url)


def has_stored(store: MemoryStore, uuid: str) -> bool:
    return store.task(uuid) is not None


def received(store: MemoryStore) -> int:
    """How many tasks `/metrics` says were received."""
    counts = metric_sum(store.metric_counts())
    return sum(each.events.get("task-received", 0) for each in counts.items) if counts else 0


def test_what_came_while_nobody_listened_is_stored_and_no_gap_is_told(app: Celery) -> None:
    store = MemoryStore()
    run_once(app, store)
    say(app, "meanwhile", "then")

    with running(app, store) as ingest:
        wait_until(lambda: has_decided(ingest))
        wait_until(lambda: store.task("then") is not None)
        say(app, "now")
        wait_until(lambda: store.task("now") is not None)
        assert store.task("meanwhile") is not None

    assert store.gaps() == ()
    assert received(store) == 4


def test_a_first_collector_begins_with_what_the_stream_has(app: Celery) -> None:
    say(app, "before")
    store = MemoryStore()

    with running(app, store):
        wait_until(lambda: store.task("before") is not None)

    assert store.gaps() == ()


def test_nothing_is_missed_or_counted_twice_over_many_runs_while_events_pour(app: Celery) -> None:
    store, count = MemoryStore(), 3_000
    run_once(app, store)

    def pour() -> None:
        with dispatcher(app) as sender:
            for number in range(count):
                sender.send("task-received", uuid=f"p{number}", name="tests.pour")
                sender.flush()

    pouring = threading.Thread(target=pour)
    pouring.start()
    while pouring.is_alive():
        with running(app, store):
            pouring.join(0.7)
        pouring.join(0.3)
    with running(app, store) as ingest:
        wait_until(lambda: received(store) == count + 1, what="all that was sent")
        wait_until(lambda: has_decided(ingest))

    assert [n for n in range(count) if store.task(f"p{n}") is None] == []
    assert received(store) == count + 1
    assert store.gaps() == ()


def test_who_writes_no_stream_makes_the_absence_a_gap(app: Celery, redis_url: str) -> None:
    store, other = MemoryStore(), celery_app(redis_url)
    with running(app, store) as ingest:
        say(app, "streamed")
        say(other, "published")
        wait_until(lambda: store.task("published") is not None)
        wait_until(lambda: position(ingest))
    say(other, "lost")
    say(app, "streamed too")

    with running(app, store) as ingest:
        wait_until(lambda: store.task("streamed too") is not None)
        wait_until(lambda: ingest.status().gaps)

    assert store.task("lost") is None
    assert [each.cause for each in store.gaps()] == ["collector-away"]


def test_who_writes_no_stream_and_is_heard_only_afterwards_makes_it_a_gap_as_well(
    app: Celery, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_watch, "KNOWN_AFTER_S", 30.0)
    store, other = MemoryStore(), celery_app(redis_url)
    run_once(app, store)

    with running(app, store) as ingest:
        assert ingest.status().gaps == ()
        say(other, "new")
        wait_until(lambda: ingest.status().gaps)

    assert [each.cause for each in store.gaps()] == ["collector-away"]


def test_what_had_to_make_room_in_the_stream_is_a_gap_up_to_what_is_left(
    app: Celery, redis_url: str
) -> None:
    store = MemoryStore()
    run_once(app, store)
    say(app, *(f"away{number}" for number in range(50)))
    with redis.Redis.from_url(redis_url) as client:
        client.xtrim(KEY, maxlen=10, approximate=False)
        found: Any = client.xrange(KEY, count=1)
    first_s = int(found[0][0].split(b"-")[0]) / 1000

    with running(app, store) as ingest:
        wait_until(lambda: store.task("away49") is not None)
        wait_until(lambda: ingest.status().gaps)

    assert store.task("away39") is None
    assert store.task("away40") is not None
    (gap,) = store.gaps()
    assert (gap.cause, gap.end) == ("queue-full", first_s)


def test_a_stream_that_is_gone_makes_the_absence_a_gap(app: Celery, redis_url: str) -> None:
    store = MemoryStore()
    run_once(app, store)
    with redis.Redis.from_url(redis_url) as client:
        client.delete(KEY)

    with running(app, store) as ingest:
        wait_until(lambda: ingest.status().gaps)


def test_a_connection_that_redis_cuts_loses_nothing(valkey: ValkeyBroker) -> None:
    app, store = streaming(valkey.url), MemoryStore()
    with running(app, store) as ingest, valkey.client() as client:
        say(app, "before")
        wait_until(lambda: position(ingest))
        for number in range(5):
            client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            say(app, f"cut{number}")
            wait_until(partial(has_stored, store, f"cut{number}"))
        wait_until(lambda: has_decided(ingest))
        assert ingest._source.health().reconnections >= 1

    assert store.gaps() == ()
    assert received(store) == 6


def test_a_redis_that_comes_back_without_its_stream_leaves_a_gap(valkey: ValkeyBroker) -> None:
    app, store = streaming(valkey.url), MemoryStore()
    with running(app, store) as ingest:
        say(app, "before")
        wait_until(lambda: position(ingest))
        valkey.kill()
        valkey.start()
        say(app, "back")
        wait_until(partial(has_stored, store, "back"))
        wait_until(lambda: ingest.status().gaps)


def test_a_user_that_may_not_read_the_stream_hears_all_that_is_published(
    valkey: ValkeyBroker,
) -> None:
    app, store = streaming(valkey.url), MemoryStore()
    say(app, "before")
    with valkey.client() as client:
        client.execute_command("ACL", "SETUSER", "default", "-xrange")

    with running(app, store):
        say(app, "heard", "and more")
        wait_until(lambda: has_stored(store, "and more"))


def test_a_disk_that_is_slow_sheds_nothing(app: Celery) -> None:
    store = MemoryStore()
    run_once(app, store)
    limits = Limits(buffer_bytes=20_000, batch_events=50)
    say(app, *(f"t{number}" for number in range(1_500)))

    with running(app, store, limits=limits) as ingest:
        say(app, *(f"u{number}" for number in range(1_500)))
        wait_until(lambda: received(store) == 3_001, what="all that was sent")

        assert ingest.status().shed == 0


def test_two_stores_read_one_stream_each_for_itself(app: Celery) -> None:
    one, two = MemoryStore(), MemoryStore()
    run_once(app, one)
    run_once(app, two)
    say(app, "meanwhile")

    for store in (one, two):
        with running(app, store):
            wait_until(partial(has_stored, store, "meanwhile"))


def test_a_collector_writes_nothing_to_redis(app: Celery, redis_url: str) -> None:
    store = MemoryStore()
    run_once(app, store)

    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("*") == [KEY.encode()]
        assert client.xinfo_groups(KEY) == []
