"""The buffer between reader and writer."""

from __future__ import annotations

import json

from umbel.broker.base import Frame
from umbel.broker.shedding import shed_kind
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

    assert not buffer.put(chunk_of(frames(5), 1.0), bounded=True)
    assert buffer.put(chunk_of(frames(5), 2.0), bounded=True) == {"other": 2}

    first, second = buffer.take(0), buffer.take(0)
    assert first is not None
    assert second is not None
    assert (len(first.frames), len(second.frames)) == (5, 3)
    assert buffer.take(0) is None


def test_room_comes_back_as_it_is_emptied() -> None:
    buffer = FrameBuffer(10_000)
    buffer.put(chunk_of(frames(8), 1.0), bounded=True)
    buffer.take(0)

    assert buffer.put(chunk_of(frames(8), 2.0), bounded=True) == {}


def test_one_message_larger_than_the_buffer_fits_into_an_empty_one() -> None:
    assert FrameBuffer(10_000).put(chunk_of(frames(1, 50_000), 1.0), bounded=True) == {}


def test_a_broker_that_bounds_by_itself_is_not_bounded_again() -> None:
    buffer = FrameBuffer(10_000)
    buffer.put(chunk_of(frames(8), 1.0), bounded=False)

    assert buffer.put(chunk_of(frames(8), 2.0), bounded=False) == {}
    assert buffer.is_full()


def test_the_age_of_what_waits_is_known() -> None:
    buffer = FrameBuffer(10_000)
    assert buffer.oldest_at() is None

    buffer.put(chunk_of(frames(1), 1e9, came_at=5.0), bounded=True)
    buffer.put(chunk_of(frames(1), 1e9, came_at=6.0), bounded=True)

    assert buffer.oldest_at() == 5.0


def telling(*types: str) -> Frame:
    """A message about tasks, of about a thousand bytes."""
    told = [{"type": each, "uuid": "u", "result": 'x"type": "task-failed"' * 36} for each in types]
    return Frame(json.dumps(told if len(told) > 1 else told[0]).encode())


def kept_of(*types: str, full: float) -> bool:
    """Whether a buffer that is so full takes a message that tells of these."""
    buffer = FrameBuffer(100_000)
    buffer.put(chunk_of(frames(1, int(100_000 * full) - 160), 1.0), bounded=True)
    return not buffer.put(chunk_of([telling(*types)], 2.0), bounded=True)


def test_beginnings_are_left_out_first_and_a_failures_end_last() -> None:
    kept = {
        kind: [kept_of(*types, full=full) for full in (0.3, 0.6, 0.93)]
        for kind, types in {
            "a sending": ("task-sent",),
            "beginnings": ("task-received", "task-started"),
            "a success": ("task-started", "task-succeeded"),
            "a failure": ("task-succeeded", "task-failed"),
            "a retry": ("task-retried",),
            "a worker's word": ("worker-heartbeat",),
            "an event of the application": ("task-progress",),
            "lines of a log": ("log-lines",),
        }.items()
    }

    assert kept == {
        "a sending": [True, False, False],
        "beginnings": [True, False, False],
        "a success": [True, True, False],
        "a failure": [True, True, True],
        "a retry": [True, True, True],
        "a worker's word": [True, True, True],
        "an event of the application": [True, True, True],
        "lines of a log": [False, False, False],
    }


def test_what_was_left_out_is_counted_by_what_it_told() -> None:
    buffer = FrameBuffer(20_000)
    buffer.put(chunk_of(frames(1, 17_000), 1.0), bounded=True)
    several = [telling("task-sent"), telling("task-succeeded"), telling("task-failed")] * 3

    shed = buffer.put(chunk_of(several, 2.0), bounded=True)

    assert shed == {"begun": 3, "succeeded": 3, "other": 1}


def test_a_message_whose_bytes_cannot_be_read_is_left_out_last() -> None:
    assert shed_kind(Frame(b"\x80\x02", content_type="application/x-msgpack")) == "other"
    assert shed_kind(Frame(b"not JSON")) == "other"
    assert shed_kind(Frame(b'{"type":"task-sent"}')) == "begun"
    assert (
        shed_kind(Frame(rb'{"type": "task-sent", "args": "\"type\": \"task-failed\""}')) == "begun"
    )
    assert shed_kind(Frame(b'[{"type":"log-lines"}, {"type":"task-failed"}]')) == "other"
