"""A collector that was away, and the stream of events that makes up for it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from celery import Celery

from tests.support.sources import say
from tests.support.waiting import wait_until
from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_app
from umbel.event_stream import stream_of_channel
from umbel.services.ingest.ingest import Ingest
from umbel.store.memory import MemoryStore


def streaming(url: str, **settings: Any) -> Celery:
    """An application whose workers and senders write the stream."""
    app = Celery(broker=url, events="umbel.worker:StreamEvents", set_as_current=False)
    app.conf.update(settings)
    return app


@contextlib.contextmanager
def running(app: Celery, store: MemoryStore, **options: Any) -> Iterator[Ingest]:
    """A collector on the broker of `app`."""
    stop = threading.Event()
    source = open_source(link_to_app(app))
    ingest = Ingest(source, store, name=f"c{len(store.collectors())}", **options)
    thread = threading.Thread(target=ingest.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: source.health().state == "connected")
        yield ingest
    finally:
        stop.set()
        thread.join(20)


def has_decided(ingest: Ingest) -> bool:
    """Whether it knows what of its absence the stream had."""
    health = ingest._source.health()
    return health.stream is not None and health.stream.covered is not None


def position(ingest: Ingest) -> str:
    """Up to where it has stored the stream."""
    stream = ingest.status().stream
    return stream.position if stream is not None else ""


def last_id(app: Celery) -> str:
    """The id of what was added to the stream last."""
    with app.connection_for_read() as connection, connection.channel() as channel:
        key, _ = stream_of_channel(channel, "celeryev")
        found: Any = channel.client.xinfo_stream(key)
        return str(found["last-generated-id"].decode())


def run_once(app: Celery, store: MemoryStore) -> None:
    """A collector that stores one task, says so, and ends."""
    uuid = f"task{len(store.collectors())}"
    with running(app, store) as ingest:
        say(app, uuid)
        wait_until(lambda: store.task(uuid) is not None)
        wait_until(lambda: position(ingest) == last_id(app), what="the position")


def assert_nothing_is_missed(app: Celery) -> None:
    """What is told while no collector listens is stored by the next one, and no gap is told."""
    store = MemoryStore()
    run_once(app, store)
    say(app, "meanwhile", "then")
    with running(app, store) as ingest:
        wait_until(lambda: has_decided(ingest))
        say(app, "now")
        wait_until(lambda: store.task("now") is not None)
        assert None not in (store.task("meanwhile"), store.task("then"))
    assert store.gaps() == ()
