"""What a collector that stands by has heard when it takes over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery

from tests.api.world import collector
from tests.support.sources import celery_app, events_in, say
from tests.support.waiting import wait_until
from umbel.broker.base import EventSource, Frame, SourceHealth
from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_app
from umbel.clock import SystemClock
from umbel.services.ingest.frame_buffer import Chunk
from umbel.services.ingest.standby import Heard, StandbyListener

NOW = 1.8e9


@pytest.fixture
def app() -> Celery:
    return celery_app("memory://", event_exchange=f"ev-{uuid4().hex}")


@contextlib.contextmanager
def listening(app: Celery, max_bytes: int = 10**6) -> Iterator[StandbyListener]:
    sources: list[EventSource] = []

    def opened() -> EventSource:
        sources.append(open_source(link_to_app(app)))
        return sources[-1]

    listener = StandbyListener(opened, max_bytes, SystemClock())
    listener.start()
    wait_until(lambda: sources[0].health().state == "connected")
    yield listener
    listener.close()


def heard_by(listener: StandbyListener) -> Heard:
    heard = listener.end()
    assert heard is not None
    return heard


def ids(chunks: tuple[Chunk, ...]) -> list[str | None]:
    return [event.uuid for chunk in chunks for event in events_in(list(chunk.frames))]


def until_heard(listener: StandbyListener, uuid: str) -> None:
    wait_until(lambda: uuid in ids(tuple(listener._chunks)))


def test_what_came_is_handed_over_with_the_connection_that_brought_it(app: Celery) -> None:
    with listening(app) as listener:
        say(app, "a", "b")
        until_heard(listener, "b")
        heard = heard_by(listener)

    assert ids(heard.chunks) == ["a", "b"]
    assert heard.source.health().since == heard.since
    say(app, "c")
    (frame,) = wait_until(lambda: heard.source.read(0.1))
    assert [event.uuid for event in events_in([frame])] == ["c"]
    heard.source.close()


def test_the_oldest_is_forgotten_beyond_the_bound_and_nothing_before_it_was_heard(
    app: Celery,
) -> None:
    with listening(app, max_bytes=1_000) as listener:
        for number in range(9):
            say(app, f"task-{number}")
            until_heard(listener, f"task-{number}")
        heard = heard_by(listener)
    heard.source.close()

    kept = ids(heard.chunks)
    assert 0 < len(kept) < 9
    assert kept == [f"task-{number}" for number in range(9 - len(kept), 9)]
    assert (heard.source.health().since or 0.0) < heard.since <= heard.chunks[0].received_at


class Silent:
    """A source whose broker keeps what comes."""

    def __init__(self) -> None:
        self.is_closed = False

    def read(self, _timeout_s: float) -> tuple[Frame, ...]:
        raise AssertionError("its queue is another collector's to read")

    def rest(self) -> Sequence[Frame]:
        return ()

    def settle(self, tag: int) -> None:
        raise AssertionError(tag)

    def resume(self, position: str, *, is_whole: bool) -> None:
        raise AssertionError((position, is_whole))

    def health(self) -> SourceHealth:
        return SourceHealth("connecting", "amqp", lossless=True)

    def close(self) -> None:
        self.is_closed = True


def test_a_broker_that_keeps_messages_is_left_alone() -> None:
    source = Silent()
    listener = StandbyListener(lambda: source, 1_000, SystemClock())
    listener.start()

    assert listener.end() is None
    assert source.is_closed


def heard_since(since: float) -> Heard:
    times = (NOW - 20, NOW - 3, NOW - 1)
    chunks = tuple(Chunk((), received_at=at, came_at=0.0, size_bytes=0) for at in times)
    return Heard(Silent(), since, chunks)


@pytest.mark.parametrize(
    ("earlier", "after"),
    [
        ({"lag_s": 0.0}, NOW - 1),
        ({"lag_s": 5.0}, NOW - 6),
        ({"lag_s": 0.0, "broker": "connecting", "cut_off_since": NOW - 19}, NOW - 20),
    ],
)
def test_what_the_other_may_not_have_committed_is_stored_again(
    earlier: dict[str, Any], after: float
) -> None:
    chunks = heard_since(NOW - 30).after(collector(at=NOW, **earlier))

    assert [each.received_at for each in chunks if each.received_at < after] == []
    assert len(chunks) == sum(at >= after for at in (NOW - 20, NOW - 3, NOW - 1))


def test_who_began_to_listen_too_late_to_be_sure_has_heard_from_now_on() -> None:
    earlier = collector(at=NOW, lag_s=0.0)

    sure, late, later = (
        heard_since(NOW + start).from_when(earlier, NOW + 9) for start in (-30, -0.5, 3)
    )

    assert (sure, late, later) == (NOW - 30, NOW + 9, NOW + 3)
