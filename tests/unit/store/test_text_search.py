"""Text search is exact, wherever a text is: indexed, changed since, or not indexed yet."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.contract.stories import BASE, begun, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from tests.support.waiting import wait_until
from umbel.cluster.events import Event
from umbel.query.ast import And, Argument, Comparison, Matches, Node, Not, Or, Words
from umbel.store.base import Order, Store
from umbel.store.memory import MemoryStore
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.text import text_filter

TASKS = 300
PARTITION_TASKS = 128
_PIECES = ("zebra", "quartz", "Straße", "ΑΣ", "42", "q7", "'", '"', "\\", "%", "xx", "Ж", "\\x41b")


#: Puts even the smallest partition to its index, and lets that wait for nobody.
_BLOCKS_LEAD = Costs(unindexed_while_busy=0, few_rows=0, read_first=0, sort_all_rows=0)
_COLUMNS_LEAD = replace(_BLOCKS_LEAD, blocks_read_whole=1, index_row=0.1)


@pytest.fixture(
    params=[
        pytest.param(_BLOCKS_LEAD, id="blocks lead"),
        # More than one partition, less than two.
        pytest.param(
            replace(_BLOCKS_LEAD, read_first=PARTITION_TASKS + 40),
            id="some are read",
            marks=pytest.mark.thorough,
        ),
        pytest.param(_COLUMNS_LEAD, id="columns lead", marks=pytest.mark.thorough),
    ]
)
def costs(request: pytest.FixtureRequest) -> Costs:
    given: Costs = request.param
    return given


def life(number: int) -> list[Event]:
    dice = random.Random(number)
    text = "".join(dice.choice(_PIECES) for _ in range(4))
    return succeeded(
        uuid_of(number), BASE + number, name=dice.choice(["shop.send", "mail.zebra"]),
        args=repr((text, number)), kwargs=repr({"order_id": number, "q7": text[::-1]}),
        result=repr(dice.choice(_PIECES)),
    )  # fmt: skip


QUERIES: tuple[Node, ...] = (
    *(
        Words(text)
        for text in (*_PIECES, "STRASSE", "ας", "zebraquartz", "z", "bra4", "Ab", "none")
    ),
    Words("succ"),
    Words(uuid_of(77)),
    Words("000004d"),
    Matches("result", Comparison.EQUALS, ("'zebra'", "'xx'")),
    Matches("args", Comparison.CONTAINS, ("quartzzebra",)),
    Matches("exception", Comparison.GLOB, ("*zebra*",)),
    Argument("order_id", "42"),
    Argument("order_id", "1?3", Comparison.GLOB),
    Argument("q7", "Ab", Comparison.CONTAINS),
    Argument("0", "zebraxx", Comparison.CONTAINS),
    And((Words("zebra"), Not(Words("quartz")), Matches("name", Comparison.EQUALS, ("shop.send",)))),
    Or((Words("ЖЖ"), Words("4242"), Argument("order_id", "7"))),
    Not(Words("shop")),
)


def assert_equal(store: Store, oracle: Store) -> None:
    for query in QUERIES:
        for order in (Order(), Order("seen", descending=False), Order("runtime")):
            expected = oracle.search(query, now=BASE, order=order, limit=TASKS)
            found = store.search(query, now=BASE, order=order, limit=TASKS, budget_s=60)
            assert found.items == expected.items, query
            assert found.complete


@pytest.fixture
def stores(tmp_path: Path, costs: Costs) -> Iterator[tuple[SqliteStore, MemoryStore]]:
    store = SqliteStore(
        tmp_path, write=True, partition_tasks=PARTITION_TASKS, clock=SetWallClock(BASE),
        costs=costs,
    )  # fmt: skip
    oracle = MemoryStore(partition_tasks=PARTITION_TASKS, clock=SetWallClock(BASE))
    yield store, oracle
    store.close()


def apply(stores: tuple[SqliteStore, MemoryStore], events: list[Event]) -> None:
    for store in stores:
        store.apply(events)


def test_before_during_and_after_indexing(stores: tuple[SqliteStore, MemoryStore]) -> None:
    store, oracle = stores
    for first in range(0, TASKS, 50):
        apply(stores, [e for number in range(first, first + 50) for e in life(number)])
        assert_equal(store, oracle)

    wait_until(lambda: store.status().unindexed < text_filter.GRAM * 16)

    assert_equal(store, oracle)


def test_what_changes_after_it_was_indexed(stores: tuple[SqliteStore, MemoryStore]) -> None:
    store, oracle = stores
    apply(stores, [e for n in range(TASKS) for e in begun(uuid_of(n), BASE + n, name="shop.send")])
    wait_until(lambda: store.status().unindexed < 16, timeout_s=20)

    apply(stores, [life(number)[-1] for number in range(0, TASKS, 3)])

    assert_equal(store, oracle)
    wait_until(lambda: store.status().unindexed < 16, timeout_s=20)
    assert_equal(store, oracle)
    apply(stores, [life(number)[-1] for number in range(1, TASKS, 3)])
    assert_equal(store, oracle)


def test_a_reader_beside_the_indexer_finds_everything_at_any_moment(
    stores: tuple[SqliteStore, MemoryStore], tmp_path: Path, costs: Costs
) -> None:
    store, oracle = stores
    reader = SqliteStore(tmp_path, write=False, costs=costs)
    applied: list[int] = []

    def write() -> None:
        for number in range(TASKS):
            store.apply(life(number))
            applied.append(number)

    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():
        known = len(applied)
        found = {
            task.uuid
            for task in reader.search(Words("shop.send"), now=0.0, limit=TASKS, budget_s=60).items
        }
        expected = {n for n in range(known) if life(n)[0].name == "shop.send"}
        assert {uuid_of(number) for number in expected} <= found
    thread.join()
    for number in range(TASKS):
        oracle.apply(life(number))
    assert_equal(reader, oracle)
    reader.close()


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param("removed", marks=pytest.mark.thorough),
        "garbage",
        pytest.param("an earlier copy", marks=pytest.mark.thorough),
    ],
)
def test_an_index_that_was_harmed_is_made_again(tmp_path: Path, harm: str, costs: Costs) -> None:
    stores = (
        SqliteStore(tmp_path, write=True, clock=SetWallClock(BASE), costs=costs),
        MemoryStore(clock=SetWallClock(BASE)),
    )
    index = tmp_path / "tasks-000001.text"
    apply(stores, [e for n in range(TASKS) for e in begun(uuid_of(n), BASE + n, name="shop.send")])
    wait_until(lambda: stores[0].status().unindexed < 16, timeout_s=20)
    stores[0].close()
    earlier = index.read_bytes()
    stores = SqliteStore(tmp_path, write=True, clock=SetWallClock(BASE), costs=costs), stores[1]
    apply(stores, [life(number)[-1] for number in range(0, TASKS, 3)])
    wait_until(lambda: stores[0].status().unindexed < 16, timeout_s=20)
    # What the index took up leaves the queue with the next batch.
    apply(stores, life(TASKS))
    stores[0].close()
    if harm == "removed":
        index.unlink()
    else:
        index.write_bytes(earlier if harm == "an earlier copy" else b"garbage" * 5_000)

    if harm != "garbage":
        reader = SqliteStore(tmp_path, write=False, costs=costs)
        assert_equal(reader, stores[1])
        reader.close()
    store = SqliteStore(tmp_path, write=True, costs=costs)
    assert_equal(store, stores[1])
    wait_until(lambda: store.status().unindexed < 32, timeout_s=20)
    assert_equal(store, stores[1])
    store.close()
