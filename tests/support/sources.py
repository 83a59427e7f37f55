"""Reading event sources in tests, and publishing to them as Celery does."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from celery import Celery

from umbel.broker.base import EventSource, Frame
from umbel.broker.event_sources import open_source
from umbel.broker.link import Link, link_to_app
from umbel.cluster.events import Event
from umbel.services.ingest.message_bodies import events_of


def celery_app(url: str, **settings: Any) -> Celery:
    """An application on the broker at `url`, of no effect on others."""
    app = Celery(broker=url, set_as_current=False)
    app.conf.update(settings)
    return app


@contextlib.contextmanager
def source_of(app_or_link: Celery | Link, *, fast: bool = True) -> Iterator[EventSource]:
    """A connected source."""
    link = app_or_link if isinstance(app_or_link, Link) else link_to_app(app_or_link)
    source = open_source(link, fast=fast)
    try:
        until_connected(source)
        yield source
    finally:
        source.close()


def until_connected(source: EventSource, timeout_s: float = 20.0) -> None:
    """Let the source connect; the read that does so gives nothing yet."""
    deadline = time.monotonic() + timeout_s
    while source.health().state != "connected":
        assert time.monotonic() < deadline, source.health()
        assert not source.read(0.1)


def take(source: EventSource, count: int, timeout_s: float = 20.0) -> list[Frame]:
    """Exactly `count` frames; fails when they do not come, or more do at once."""
    frames: list[Frame] = []
    deadline = time.monotonic() + timeout_s
    while len(frames) < count:
        assert time.monotonic() < deadline, f"{len(frames)} of {count}: {source.health()}"
        frames += source.read(0.1)
    assert len(frames) == count
    return frames


def events_in(frames: list[Frame]) -> list[Event]:
    """What the frames say; fails if any of it cannot be understood."""
    events: list[Event] = []
    for frame in frames:
        decoded = events_of(frame, time.time())
        assert not decoded.faults
        events += decoded.events
    return events


@contextlib.contextmanager
def dispatcher(app: Celery) -> Iterator[Any]:
    """Celery's own event dispatcher, as a worker has it: task events are buffered and leave
    as a list with `flush`."""
    with app.connection_for_write() as connection:
        sender = app.events.Dispatcher(
            connection, hostname="w1@test", buffer_while_offline=False, buffer_group={"task"}
        )
        try:
            yield sender
        finally:
            sender.close()


def say(app: Celery, *uuids: str) -> None:
    """Publish one task-received for each of `uuids`, each in a message of its own."""
    with dispatcher(app) as sender:
        for uuid in uuids:
            sender.send("task-received", uuid=uuid, name="tests.say")
            sender.flush()
