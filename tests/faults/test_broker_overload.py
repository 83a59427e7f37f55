"""More than can be written: shed visibly on Redis, kept on RabbitMQ, bounded on both."""

from __future__ import annotations

import contextlib
import pickle
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis
from celery import Celery

from tests.support.sources import celery_app, dispatcher, say
from tests.support.waiting import wait_until
from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_app
from umbel.cluster.events import Event
from umbel.cluster.losses import Losses
from umbel.cluster.worker import SignOfLife
from umbel.errors import StoreUnwritable
from umbel.services.ingest.ingest import Ingest, Limits
from umbel.store.base import Applied
from umbel.store.memory import MemoryStore


class StuckStore(MemoryStore):
    """A store whose disk hangs, or is full, until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.moves = threading.Event()
        self.has_room = threading.Event()
        self.is_stuck = threading.Event()
        self.moves.set()
        self.has_room.set()

    def apply(
        self,
        events: Sequence[Event],
        losses: Losses | None = None,
        signs: Iterable[SignOfLife] = (),
    ) -> Applied:
        if not self.moves.is_set():
            self.is_stuck.set()
        self.moves.wait()
        if not self.has_room.is_set():
            raise StoreUnwritable("The disk is full.", remedy="Free some space.")
        return super().apply(events, losses, signs)


@contextlib.contextmanager
def running(app: Celery, store: StuckStore, limits: Limits) -> Iterator[Ingest]:
    stop = threading.Event()
    ingest = Ingest(open_source(link_to_app(app)), store, limits=limits)
    thread = threading.Thread(target=ingest.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: ingest.status().broker == "connected")
        yield ingest
    finally:
        stop.set()
        store.moves.set()
        thread.join(20)
        assert not thread.is_alive()


SMALL = Limits(buffer_bytes=60_000, batch_events=100)
ROOMY = Limits()


@pytest.mark.redis
def test_on_redis_a_stuck_writer_sheds_and_is_not_cut_off(redis_url: str) -> None:
    """The reader goes on draining, so that Redis never drops the subscriber."""
    app, store = celery_app(redis_url), StuckStore()
    with running(app, store, SMALL) as ingest:
        store.moves.clear()
        flood(app, 500)
        wait_until(lambda: ingest.status().shed > 100)
        flood(app, 100)
        status = ingest.status()
        store.moves.set()
        wait_until(lambda: ingest.status().shed + ingest.status().messages == 600)
        say(app, "after")
        wait_until(lambda: store.task("after") is not None)

        assert status.reconnections == 0
        assert ingest.status().shed + ingest.status().messages == 601
        assert store.task("flood-0") is not None


@pytest.mark.redis
def test_on_redis_the_end_of_a_failure_outlives_a_flood(redis_url: str) -> None:
    """What matters least is left out first: a failure is seen, though its beginning was not."""
    app, store = celery_app(redis_url), StuckStore()
    with running(app, store, SMALL) as ingest:
        store.moves.clear()
        flood(app, 300)
        assert store.is_stuck.wait(20)
        fill(app, ingest)
        with dispatcher(app) as sender:
            sender.send("task-failed", uuid="failed", exception="ValueError()", traceback="")
            sender.flush()
            sender.send("task-received", uuid="begun", name="n", args="x" * 3_000)
            sender.flush()
        fill(app, ingest)
        store.moves.set()

        wait_until(lambda: store.task("failed") is not None)
        task, status = store.task("failed"), ingest.status()
        assert task is not None
        assert (task.state, task.exception) == ("FAILURE", "ValueError()")
        assert store.task("begun") is None
        assert status.shed_kinds == {"begun": status.shed}


def fill(app: Celery, ingest: Ingest) -> None:
    """Send more than the buffer takes; what was sent before was read, then."""
    before = ingest.status().shed
    flood(app, 500)
    wait_until(lambda: ingest.status().shed > before + 400)


@pytest.mark.redis
def test_on_redis_a_full_disk_sheds_beyond_the_buffer(redis_url: str) -> None:
    app, store = celery_app(redis_url), StuckStore()
    with running(app, store, SMALL) as ingest:
        store.has_room.clear()
        flood(app, 600)
        wait_until(lambda: ingest.status().shed > 100)
        wait_until(lambda: "The disk is full." in (ingest.status().trouble or ""))
        store.has_room.set()

        wait_until(lambda: store.task("flood-0") is not None)
        wait_until(lambda: ingest.status().shed + ingest.status().messages == 600)


def flood(app: Celery, count: int) -> None:
    with dispatcher(app) as sender:
        for number in range(count):
            sender.send("task-received", uuid=f"flood-{number}", name="n", args="x" * 300)
            sender.flush()


@pytest.mark.rabbitmq
def test_on_rabbitmq_a_full_disk_acknowledges_and_loses_nothing(vhost: str) -> None:
    app, store = celery_app(vhost, event_exchange=f"ev-{uuid4().hex}"), StuckStore()
    with running(app, store, SMALL) as ingest:
        store.has_room.clear()
        flood(app, 600)
        wait_until(lambda: "disk is full" in (ingest.status().trouble or ""))
        assert ingest.status().messages == 0
        store.has_room.set()

        wait_until(lambda: ingest.status().messages == 600)
        assert ingest.status().shed == 0
        assert store.status().tasks == 600


@pytest.mark.rabbitmq
def test_on_rabbitmq_what_is_held_is_bounded_in_bytes(
    vhost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bodies of a megabyte stay with RabbitMQ until there is room, however long that takes:
    longer here than the heartbeats that are not read meanwhile."""
    monkeypatch.setattr("umbel.broker.amqp.HELD_BYTES", 3_000_000)
    monkeypatch.setattr("umbel.broker.link.HEARTBEAT_S", 1.0)
    app, store = celery_app(vhost, event_exchange=f"ev-{uuid4().hex}"), StuckStore()
    with running(app, store, ROOMY) as ingest:
        store.moves.clear()
        with dispatcher(app) as sender:
            for number in range(12):
                sender.send("task-received", uuid=f"big-{number}", args="x" * 1_000_000)
                sender.flush()
        session: Any = ingest._source._session  # type: ignore[attr-defined]
        wait_until(lambda: session._held_bytes > 3_000_000)
        full_until = time.monotonic() + 4
        wait_until(lambda: time.monotonic() > full_until)
        assert session._held_bytes < 5_000_000
        store.moves.set()

        wait_until(lambda: store.status().tasks == 12)
        assert ingest.status().reconnections == 0


class Bomb:
    """Leaves a file behind where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.mark.redis
def test_poison_of_every_kind_is_counted_and_stops_nothing(redis_url: str, tmp_path: Path) -> None:
    app, store = celery_app(redis_url), StuckStore()
    client = redis.Redis.from_url(redis_url)
    channel = f"/{redis_url.rsplit('/', 1)[1]}.celeryev/task.multi"
    with running(app, store, Limits()) as ingest:
        for raw in (b"", b"\x80\x04nothing", b"[" * 50_000, pickle.dumps(Bomb(tmp_path / "boom"))):
            client.publish(channel, raw)
        with app.connection_for_write() as connection:
            exchange = app.events.Dispatcher(connection, enabled=False).exchange
            connection.Producer().publish(
                pickle.dumps(Bomb(tmp_path / "boom")),
                exchange=exchange,
                declare=[exchange],
                routing_key="task.multi",
                content_type="application/x-python-serialize",
                content_encoding="binary",
            )
        say(app, "good")
        wait_until(lambda: store.task("good") is not None)
        faults = ingest.status().faults
    client.close()

    assert faults == {"unreadable": 4, "pickle": 1}
    assert list(tmp_path.iterdir()) == []
