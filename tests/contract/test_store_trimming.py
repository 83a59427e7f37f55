"""What every store keeps and forgets: `trim`."""

from __future__ import annotations

from tests.contract import stories
from tests.contract.answers import NOW, everything, known, truth
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, uuid_of
from umbel.query.ast import EVERYTHING
from umbel.store.base import Retention, Store
from umbel.store.series import CountSeries


def filled(store_factory: StoreFactory) -> Store:
    """Thirty tasks, a minute apart, in partitions of five."""
    store = store_factory(partition_tasks=5)
    for number in range(30):
        store.apply(stories.succeeded(uuid_of(number), BASE + 60 * number))
    return store


def numbers(store: Store) -> list[int]:
    return sorted(int(uuid[-12:], 16) for uuid in everything(store))


def test_trimming_without_bounds_removes_nothing(store_factory: StoreFactory) -> None:
    store = filled(store_factory)

    assert store.trim(Retention(), NOW).tasks == 0
    assert store.status().tasks == 30


def test_trimming_by_number_removes_the_oldest_partitions(store_factory: StoreFactory) -> None:
    store = filled(store_factory)
    before = everything(store)

    trimmed = store.trim(Retention(max_tasks=12), NOW)

    left = numbers(store)
    assert 0 < len(left) <= 12
    assert left == list(range(30 - len(left), 30))
    assert trimmed.tasks == 30 - len(left)
    assert trimmed.size_bytes > 0
    assert store.status().tasks == len(left)
    assert everything(store) == {uuid_of(n): before[uuid_of(n)] for n in left}
    assert store.task(uuid_of(0)) is None


def test_trimming_by_age_removes_only_partitions_that_are_old_as_a_whole(
    store_factory: StoreFactory,
) -> None:
    store = filled(store_factory)

    store.trim(Retention(max_age_s=60 * 18), BASE + 60 * 30)

    assert numbers(store) == list(range(10, 30))


def test_the_newest_partition_always_stays(store_factory: StoreFactory) -> None:
    store = filled(store_factory)

    store.trim(Retention(max_age_s=1, max_bytes=1, max_tasks=0), NOW * 2)

    left = numbers(store)
    assert 29 in left
    assert len(left) <= 5
    assert store.status().partitions == 1


def test_what_was_trimmed_is_gone_from_every_answer(store_factory: StoreFactory) -> None:
    store = filled(store_factory)
    store.trim(Retention(max_tasks=12), NOW)
    left = len(numbers(store))

    assert store.count(EVERYTHING, now=NOW).total == left
    assert store.workflow(uuid_of(0)).tasks == ()
    series = store.series(EVERYTHING, now=NOW, measure="count", start=BASE, end=NOW, bucket_s=3_600)
    assert isinstance(series, CountSeries)
    assert series.total.succeeded == left
    assert store.suggest("name", "shop")[0].count == left


def test_a_trimmed_task_that_speaks_again_is_new(store_factory: StoreFactory) -> None:
    store = filled(store_factory)
    store.trim(Retention(max_tasks=12), NOW)
    again = stories.failed(uuid_of(0), NOW)

    applied = store.apply(again)

    assert (applied.tasks, applied.new) == (1, 1)
    assert known(store, uuid_of(0)) == truth(again)[uuid_of(0)]
