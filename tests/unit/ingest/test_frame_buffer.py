"""The buffer between reader and writer."""

from __future__ import annotations

from umbel.broker.base import Frame
from umbel.services.ingest.frame_buffer import FrameBuffer, chunk_of


def frames(count: int, size: int = 1000) -> list[Frame]:
    return [Frame(b"x" * size, tag) for tag in range(count)]


def test_reads_come_out_in_order() -> None:
    buffer = FrameBuffer(10_000)
    buffer.put(chunk_of(frames(1), 1.0), bounded=True)
    buffer.put(chunk_of(frames(2), 2.0), bounded=True)

    first, second = buffer.take(0), buffer.take(0)

    assert first is not None
    assert second is not None
    assert (len(first.frames), first.received_at) == (1, 1.0)
    assert (len(second.frames), second.received_at) == (2, 2.0)
    assert buffer.take(0) is None


def test_what_does_not_fit_is_counted_and_not_kept() -> None:
    buffer = FrameBuffer(10_000)

    assert buffer.put(chunk_of(frames(5), 1.0), bounded=True) == 0
    assert buffer.put(chunk_of(frames(5), 2.0), bounded=True) == 5

    assert buffer.take(0) is not None
    assert buffer.take(0) is None


def test_room_comes_back_as_it_is_emptied() -> None:
    buffer = FrameBuffer(10_000)
    buffer.put(chunk_of(frames(8), 1.0), bounded=True)
    buffer.take(0)

    assert buffer.put(chunk_of(frames(8), 2.0), bounded=True) == 0


def test_one_message_larger_than_the_buffer_fits_into_an_empty_one() -> None:
    assert FrameBuffer(10_000).put(chunk_of(frames(1, 50_000), 1.0), bounded=True) == 0


def test_a_broker_that_bounds_by_itself_is_not_bounded_again() -> None:
    buffer = FrameBuffer(10_000)
    buffer.put(chunk_of(frames(8), 1.0), bounded=False)

    assert buffer.put(chunk_of(frames(8), 2.0), bounded=False) == 0
    assert buffer.is_full()


def test_the_age_of_what_waits_is_known() -> None:
    buffer = FrameBuffer(10_000)
    assert buffer.oldest_at() is None

    buffer.put(chunk_of(frames(1), 1e9, came_at=5.0), bounded=True)
    buffer.put(chunk_of(frames(1), 1e9, came_at=6.0), bounded=True)

    assert buffer.oldest_at() == 5.0
