"""What one reader is told, however slow it is."""

from __future__ import annotations

import msgspec
import pytest

from umbel.services.live.deltas import Delta
from umbel.services.live.streams import BUFFER, Notice, Stream

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def delta(seq: int, *left: str) -> Delta:
    return Delta(seq, left=left or (f"t{seq}",))


async def read(stream: Stream) -> list[tuple[str, int]]:
    return [(notice.event, notice.seq) for notice in await stream.read(5.0)]


async def begun(seq: int = 10) -> Stream:
    stream = Stream()
    stream.start(seq)
    await stream.read(5.0)
    return stream


async def test_nothing_to_tell_is_nothing_after_the_time_given() -> None:
    assert await (await begun()).read(0.0) == []


async def test_deltas_are_told_in_order() -> None:
    stream = await begun()
    stream.add(delta(11))
    stream.add(delta(12))

    assert await read(stream) == [("changes", 11), ("changes", 12)]


async def test_what_the_reader_knows_already_is_not_told_again() -> None:
    stream = await begun(10)
    stream.add(delta(10))
    stream.pulse(b"{}")

    assert await read(stream) == [("status", 10)]


async def test_what_tells_nothing_moves_the_reader_on() -> None:
    stream = await begun(10)
    stream.advance(15)
    stream.advance(12)
    stream.pulse(b"{}")
    stream.add(delta(14))

    assert await read(stream) == [("status", 15)]


async def test_the_reader_is_not_moved_past_what_it_was_not_told() -> None:
    stream = await begun(10)
    stream.add(delta(11))
    stream.advance(15)
    stream.pulse(b"{}")

    assert await read(stream) == [("changes", 11), ("status", 11)]


async def test_a_reader_that_is_too_slow_is_told_how_much_it_missed() -> None:
    stream = await begun()
    for seq in range(11, 11 + BUFFER):
        stream.add(delta(seq))
    stream.add(delta(20, "a", "b"))
    stream.add(delta(21, "c"))

    notices = await stream.read(5.0)
    last: Notice = notices[-1]

    assert [notice.seq for notice in notices] == [*range(11, 11 + BUFFER), 21]
    assert msgspec.json.decode(last.body) == {
        "seq": 21, "items": [], "left": [], "new": [], "skipped": 3,
    }  # fmt: skip


async def test_a_reader_that_has_caught_up_is_told_everything_again() -> None:
    stream = await begun()
    for seq in range(11, 20):
        stream.add(delta(seq))
    await stream.read(5.0)
    stream.add(delta(20))

    assert await read(stream) == [("changes", 20)]


async def test_only_the_newest_status_is_told() -> None:
    stream = await begun()
    stream.pulse(b"1")
    stream.pulse(b"2")

    assert [notice.body for notice in await stream.read(5.0)] == [b"2"]


async def test_the_id_of_a_status_is_that_of_what_was_told_before_it() -> None:
    stream = await begun(10)
    stream.pulse(b"1")
    first = await read(stream)
    stream.add(delta(11))
    stream.pulse(b"2")

    assert first == [("status", 10)]
    assert await read(stream) == [("changes", 11), ("status", 11)]


async def test_starting_over_voids_what_was_not_read() -> None:
    stream = await begun(10)
    for seq in range(11, 20):
        stream.add(delta(seq))
    stream.reset(30, "forgotten")
    stream.add(delta(31))

    assert await read(stream) == [("reset", 30), ("changes", 31)]


async def test_a_closed_stream_tells_nothing_more() -> None:
    stream = await begun()
    stream.add(delta(11))
    stream.close()

    assert await stream.read(5.0) == []
    assert await stream.read(5.0) == []
    assert stream.closed
