"""Sorted pages are those of the store in memory, whichever way leads to them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.contract.stories import BASE, failed, revoked, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from tests.support.waiting import wait_until
from umbel.cluster.events import Event
from umbel.query.ast import EVERYTHING, And, Between, Comparison, Has, Matches, Node, Not, Words
from umbel.store.base import Order, Page
from umbel.store.memory import MemoryStore
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.costs import COSTS, Costs

TASKS = 4_000
PARTITION_TASKS = 3_000

QUERIES: tuple[Node, ...] = (
    EVERYTHING,
    Matches("state", Comparison.EQUALS, ("FAILURE",)),
    Matches("name", Comparison.GLOB, ("shop.*",)),
    Between("runtime", low=0.5),
    Not(Between("runtime", low=0.01)),
    Words("zebra"),
    Words("quartz7"),
    Words("nobody has this"),
    And((Words("zebra"), Matches("state", Comparison.EQUALS, ("FAILURE",)))),
    Matches("exception", Comparison.CONTAINS, ("Key",)),
    Between("retries", low=1),
    Between("retries", low=0, low_open=True, high=2),
    Has("retried"),
    And((Has("retried"), Not(Matches("name", Comparison.EQUALS, ("shop.send",))))),
    And((Between("retries", low=1), Words("zebra"))),
    And((Between("retries", low=2), Matches("state", Comparison.EQUALS, ("FAILURE", "STARTED")))),
)

ORDERS = tuple(
    Order(field, descending=descending)
    for field, descending in (
        ("changed", True),
        ("changed", False),
        ("finished", True),
        ("runtime", True),
        ("runtime", False),
        ("received", False),
        ("name", True),
        ("name", False),
        ("queue", True),
        ("wait", True),
        ("retries", True),
        ("eta", False),
        ("revoked", True),
        ("args", False),
        ("exception", True),
    )
)


def life(number: int) -> list[Event]:
    dice = random.Random(number)
    word = dice.choice(["zebra", "okapi", f"quartz{dice.randrange(400)}"])
    runtime, name = round(dice.expovariate(4), 2), dice.choice(["shop.send", "mail.sort"])
    uuid, at, args = uuid_of(number), BASE + number, repr((word,))
    if dice.random() < 0.1:
        error = dice.choice(["KeyError('zebra')", "ValueError()"])
        events = failed(uuid, at, exception=error, runtime=runtime, name=name, args=args)
    else:
        events = succeeded(uuid, at, runtime=runtime, name=name, args=args)
    events = events[: dice.randrange(2, 5)]
    other = random.Random(f"described {number}")
    eta = other.choice([None, f"2026-11-0{number % 9 + 1}T10:00:00+00:00"])
    events[0] = replace(events[0], queue=other.choice([None, "mail", "bulk"]), eta=eta)
    events[1] = replace(events[1], eta=eta)
    if other.random() < 0.05:
        events.append(revoked(uuid, at)[-1])
    if dice.random() < 0.1:
        # A task may tell that it is tried again, or that it was, or both.
        retries = dice.randrange(3)
        events[:2] = [replace(event, retries=retries) for event in events[:2]]
        if dice.random() < 0.5:
            events.append(retried(uuid, at))
    return events


def retried(uuid: str, at: float) -> Event:
    return Event(
        type="task-retried", timestamp=at + 0.4, hostname="celery@a", pid=11, clock=9,
        uuid=uuid, exception="Retry('in 3 s')",
    )  # fmt: skip


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sorting")


@pytest.fixture(scope="module")
def stores(directory: Path) -> Iterator[tuple[SqliteStore, MemoryStore]]:
    store = SqliteStore(
        directory, write=True, partition_tasks=PARTITION_TASKS, clock=SetWallClock(BASE)
    )
    oracle = MemoryStore(partition_tasks=PARTITION_TASKS, clock=SetWallClock(BASE))
    late: list[Event] = []
    for first in range(0, TASKS, 500):
        events: list[Event] = []
        for number in range(first, first + 500):
            history = life(number)
            at = 2 if random.Random(-number).random() < 0.05 else len(history)
            events += history[:at]
            late += history[at:]
        for each in (store, oracle):
            each.apply(events)
    random.Random(7).shuffle(late)
    for each in (store, oracle):
        each.apply(late)
    yield store, oracle
    store.close()


_NEVER_FEW = Costs(sort_all_rows=0, sort_zones_first=1, sort_zones_opened=2)
_EACH_ZONE = replace(_NEVER_FEW, sort_index_rows=0)
_ZONES_ALONE = replace(_EACH_ZONE, sort_many_keys_rows=0, sort_index_keys=0, sort_blocks=0)


@pytest.mark.parametrize(
    "costs",
    [
        pytest.param(COSTS, id="as it comes", marks=pytest.mark.thorough),
        pytest.param(_NEVER_FEW, id="never few", marks=pytest.mark.thorough),
        pytest.param(_EACH_ZONE, id="an index of each zone"),
        pytest.param(_ZONES_ALONE, id="zones alone", marks=pytest.mark.thorough),
    ],
)
def test_every_page_is_that_of_the_oracle(
    stores: tuple[SqliteStore, MemoryStore], directory: Path, costs: Costs
) -> None:
    writer, oracle = stores
    wait_until(lambda: writer.status().unindexed < 2_000, timeout_s=30)
    store = SqliteStore(directory, write=False, costs=costs)

    for query in QUERIES:
        for order in ORDERS:
            cursor = None
            for expected in pages(oracle, query, order):
                found = store.search(
                    query, now=BASE, order=order, cursor=cursor, limit=40, budget_s=60
                )

                assert found.complete
                assert found.items == expected.items, (query, order)
                assert (expected.cursor is None) == (found.cursor is None)
                cursor = found.cursor
    store.close()


@cache
def pages(oracle: MemoryStore, query: Node, order: Order) -> list[Page]:
    """The first three pages; the oracle looks at every task for each."""
    found = [oracle.search(query, now=BASE, order=order, limit=40)]
    while len(found) < 3 and (cursor := found[-1].cursor) is not None:
        found.append(oracle.search(query, now=BASE, order=order, cursor=cursor, limit=40))
    return found
