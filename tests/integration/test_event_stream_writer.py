"""What an application with `StreamEvents` publishes, and what it adds to the stream beside it."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from tests.support.applications import WORKERAPP
from tests.support.brokers import ValkeyBroker, redis_database
from tests.support.sources import celery_app, dispatcher, events_in, source_of, take
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.event_stream import MARK, stream_key
from umbel.worker.event_stream_writer import FEW

STREAM = "umbel.worker:StreamEvents"
KEY = stream_key("celeryev")

pytestmark = pytest.mark.redis


def streaming_app(url: str, **settings: Any) -> Celery:
    app = Celery(broker=url, events=STREAM, set_as_current=False)
    app.conf.update(settings)
    return app


def entries(url: str, key: str = KEY) -> list[dict[bytes, bytes]]:
    with redis.Redis.from_url(url) as client:
        found: Any = client.xrange(key)
    return [fields for _, fields in found]


def types_in(entry: dict[bytes, bytes]) -> list[str]:
    body = json.loads(entry[b"b"])
    return [each["type"] for each in (body if isinstance(body, list) else [body])]


def mark_of(payload: bytes) -> str | None:
    found: str | None = json.loads(payload)["headers"].get(MARK)
    return found


@pytest.mark.versions(brief=True)
def test_what_is_published_is_in_the_stream_too_message_by_message(redis_url: str) -> None:
    app = streaming_app(redis_url)
    with source_of(app) as source, dispatcher(app) as sender:
        sender.send("worker-heartbeat", freq=2.0, active=1, processed=7)
        sender.send("task-received", uuid="one", name="shop.pay")
        sender.send("task-started", uuid="one")
        sender.flush()
        published = take(source, 2)

    assert [event.type for event in events_in(published)] == [
        "worker-heartbeat",
        "task-received",
        "task-started",
    ]
    found = entries(redis_url)
    assert [types_in(each) for each in found] == [
        ["worker-heartbeat"],
        ["task-received", "task-started"],
    ]
    assert [each[b"b"] for each in found] == [frame.body for frame in published]
    assert all(each.keys() == {b"b"} for each in found)


@pytest.mark.versions(brief=True)
def test_what_a_thread_tells_while_a_batch_is_sent_is_sent_as_well(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dispatcher(streaming_app(redis_url)) as sender:
        publish, told = sender._publish, iter(["task-succeeded"])

        def publish_slowly(*args: Any, **options: Any) -> None:
            publish(*args, **options)
            for kind in told:
                sender.send(kind, uuid="one")

        monkeypatch.setattr(sender, "_publish", publish_slowly)
        sender.send("task-started", uuid="one")
        sender.flush()

    assert [types_in(each) for each in entries(redis_url)] == [
        ["task-started"],
        ["task-succeeded"],
    ]


def test_only_messages_that_are_surely_in_the_stream_say_so(redis_url: str) -> None:
    app = streaming_app(redis_url)
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as subscriber:
        subscriber.psubscribe(f"/{redis_url.rsplit('/', 1)[1]}.celeryev/*")
        wait_until(subscriber.get_message)
        with dispatcher(app) as sender:
            for _ in range(3):
                sender.send("worker-heartbeat", freq=2.0)
        payloads = [wait_until(subscriber.get_message)["data"] for _ in range(3)]

    mark = f"{redis_url.rsplit('/', 1)[1]}/{KEY}"
    assert [mark_of(each) for each in payloads] == [f"{mark}?", mark, mark]


def test_a_stream_that_redis_refuses_costs_no_event_and_one_line_in_the_log(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = streaming_app(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.set(KEY, "no stream")
    with caplog.at_level(logging.WARNING), source_of(app) as source, dispatcher(app) as sender:
        for _ in range(3):
            sender.send("worker-heartbeat", freq=2.0)
        frames = take(source, 3)

    assert len(events_in(frames)) == 3
    assert app.events.stream.failed == 1
    (line,) = (record for record in caplog.records if record.name == "umbel.worker")
    assert "WRONGTYPE" in line.getMessage()
    assert "docs/no-loss-on-redis.md" in line.getMessage()


def test_the_stream_takes_no_more_memory_than_it_may_and_leaves_by_itself(redis_url: str) -> None:
    app = streaming_app(redis_url, umbel_stream_max_bytes=256 * 1024, umbel_stream_expires=120)
    with dispatcher(app) as sender:
        for part in range(4):
            for number in range(400):
                sender.send("task-progress", uuid=f"{part}-{number}", note="x" * 2_000)
                sender.flush()
            app.events.stream._refresh_at = 0.0

    with redis.Redis.from_url(redis_url) as client:
        size_bytes: Any = client.memory_usage(KEY)
        assert FEW <= client.xlen(KEY) < 400
        assert size_bytes < 2 * 256 * 1024
        assert 60 < client.ttl(KEY) <= 120
        assert types_in(entries(redis_url)[-1]) == ["task-progress"]
        assert events_of_entry(entries(redis_url)[-1])[-1]["uuid"] == "3-399"


def test_a_message_that_is_too_large_for_the_stream_is_published_alone(redis_url: str) -> None:
    app = streaming_app(redis_url, umbel_stream_max_bytes=256 * 1024)
    with source_of(app) as source, dispatcher(app) as sender:
        sender.send("shop-report", note="x" * 3_000)
        sender.send("worker-heartbeat", freq=2.0)
        assert len(take(source, 2)) == 2

    assert [types_in(each) for each in entries(redis_url)] == [["worker-heartbeat"]]


def test_settings_come_in_celerys_own_forms(redis_url: str) -> None:
    app = Celery(broker=redis_url, events=STREAM, set_as_current=False)
    app.config_from_object(
        {"CELERY_UMBEL_STREAM_MAX_BYTES": 50_000, "CELERY_UMBEL_STREAM_EXPIRES": 60},
        namespace="CELERY",
    )
    with dispatcher(app) as sender:
        sender.send("worker-heartbeat", freq=2.0)

    assert app.events.stream.max_messages == FEW
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.ttl(KEY) <= 60


@pytest.mark.parametrize("fanout", [True, False], ids=["by database", "for all databases"])
def test_the_stream_is_in_the_applications_database_under_its_prefix_and_exchange(
    redis_url: str, fanout: bool
) -> None:
    app = streaming_app(
        redis_url,
        event_exchange="shopev",
        broker_transport_options={
            "global_keyprefix": "shop:", "fanout_prefix": fanout, "fanout_patterns": fanout,
        },
    )  # fmt: skip
    with source_of(app) as source, dispatcher(app) as sender:
        sender.send("worker-heartbeat", freq=2.0)
        assert len(take(source, 1)) == 1

    assert len(entries(redis_url, "shop:umbel.events.stream.shopev")) == 1


def test_other_serializers_and_compression_are_told_in_the_entry(redis_url: str) -> None:
    app = streaming_app(redis_url, event_serializer="pickle")
    with dispatcher(app) as sender:
        sender.headers["compression"] = "application/x-gzip"
        sender.send("worker-heartbeat", freq=2.0)

    (entry,) = entries(redis_url)
    assert entry[b"t"] == b"application/x-python-serialize"
    assert entry[b"e"] == b"binary"
    assert entry[b"c"] == b"application/x-gzip"


def test_another_application_of_the_process_is_left_alone(redis_url: str) -> None:
    streaming, other = streaming_app(redis_url), celery_app(redis_url)
    with dispatcher(streaming) as one, dispatcher(other) as two:
        one.send("worker-heartbeat", freq=2.0)
        two.send("worker-heartbeat", freq=2.0)

    assert len(entries(redis_url)) == 1


def test_events_that_waited_for_a_broker_go_to_the_stream_when_it_is_back(
    valkey: ValkeyBroker,
) -> None:
    app = streaming_app(valkey.url, broker_transport_options={"socket_connect_timeout": 1})
    with app.connection_for_write() as connection:
        sender = app.events.Dispatcher(connection, hostname="w1@test")
        sender.send("worker-online", freq=2.0)
        valkey.kill()
        sender.send("worker-heartbeat", freq=2.0)
        valkey.start()
        sender.flush()
        wait_until(lambda: entries(valkey.url))

    assert [types_in(each) for each in entries(valkey.url)] == [["worker-heartbeat"]]


@pytest.mark.rabbitmq
def test_on_rabbitmq_it_changes_nothing(rabbit_url: str) -> None:
    app = streaming_app(rabbit_url)
    with source_of(app) as source, dispatcher(app) as sender:
        sender.send("worker-heartbeat", freq=2.0)

        assert [event.type for event in events_in(take(source, 1))] == ["worker-heartbeat"]


@pytest.mark.versions
@pytest.mark.parametrize(
    ("pool", "concurrency"), [("prefork", 2), ("solo", 1), ("threads", 2), ("gevent", 2)]
)
def test_workers_of_every_pool_stream_the_whole_life_of_a_task(
    tmp_path: Path, pool: str, concurrency: int
) -> None:
    if pool == "gevent":
        pytest.importorskip("gevent")
    with redis_database() as url:
        environment = {"UMBEL_TEST_BROKER": url, "UMBEL_TEST_EVENTS": STREAM}
        log = tmp_path / "worker.log"
        worker = celery_worker(WORKERAPP, environment, log, pool=pool, concurrency=concurrency)
        with worker:
            app = streaming_app(url, task_send_sent_event=True)
            ids = [app.send_task(f"{WORKERAPP}.add", (1, n)).id for n in range(5)]
            wait_until(lambda: ends(url) >= set(ids), what="all ends")

        found = [each for entry in entries(url) for each in events_of_entry(entry)]
        for uuid in ids:
            of_task = [each["type"] for each in found if each.get("uuid") == uuid]
            assert sorted(of_task) == [
                "task-received", "task-sent", "task-started", "task-succeeded",
            ]  # fmt: skip
        assert "not added to the stream" not in log.read_text()


def events_of_entry(entry: dict[bytes, bytes]) -> list[dict[str, Any]]:
    body = json.loads(entry[b"b"])
    return body if isinstance(body, list) else [body]


def ends(url: str) -> set[str]:
    events = [each for entry in entries(url) for each in events_of_entry(entry)]
    return {each["uuid"] for each in events if each["type"] == "task-succeeded"}
