"""Roll-ups by worker, queue and error are what the tasks add up to, however their events came."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.contract.stories import uuid_of
from tests.property.test_merge_laws import scattered
from tests.support.histories import EPOCH, lifelike, wild
from tests.support.value_rollups import assert_kept
from umbel.cluster.events import Event
from umbel.query.parse import parse
from umbel.store.base import Retention
from umbel.store.capabilities import Grouping, Measure
from umbel.store.memory import MemoryStore
from umbel.store.series import CountSeries, DurationSeries, Series
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.write import value_rollup

FIELDS: tuple[Grouping, ...] = ("worker", "queue", "error")
NOW = EPOCH + 100_000
QUERIES = ("", "-worker:w1@one", "has:queue", "error:Declined", "state:FAILURE -has:error")


@st.composite
def clusters(draw: st.DrawFn) -> list[Event]:
    """Events of some tasks over an hour or two, by workers and over queues of different names."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, 9))):
        told = draw(
            st.one_of(
                lifelike(redelivery=True, skew=True),
                st.lists(wild(), min_size=1, max_size=8).map(tuple),
            )
        )
        later = draw(st.sampled_from((0, 50, 700, 3_500, 7_000)))
        worker, queue = draw(st.integers(0, 4)), f"q{draw(st.integers(0, 4))}"
        events += [
            replace(
                each,
                uuid=uuid_of(number),
                timestamp=each.timestamp + later,
                hostname=f"{each.hostname}{worker}",
                queue=queue if each.queue is not None else None,
            )
            for each in told
        ]
    return events


def drawn(
    store: SqliteStore | MemoryStore, text: str, measure: Measure, by: Grouping, top: int = 99
) -> Series:
    return store.series(
        parse(text), now=NOW, measure=measure, start=EPOCH - 7_200, end=NOW, bucket_s=3_600,
        by=by, top=top, budget_s=60,
    )  # fmt: skip


def assert_same(mine: Series, others: Series) -> None:
    if isinstance(mine, CountSeries):
        assert mine == others
        return
    assert isinstance(mine, DurationSeries)
    assert isinstance(others, DurationSeries)
    assert [each.n for each in mine.buckets] == [each.n for each in others.buckets]
    assert {each.value: each.total.n if each.total else 0 for each in mine.groups} == {
        each.value: each.total.n if each.total else 0 for each in others.groups
    }
    for left, right in (
        (mine.total, others.total),
        *zip(mine.buckets, others.buckets, strict=True),
    ):
        assert (left is None) == (right is None)
        if left is not None and right is not None:
            assert left.mean == pytest.approx(right.mean, rel=1e-6, abs=1e-6)


@settings(max_examples=30)
@given(
    clusters(),
    st.randoms(use_true_random=False),
    st.sampled_from((1, 2, 256)),
    st.sampled_from((1, 32)),
)
def test_they_are_what_the_tasks_add_up_to(
    events: list[Event], dice: random.Random, values_max: int, by_minute_max: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(value_rollup, "VALUES_MAX", values_max)
        patch.setattr(value_rollup, "BY_MINUTE_MAX", by_minute_max)
        memory = MemoryStore()
        store = SqliteStore(Path(folder), write=True, index=False, partition_tasks=3)
        for delivery in scattered(events, dice):
            memory.apply(delivery)
            store.apply(delivery)
            if dice.random() < 0.3:  # what is remembered between batches is read again
                store.close()
                store = SqliteStore(Path(folder), write=True, index=False, partition_tasks=3)

        assert_kept(Path(folder), values_max, by_minute_max)
        for by in FIELDS:
            for text in QUERIES:
                for measure in get_args(Measure):
                    mine = drawn(store, text, measure, by)
                    if mine.complete:
                        assert_same(mine, drawn(memory, text, measure, by))
                    assert mine.complete or values_max < 256
                for top in (1, 3) if values_max == 256 else ():
                    mine = drawn(store, text, "count", by, top)
                    assert_same(mine, drawn(memory, text, "count", by, top))

        if dice.random() < 0.5:
            store.trim(Retention(max_tasks=3), NOW)
            assert_kept(Path(folder), values_max, by_minute_max)
        store.close()
