"""The index waits for a writer that has no rest, and only so far."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.support.clocks import SetClock
from tests.support.waiting import wait_until
from umbel.query.ast import Words
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.write.writer_load import WriterLoad

TASKS = 64


def batch(clock: SetClock, writer_load: WriterLoad, *, after_s: float, took_s: float) -> None:
    clock.time += after_s
    with writer_load:
        clock.time += took_s


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def test_a_writer_is_busy_when_it_hardly_rests_between_its_batches(clock: SetClock) -> None:
    writer_load = WriterLoad(clock)
    assert not writer_load.is_busy()

    batch(clock, writer_load, after_s=0.4, took_s=0.3)
    assert not writer_load.is_busy()
    batch(clock, writer_load, after_s=0.1, took_s=0.6)
    assert writer_load.is_busy()


def test_it_stays_busy_during_a_long_batch_and_not_after_a_rest(clock: SetClock) -> None:
    writer_load = WriterLoad(clock)
    batch(clock, writer_load, after_s=0.1, took_s=0.6)

    with writer_load:
        clock.time += 5
        assert writer_load.is_busy()
    clock.time += 2
    assert not writer_load.is_busy()


@pytest.mark.parametrize("partition_tasks", [10 * TASKS, TASKS // 2])
def test_the_index_waits_for_a_busy_writer_and_nothing_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, partition_tasks: int
) -> None:
    is_busy = True
    looks = 0

    def look(_: WriterLoad) -> bool:
        nonlocal looks
        looks += 1
        return is_busy

    monkeypatch.setattr(WriterLoad, "is_busy", look)
    store = SqliteStore(
        tmp_path,
        write=True,
        partition_tasks=partition_tasks,
        costs=Costs(unindexed_while_busy=2 * TASKS),
    )

    def write(first: int) -> None:
        lives = [
            succeeded(uuid_of(number), BASE + number, name="shop.send", args=f"('no{number}x',)")
            for number in range(first, first + TASKS)
        ]
        store.apply([event for life in lives for event in life])

    try:
        write(0)
        assert store.search(Words("no7x"), now=BASE).items
        seen = looks
        wait_until(lambda: looks >= seen + 3, what="the index to look three times")
        assert store.status().unindexed == TASKS

        write(TASKS)
        write(2 * TASKS)  # more than may wait
        wait_until(lambda: store.status().unindexed < 2 * TASKS, what="the index to go on")
        assert store.search(Words("no150x"), now=BASE).items

        is_busy = False
        wait_until(lambda: store.status().unindexed <= 8, what="the index to catch up")
    finally:
        store.close()
