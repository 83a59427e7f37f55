"""The live stream: what changes reaches those who look, in order, and within bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import msgspec
import pytest

from tests.api.listening import PATIENCE_S, listen
from tests.api.world import NOW, World, collector, shop_store
from tests.contract.stories import begun, failed, shop, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from umbel.cluster.events import Event
from umbel.errors import StoreUnwritable
from umbel.query.parse import parse
from umbel.services.health.health import Health
from umbel.services.live.channels import MATCH_S, Subscription
from umbel.services.live.hub import Hub
from umbel.services.live.streams import Notice
from umbel.services.search.intents import Intents
from umbel.services.search.rows import TaskRow
from umbel.store.base import Changes, StoreStatus
from umbel.store.memory import MemoryStore
from umbel.store.memory_ledger import MemoryLedger
from umbel.web import sse
from umbel.web.app import end_streams
from umbel.web.sse import PIECE

pytestmark = pytest.mark.anyio


def many(first: int, count: int) -> list[Event]:
    return [e for n in range(first, first + count) for e in succeeded(uuid_of(n), NOW)]


def hub_of(world: World) -> Hub:
    hub: Hub = world.services.hub
    return hub


async def until(probe: Callable[[], object]) -> None:
    """Until `probe` is true, letting the application run."""
    async with asyncio.timeout(PATIENCE_S):
        while not probe():  # noqa: ASYNC110  what is waited for tells nobody
            await asyncio.sleep(0.01)


async def test_a_stream_begins_with_the_number_from_which_it_tells(world: World) -> None:
    async with listen(world.app) as listener:
        hello = await listener.next("hello")

    assert listener.status == 200
    assert listener.headers["content-type"].startswith("text/event-stream")
    assert hello.data == {"seq": 6}
    assert hello.id == 6


async def test_what_changes_and_matches_is_told_as_it_is_now(world: World) -> None:
    async with listen(world.app, q="name:shop.*") as listener:
        await listener.next("hello")
        world.store.apply(failed(uuid_of(7), NOW))
        changes = await listener.next("changes")

    (row,) = changes.data["items"]
    assert (row["uuid"], row["state"]) == (uuid_of(7), "FAILURE")
    assert set(row) == {*TaskRow.__struct_fields__}
    assert changes.data["left"] == []
    assert changes.data["skipped"] == 0
    assert changes.id == changes.data["seq"] == 7


async def test_tasks_that_share_a_change_number_are_all_told_once() -> None:
    world = World(store=MemoryStore(shares_numbers=True))
    world.store.apply(shop())
    seq = world.store.seq()
    async with listen(world.app) as listener:
        await listener.next("hello")
        world.store.apply(many(100, 5))
        changes = await listener.next("changes")
    async with listen(world.app, after=seq) as again:
        await again.next("hello")
        missed = await again.next("changes")
    async with listen(world.app, after=changes.data["seq"]) as current:
        await current.next("hello")
        world.store.apply(many(200, 1))
        after = await current.next("changes")

    expected = {uuid_of(number) for number in range(100, 105)}
    for told in (changes, missed):
        assert {row["uuid"] for row in told.data["items"]} == expected
        assert told.data["seq"] == seq + 1
        assert told.data["skipped"] == 0
    assert [row["uuid"] for row in after.data["items"]] == [uuid_of(200)]


async def test_what_changes_and_does_not_match_is_told_by_its_id(world: World) -> None:
    async with listen(world.app, q="state:STARTED") as listener:
        await listener.next("hello")
        world.store.apply(succeeded(uuid_of(3), NOW, name="etl.load"))
        changes = await listener.next("changes")

    assert changes.data["items"] == []
    assert changes.data["left"] == [uuid_of(3)]


async def test_without_left_nothing_is_told_of_what_does_not_match(world: World) -> None:
    async with listen(world.app, q="state:STARTED", left="false") as narrow:
        await narrow.next("hello")
        async with listen(world.app, q="state:STARTED") as whole:
            await whole.next("hello")
            world.store.apply(succeeded(uuid_of(7), NOW))
            left = await whole.next("changes")
            world.store.apply(begun(uuid_of(8), NOW))
            first = await narrow.next("changes")

    assert left.data["left"] == [uuid_of(7)]
    assert [row["uuid"] for row in first.data["items"]] == [uuid_of(8)]
    assert first.data["left"] == []
    assert first.data["skipped"] == 0


async def test_a_flood_of_what_does_not_match_is_not_counted_without_left(world: World) -> None:
    async with listen(world.app, q="state:STARTED", left="false") as listener:
        await listener.next("hello")
        world.store.apply(many(100, 700))
        await until(lambda: listener.told and listener.told[-1].id == 706)
        kinds = {event.event for event in listener.told}

    assert kinds == {"status"}


async def test_a_row_that_was_loaded_and_matches_no_longer_leaves(world: World) -> None:
    world.store.apply(begun(uuid_of(7), NOW))
    page = (await world.get("/api/v1/tasks", q="state:STARTED")).json()

    async with listen(world.app, q="state:STARTED", after=page["seq"]) as listener:
        world.store.apply(succeeded(uuid_of(7), NOW))
        changes = await listener.next("changes")

    assert uuid_of(7) in [row["uuid"] for row in page["items"]]
    assert changes.data["left"] == [uuid_of(7)]


async def test_one_stream_follows_several_searches_each_from_its_own_number(world: World) -> None:
    world.store.apply(succeeded(uuid_of(7), NOW))
    searches = [
        {"q": "state:STARTED", "left": False},
        {"q": "state:SUCCESS", "after": 6, "left": False},
    ]
    async with listen(world.app, searches=json.dumps(searches)) as listener:
        assert (await listener.next("hello/0")).data == {"seq": 7}
        assert (await listener.next("hello/1")).data == {"seq": 6}
        caught_up = await listener.next("changes/1")
        world.store.apply(begun(uuid_of(8), NOW))
        began = await listener.next("changes/0")

    assert [row["uuid"] for row in caught_up.data["items"]] == [uuid_of(7)]
    assert [row["uuid"] for row in began.data["items"]] == [uuid_of(8)]


async def test_several_searches_have_one_status_and_say_how_far_they_got(world: World) -> None:
    searches = [{"q": "state:STARTED", "left": False}, {"q": "name:nothing", "left": False}]
    async with listen(world.app, searches=json.dumps(searches)) as listener:
        await listener.next("status")
        world.store.apply(begun(uuid_of(7), NOW))
        await until(lambda: [each.event for each in listener.told].count("status") >= 2)
        told = [(each.event, each.data.get("seq")) for each in listener.told]

    assert ("changes/0", 7) in told
    assert [each for each in told if each[0].startswith("reached/")] == [("reached/1", 7)]
    assert not [kind for kind, _ in told if kind.startswith("status/")]


async def test_several_searches_end_together_when_one_is_given_up_for_somebody_else() -> None:
    world = World(streams_max=2)

    async with listen(world.app, searches='[{}, {"q": "name:shop.*"}]') as listener:
        await listener.next("hello/1")
        async with hub_of(world).subscribe(None, None), asyncio.timeout(PATIENCE_S):
            await listener.ended.wait()

    await until(lambda: hub_of(world).listening == 0)


@pytest.mark.parametrize(
    "searches",
    [
        "[]",
        "{}",
        "no JSON",
        '[{"q": 1}]',
        '[{"query": ""}]',
        '[{"q": "a\\u0000"}]',
        f"[{'{},' * 20}{{}}]",
    ],
)
async def test_a_list_of_searches_that_is_none_is_refused_by_name(
    world: World, searches: str
) -> None:
    async with listen(world.app, searches=searches) as listener:
        problem = await listener.body()

    assert (listener.status, problem["parameter"]) == (400, "searches")


async def test_relative_times_slide_with_the_clock(world: World) -> None:
    async with listen(world.app, q="received:-1m..") as listener:
        await listener.next("hello")
        world.store.apply(begun(uuid_of(7), NOW))
        now = await listener.next("changes")
        world.clock.time = NOW + 3_600
        world.store.apply(succeeded(uuid_of(7), NOW))
        later = await listener.next("changes")

    assert [row["uuid"] for row in now.data["items"]] == [uuid_of(7)]
    assert (later.data["items"], later.data["left"]) == ([], [uuid_of(7)])


async def test_a_page_and_the_stream_after_it_leave_nothing_out(world: World) -> None:
    page = (await world.get("/api/v1/tasks")).json()
    world.store.apply(succeeded(uuid_of(7), NOW))

    async with listen(world.app, after=page["seq"]) as listener:
        first = await listener.next("changes")
        world.store.apply(succeeded(uuid_of(8), NOW))
        second = await listener.next("changes")

    assert [row["uuid"] for row in first.data["items"]] == [uuid_of(7)]
    assert [row["uuid"] for row in second.data["items"]] == [uuid_of(8)]


async def test_a_reader_who_comes_back_gets_what_changed_meanwhile(world: World) -> None:
    async with listen(world.app) as listener:
        await listener.next("hello")
        world.store.apply(succeeded(uuid_of(7), NOW))
        last = (await listener.next("changes")).id
    world.store.apply(succeeded(uuid_of(8), NOW))

    # The address still has the number of the first connection; the header is newer.
    async with listen(world.app, headers={"last-event-id": str(last)}, after=6) as listener:
        hello = await listener.next("hello")
        changes = await listener.next("changes")

    assert hello.id == last
    assert [row["uuid"] for row in changes.data["items"]] == [uuid_of(8)]


async def test_a_second_reader_misses_nothing_while_a_first_is_followed(world: World) -> None:
    async with listen(world.app) as first:
        await first.next("hello")
        world.store.apply(succeeded(uuid_of(7), NOW))
        async with listen(world.app, after=6) as second:
            world.store.apply(succeeded(uuid_of(8), NOW))
            told: set[str] = set()
            while uuid_of(8) not in told:
                changes = await second.next("changes")
                told |= {row["uuid"] for row in changes.data["items"]}

    assert told == {uuid_of(7), uuid_of(8)}


async def test_a_number_that_was_never_given_starts_the_reader_over(world: World) -> None:
    async with listen(world.app, after=9_999) as listener:
        reset = await listener.next("reset")
        world.store.apply(succeeded(uuid_of(7), NOW))
        changes = await listener.next("changes")

    assert reset.id == reset.data["seq"] == 6
    assert reset.data["reason"]
    assert [row["uuid"] for row in changes.data["items"]] == [uuid_of(7)]


class Forgetful(MemoryStore):
    """A store that at some moment no longer knows what changed."""

    forgets = False

    def follow(self, after: int, limit: int = 1_000) -> Changes:
        changes = super().follow(after, limit)
        if self.forgets and changes.seq > after:
            return Changes(items=(), seq=changes.seq, skipped=None)
        return changes


async def test_a_store_that_forgot_starts_every_reader_over() -> None:
    store = Forgetful()
    store.apply(shop())
    world = World(store=store)

    async with listen(world.app) as listener:
        await listener.next("hello")
        store.forgets = True
        store.apply(succeeded(uuid_of(7), NOW))
        reset = await listener.next("reset")

    assert reset.id == 7


class Failing(MemoryStore):
    """A store that at some moment cannot be read."""

    fails = False

    def follow(self, after: int, limit: int = 1_000) -> Changes:
        if self.fails:
            raise StoreUnwritable("The disk has gone.", remedy="Mount it again.")
        return super().follow(after, limit)

    def status(self) -> StoreStatus:
        if self.fails:
            raise StoreUnwritable("The disk has gone.", remedy="Mount it again.")
        return super().status()


async def test_while_the_store_fails_readers_are_told_why_and_go_on_afterwards(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Failing()
    store.apply(shop())
    store.report(collector())
    world = World(store=store)

    async with listen(world.app) as listener:
        first = await listener.next("status")
        store.fails = True
        blind = await listener.next("status")
        store.fails = False
        store.apply(succeeded(uuid_of(7), NOW))
        changes = await listener.next("changes")

    assert blind.data["live"]["state"] == "blind"
    assert blind.data["live"]["sentence"] == "The disk has gone. Mount it again."
    assert blind.data["counters"] == first.data["counters"]
    assert [row["uuid"] for row in changes.data["items"]] == [uuid_of(7)]
    assert caplog.text.count("The disk has gone") == 1


class Mistaken(MemoryStore):
    """A store with a mistake in its code."""

    def status(self) -> StoreStatus:
        raise RuntimeError("a mistake")


async def test_a_mistake_ends_open_streams_so_that_readers_come_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(store=Mistaken())

    async with listen(world.app, q="name:x") as listener:
        async with asyncio.timeout(PATIENCE_S):
            await listener.ended.wait()

    assert listener.status == 200
    assert "a mistake" in caplog.text
    assert hub_of(world).listening == 0


async def test_a_flood_is_told_by_its_newest_rows_and_counted(world: World) -> None:
    async with listen(world.app) as listener:
        await listener.next("hello")
        world.store.apply(many(100, 700))
        changes = await listener.next("changes")

    assert len(changes.data["items"]) == 200
    assert changes.data["items"][-1]["uuid"] == uuid_of(799)
    assert changes.data["skipped"] == 500


async def test_a_flood_beyond_what_is_followed_is_counted_in_full(world: World) -> None:
    async with listen(world.app, q="state:FAILURE") as listener:
        await listener.next("hello")
        world.store.apply(many(100, 1_500))
        changes = await listener.next("changes")

    assert changes.data["items"] == []
    assert len(changes.data["left"]) == 500
    assert changes.data["skipped"] == 1_000


class Ticking(SetWallClock):
    """A clock by which every look at it took so long."""

    tick_s = 0.0
    elapsed_s = 0.0

    def monotonic(self) -> float:
        self.elapsed_s += self.tick_s
        return super().monotonic() + self.elapsed_s


async def test_what_a_query_takes_too_long_to_decide_is_counted() -> None:
    clock = Ticking(NOW)
    store = shop_store()
    health, intents = Health(store, clock), Intents(MemoryLedger())
    hub = Hub(store, health, intents, clock)
    clock.tick_s = MATCH_S / 10

    async with hub.subscribe(Subscription(parse("name:shop.*")), 0) as stream:
        store.apply(many(100, 700))
        rows, skipped, seq = 0, 0, 0
        while seq < 706:
            for notice in await stream.read(PATIENCE_S):
                if notice.event == "changes":
                    told = msgspec.json.decode(notice.body)
                    rows += len(told["items"]) + len(told["left"])
                    skipped += told["skipped"]
                    seq = told["seq"]
    hub.stop()

    assert rows > 0
    assert skipped > 600
    assert rows + skipped == 706


def test_a_large_event_is_given_in_pieces() -> None:
    small, large = Notice("hello", 1, b"{}"), Notice("changes", 2, b"x" * (3 * PIECE))

    given = list(sse.pieces([small, large, small]))

    hello = b"id: 1\nevent: hello\ndata: {}\n\n"
    assert (
        b"".join(given) == hello + b"id: 2\nevent: changes\ndata: " + large.body + b"\n\n" + hello
    )
    assert max(map(len, given)) <= PIECE
    assert list(sse.pieces([small, small])) == [hello + hello]


async def test_a_slow_reader_loses_rows_and_is_told_how_many(world: World) -> None:
    async with listen(world.app) as slow, listen(world.app) as quick:
        await slow.next("hello")
        await quick.next("hello")
        slow.reading.clear()
        for number in range(100, 108):
            world.store.apply(succeeded(uuid_of(number), NOW))
            await quick.next("changes")
        slow.reading.set()
        told, skipped, ids = set(), 0, [0]
        while ids[-1] < 14:
            changes = await slow.next("changes")
            told |= {row["uuid"] for row in changes.data["items"]}
            skipped += changes.data["skipped"]
            ids.append(changes.id)

    assert skipped > 0
    assert len(told) + skipped == 8
    assert ids == sorted(set(ids))


async def test_readers_who_are_gone_leave_nothing_behind(world: World) -> None:
    hub = hub_of(world)

    async with listen(world.app, q="name:a") as one, listen(world.app, q="name:b") as two:
        await one.next("hello")
        await two.next("hello")
        assert hub.listening == 2
        assert not hub.idle

    assert hub.listening == 0
    await until(lambda: hub.idle)


async def test_a_reader_that_takes_nothing_for_too_long_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sse, "STALLED_S", 0.05)
    async with listen(world.app) as listener:
        await listener.next("hello")
        listener.reading.clear()
        await until(lambda: hub_of(world).listening == 0)


async def test_silence_is_broken_by_comments(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "KEEP_ALIVE_S", 0.05)
    async with listen(world.app) as listener:
        await until(lambda: len(listener.comments) >= 2)

    assert set(listener.comments) == {": still here"}


async def test_nobody_asks_the_store_while_nobody_listens(world: World) -> None:
    await world.get("/api/v1/tasks")

    assert hub_of(world).idle


async def test_the_status_is_told_at_once_and_again(world: World) -> None:
    async with listen(world.app, status_only="true") as listener:
        first = await listener.next("status")
        world.store.report(collector(at=NOW - 60))
        second = await listener.next("status")

    assert first.data["live"]["state"] == "live"
    assert first.data["counters"]["events"] == 24
    assert first.data["store"] == {"tasks": 6}
    assert second.data["live"]["state"] == "blind"


async def test_a_reader_of_the_status_alone_is_told_no_changes(world: World) -> None:
    async with listen(world.app, status_only="1") as alone, listen(world.app) as other:
        await alone.next("hello")
        await other.next("hello")
        world.store.apply(succeeded(uuid_of(7), NOW))
        await other.next("changes")
        await alone.next("status")

    assert [event for event in alone.told if event.event == "changes"] == []


async def test_the_id_of_a_status_never_runs_ahead_of_the_changes_told(world: World) -> None:
    async with listen(world.app) as listener:
        await listener.next("hello")
        world.store.apply(succeeded(uuid_of(7), NOW))
        status = await listener.next("status")
        before = [event.id for event in listener.told if event.event == "changes"]

    assert status.id in {6, 7}
    assert status.id == 6 or before == []


async def test_streams_beyond_the_limit_are_refused_until_one_ends() -> None:
    world = World(streams_max=1)

    async with listen(world.app) as first:
        await first.next("hello")
        async with listen(world.app) as second:
            problem = await second.body()
    async with listen(world.app) as third:
        await third.next("hello")

    assert second.status == 503
    assert problem["type"] == "urn:umbel:problem:too-many-streams"
    assert second.headers["retry-after"] == "10"


async def test_a_bad_search_is_refused_before_the_stream_begins(world: World) -> None:
    async with listen(world.app, q="stat:FAILURE") as listener:
        problem = await listener.body()

    assert listener.status == 400
    assert problem["suggestion"] == "state"


async def test_a_last_id_that_is_no_number_is_refused(world: World) -> None:
    async with listen(world.app, headers={"last-event-id": "latest"}) as listener:
        problem = await listener.body()

    assert listener.status == 400
    assert "Last-Event-ID" in problem["detail"]


async def test_head_of_a_stream_is_answered_and_over(world: World) -> None:
    async with listen(world.app, method="HEAD") as listener:
        async with asyncio.timeout(PATIENCE_S):
            await listener.ended.wait()

    assert listener.status == 200
    assert hub_of(world).listening == 0


async def test_streams_end_when_the_process_does(world: World) -> None:
    async with listen(world.app) as listener:
        await listener.next("hello")
        end_streams(world.app)
        async with asyncio.timeout(PATIENCE_S):
            await listener.ended.wait()
    async with listen(world.app) as late:
        problem = await late.body()

    assert late.status == 503
    assert problem["detail"] == "Umbel is stopping. Try again in a few seconds."
