"""From where a stream is read on, by what collectors of the store have said."""

from __future__ import annotations

import msgspec

from tests.api.world import NOW, collector
from umbel.services.ingest.stream_position import resume
from umbel.store.base import CollectorStatus, StreamStatus


class Resumed:
    """A source that remembers what it was told."""

    def __init__(self) -> None:
        self.position: str | None = None
        self.is_whole: bool | None = None

    def resume(self, position: str, *, is_whole: bool) -> None:
        self.position, self.is_whole = position, is_whole


def resumed(*collectors: CollectorStatus) -> tuple[str | None, bool | None]:
    source = Resumed()
    resume(source, collectors)  # type: ignore[arg-type]
    return source.position, source.is_whole


def streaming(name: str, position: str, at: float, *, is_whole: bool = True) -> CollectorStatus:
    stream = StreamStatus(key="k", position=position, is_whole=is_whole)
    return msgspec.structs.replace(collector(collector=name, at=at), stream=stream)


def test_a_first_collector_begins_at_the_beginning() -> None:
    assert resumed() == ("", True)


def test_the_latest_position_counts_whoever_reported_it() -> None:
    one, two = streaming("a", "1000-9", NOW), streaming("b", "1000-10", NOW - 60)

    assert resumed(one, two) == ("1000-10", True)


def test_a_collector_that_was_never_connected_says_nothing_of_the_stream() -> None:
    killed = collector(collector="b", at=NOW, broker="connecting")

    assert resumed(streaming("a", "1000-9", NOW - 5), killed) == ("1000-9", True)


def test_one_that_was_connected_without_a_stream_heard_what_no_stream_has() -> None:
    without = collector(collector="b", at=NOW)

    assert resumed(streaming("a", "1000-9", NOW - 5), without) == ("1000-9", False)


def test_somebody_who_wrote_no_stream_is_remembered() -> None:
    mixed = streaming("a", "1000-9", NOW, is_whole=False)

    assert resumed(mixed) == ("1000-9", False)
