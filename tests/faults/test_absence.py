"""What RabbitMQ kept, or did not keep, while no collector ran."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import msgspec
import pytest
from celery import Celery

from tests.support.sources import celery_app, say
from tests.support.waiting import wait_until
from umbel.broker.event_sources import open_source
from umbel.broker.link import DurableQueue, link_to_app
from umbel.services.ingest.ingest import Ingest
from umbel.store.memory import MemoryStore

pytestmark = pytest.mark.rabbitmq


@contextlib.contextmanager
def running(app: Celery, store: MemoryStore) -> Iterator[Ingest]:
    stop = threading.Event()
    ingest = Ingest(open_source(link_to_app(app)), store)
    thread = threading.Thread(target=ingest.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: any(one.broker == "connected" for one in store.collectors()))
        yield ingest
    finally:
        stop.set()
        thread.join(20)


def test_what_came_meanwhile_was_kept_and_is_no_gap(rabbit_url: str) -> None:
    app, store = celery_app(rabbit_url), MemoryStore()
    with running(app, store):
        pass
    say(app, "meanwhile")

    with running(app, store) as ingest:
        wait_until(lambda: store.task("meanwhile") is not None)

        assert ingest.status().gaps == ()


def test_a_queue_that_was_gone_at_the_start_is_a_gap_since_the_last_run(rabbit_url: str) -> None:
    """Deleted, or expired as nobody had read it for days."""
    app, store = celery_app(rabbit_url), MemoryStore()
    with running(app, store):
        pass
    (before,) = store.collectors()
    with app.connection_for_write() as connection:
        connection.channel().queue_delete(link_to_app(app).queue_name)
    say(app, "lost")

    with running(app, store) as ingest:
        wait_until(lambda: ingest.status().gaps)

        ((start, end),) = ingest.status().gaps
        assert start == before.at
        assert end >= ingest.status().started


def test_what_waited_for_longer_than_rabbitmq_keeps_it_is_a_gap(rabbit_url: str) -> None:
    app, store = celery_app(rabbit_url), MemoryStore()
    with running(app, store):
        pass
    (before,) = store.collectors()
    store.report(msgspec.structs.replace(before, at=before.at - 90_000))

    with running(app, store) as ingest:
        wait_until(lambda: ingest.status().gaps)

        ((start, end),) = ingest.status().gaps
        assert start == before.at - 90_000
        assert abs(end - (ingest.status().started - DurableQueue().message_ttl_s)) < 60
