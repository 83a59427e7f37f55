"""What live streams hold for readers who do not read is bounded together and by person."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.api.world import NOW, World
from tests.contract.stories import succeeded
from tests.support.waiting import wait_until
from umbel.query.parse import parse
from umbel.services.live.channels import Subscription
from umbel.services.live.deltas import Delta
from umbel.services.live.load_shedding import HELD_EACH, shed
from umbel.services.live.streams import Stream

pytestmark = pytest.mark.anyio

VERA, ADA = "name vera", "name ada"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def filled(*sizes: int) -> Stream:
    """A stream that was not read since it was given deltas of about so many bytes."""
    stream = Stream()
    stream.start(10)
    for number, size in enumerate(sizes):
        stream.add(Delta(11 + number, left=("x" * size,)))
    return stream


async def changes(stream: Stream) -> list[dict[str, object]]:
    told = await stream.read(5.0)
    return [msgspec.json.decode(notice.body) for notice in told if notice.event == "changes"]


async def test_where_there_is_room_everything_is_told() -> None:
    streams = [(VERA, filled(1_000, 1_000)), (ADA, filled(1_000))]

    shed(streams, most=10_000, each=5_000)

    assert [len(await changes(stream)) for _, stream in streams] == [2, 1]


async def test_who_holds_most_loses_the_largest_and_is_told_how_much() -> None:
    small, large, other = filled(1_000), filled(3_000, 3_000), filled(2_000)

    shed([(VERA, small), (VERA, large), (ADA, other)], most=6_000, each=60_000)

    assert [change["skipped"] for change in await changes(large)] == [2]
    assert [change["skipped"] for change in await changes(small)] == [0]
    assert [change["skipped"] for change in await changes(other)] == [0]


async def test_one_person_is_bounded_where_there_is_room_for_all() -> None:
    hers, others = filled(3_000), filled(2_000)

    shed([(VERA, hers), (ADA, others)], most=60_000, each=2_500)

    assert [change["skipped"] for change in await changes(hers)] == [1]
    assert [change["skipped"] for change in await changes(others)] == [0]


async def test_what_is_being_sent_counts_until_the_reader_comes_back() -> None:
    stream = filled(3_000)
    await stream.read(5.0)
    stream.add(Delta(20, left=("y" * 3_000,)))

    shed([(VERA, stream)], most=5_000, each=5_000)

    assert stream.held_bytes < 5_000
    [counted] = await changes(stream)
    assert (counted["seq"], counted["skipped"]) == (20, 1)
    assert await stream.read(0.0) == []
    assert stream.held_bytes == 0


async def test_hubs_of_one_process_share_what_their_streams_may_hold() -> None:
    world = World()
    hub, store = world.services.hub, world.services.store
    hub.share(64)

    async with hub.subscribe(Subscription(parse("")), None) as stream:
        of_another = Delta(store.seq(), left=("x" * (HELD_EACH // 64),))
        stream.add(of_another, has_intents=True)
        assert stream.unread_bytes > HELD_EACH // 64
        store.apply(succeeded("new", NOW))
        await asyncio.to_thread(wait_until, lambda: stream.unread_bytes == 0)
    hub.stop()


async def test_after_it_was_shed_a_stream_goes_on_in_order() -> None:
    stream = filled(3_000, 3_000)
    shed([(VERA, stream)], most=1_000, each=1_000)
    stream.add(Delta(20, left=("y",)))

    first = await changes(stream)
    stream.add(Delta(21, left=("z",)))
    then = await changes(stream)

    assert [(change["seq"], change["skipped"]) for change in first] == [(20, 3)]
    assert [(change["seq"], change["skipped"]) for change in then] == [(21, 0)]


async def test_starting_over_is_told_once_to_who_did_not_read_it() -> None:
    stream = filled(1_000)
    for seq in range(20, 30):
        stream.reset(seq, "forgotten")

    assert [(n.event, n.seq) for n in await stream.read(5.0)] == [("hello", 10), ("reset", 29)]
