"""Of many workers a chart shows a few: which ones, and what is left over."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.stories import BASE, failed, succeeded, uuid_of
from umbel.query.parse import parse
from umbel.store.capabilities import Measure
from umbel.store.memory import MemoryStore
from umbel.store.series import CountSeries, DurationSeries, Series
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.search.series_of_values import SeriesOfValues

WORKERS = 40
#: No whole hours: begins and ends within one.
START, END = BASE + 1_200, BASE + 16_800


@pytest.fixture
def stores(tmp_path: Path) -> tuple[SqliteStore, MemoryStore]:
    """Five hours of tasks in several files; worker n runs more and longer ones than n - 1."""
    sqlite = SqliteStore(tmp_path, write=True, index=False, partition_tasks=150)
    memory = MemoryStore()
    number = 0
    for hour in range(5):
        for worker in range(WORKERS):
            for turn in range(1 + worker // 8):
                at = BASE + 3_600 * hour + 80 * worker + turn
                end = failed if number % 5 == 0 else succeeded
                events = (
                    end(uuid_of(number), at, worker=f"w{worker}")
                    if end is failed
                    else succeeded(uuid_of(number), at, worker=f"w{worker}", runtime=1.0 + worker)
                )
                sqlite.apply(events)
                memory.apply(events)
                number += 1
    return sqlite, memory


def drawn(store: SqliteStore | MemoryStore, measure: Measure, text: str = "") -> Series:
    return store.series(
        parse(text), now=END, measure=measure, start=START, end=END, bucket_s=600, by="worker",
        top=3, budget_s=60,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "state:FAILURE", "state:SUCCESS,REVOKED"])
def test_the_busiest_have_groups_and_all_others_are_the_rest(
    stores: tuple[SqliteStore, MemoryStore], text: str
) -> None:
    mine, others = (drawn(store, "count", text) for store in stores)

    assert isinstance(mine, CountSeries)
    assert mine == others
    assert len(mine.groups) == 3
    assert mine.other is not None


def test_the_slowest_have_groups_and_all_others_are_the_rest(
    stores: tuple[SqliteStore, MemoryStore],
) -> None:
    mine, others = (drawn(store, "runtime") for store in stores)

    assert isinstance(mine, DurationSeries)
    assert isinstance(others, DurationSeries)
    assert [group.value for group in mine.groups] == [group.value for group in others.groups]
    assert mine.other is not None
    assert others.other is not None
    for left, right in zip((mine.other, *mine.groups), (others.other, *others.groups), strict=True):
        assert [(each.start, each.n) for each in left.buckets] == [
            (each.start, each.n) for each in right.buckets
        ]
        for ours, theirs in zip(left.buckets, right.buckets, strict=True):
            assert ours.mean == pytest.approx(theirs.mean)
            assert ours.p95 == pytest.approx(theirs.p95, rel=0.06)


def test_a_value_that_the_query_leaves_out_has_no_group(
    stores: tuple[SqliteStore, MemoryStore],
) -> None:
    mine, others = (drawn(store, "count", "-worker:w39") for store in stores)

    assert mine == others


def test_where_one_file_does_not_know_enough_all_values_are_read(
    stores: tuple[SqliteStore, MemoryStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    knows = SeriesOfValues.knows
    monkeypatch.setattr(
        SeriesOfValues,
        "knows",
        lambda self, partition: partition.number != 2 and knows(self, partition),
    )

    mine, others = (drawn(store, "count") for store in stores)

    assert mine == others


def test_where_many_workers_have_no_minutes_a_long_chart_has_buckets_of_ten(
    stores: tuple[SqliteStore, MemoryStore],
) -> None:
    """And is whole, in no more time than others."""
    sqlite, memory = stores

    def long(store: SqliteStore | MemoryStore, bucket_s: float) -> Series:
        return store.series(
            parse(""), now=END, measure="count", start=END - 8 * 3_600, end=END,
            bucket_s=bucket_s, by="worker", top=3, budget_s=60,
        )  # fmt: skip

    mine = long(sqlite, 60)

    assert mine.complete
    assert mine == long(memory, 600)
