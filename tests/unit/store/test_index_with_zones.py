"""An index over columns and a span of time together: only parts of the index are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.stories import BASE, failed, succeeded, uuid_of
from tests.support.clocks import SetWallClock
from umbel.cluster.events import Event
from umbel.query.parse import parse
from umbel.services.time_zones import zone_of
from umbel.store.base import Order
from umbel.store.memory import MemoryStore
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.costs import COSTS, Costs
from umbel.store.sqlite.files.zone_map import ZONE_BITS

#: Four zones and a piece of one.
TASKS = (4 << ZONE_BITS) + 100
_ALWAYS_ZONES = Costs(rows_without_zones=0, rows_between_spans=0)


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MemoryStore]:
    """A task a second from 10:40 on. Every fifth fails, on one of two workers; two start an hour
    late."""
    directory = tmp_path_factory.mktemp("zones")
    clock = SetWallClock(BASE)
    store = SqliteStore(directory, write=True, clock=clock, index=False)
    oracle = MemoryStore(clock=clock)
    events: list[Event] = []
    for number in range(TASKS):
        wait = 3_600.5 if number in (1_000, 1_005) else 0.5
        worker = f"celery@eu-{number // 5 % 2}"
        life = failed if number % 5 == 0 else succeeded
        events += life(uuid_of(number), BASE + number, wait=wait, worker=worker)
    for each in (store, oracle):
        each.apply(events)
    store.close()
    return directory, oracle


@pytest.mark.parametrize("costs", [_ALWAYS_ZONES, COSTS], ids=["zones first", "as it comes"])
@pytest.mark.parametrize("descending", [True, False], ids=["newest first", "oldest first"])
def test_a_span_of_time_of_one_worker_is_whole(
    stores: tuple[Path, MemoryStore], costs: Costs, descending: bool
) -> None:
    directory, oracle = stores
    store = SqliteStore(directory, write=False, costs=costs, clock=SetWallClock(BASE))
    order = Order("seen", descending=descending)

    day, found_in = "2026-11-22", []
    for span in ("10:50:00..11:20:00", "11:30:00..11:59:00", "11:55:00..11:59:00", "09:00..10:00"):
        low, high = (f"{day}T{each}Z" for each in span.split(".."))
        query = parse(f"worker:eu-1 state:FAILURE started:{low}..{high}", zone_of("UTC"))
        found = store.search(query, now=BASE, order=order, limit=2_000, budget_s=60)

        found_in.append(len(found.items))
        assert found.complete
        assert found.items == oracle.search(query, now=BASE, order=order, limit=2_000).items
    assert found_in == [179, 121, 1, 0]
    store.close()
