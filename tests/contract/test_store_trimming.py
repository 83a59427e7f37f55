"""What every store keeps and forgets: `trim`."""

from __future__ import annotations

from tests.contract import stories
from tests.contract.answers import everything, known, truth
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, uuid_of
from umbel.query.ast import EVERYTHING
from umbel.store.base import Retention, Store
from umbel.store.series import CountSeries

DAY = 86_400.0
#: When the tests trim: a day after the last of the tasks.
TRIMMED_AT = BASE + 30 * DAY


def filled(store_factory: StoreFactory) -> Store:
    """Thirty tasks, a day apart, in portions of about five."""
    store = store_factory(partition_tasks=5)
    for number in range(30):
        store.apply(stories.succeeded(uuid_of(number), BASE + DAY * number))
    return store


def numbers(store: Store) -> list[int]:
    return sorted(int(uuid[-12:], 16) for uuid in everything(store))


def test_trimming_without_bounds_removes_nothing(store_factory: StoreFactory) -> None:
    store = filled(store_factory)

    assert store.trim(Retention(), TRIMMED_AT) == 0
    assert store.status().tasks == 30


def test_trimming_by_number_removes_the_oldest(store_factory: StoreFactory) -> None:
    store = filled(store_factory)
    before = everything(store)

    removed = store.trim(Retention(max_tasks=12), TRIMMED_AT)

    left = numbers(store)
    assert 29 in left
    assert 0 not in left
    assert len(left) <= 12
    assert removed > 0
    assert store.status().tasks == len(left)
    assert everything(store) == {uuid_of(n): before[uuid_of(n)] for n in left}
    assert store.task(uuid_of(0)) is None


def test_trimming_by_size_removes_the_oldest(store_factory: StoreFactory) -> None:
    store = filled(store_factory)

    store.trim(Retention(max_bytes=1), TRIMMED_AT)

    left = numbers(store)
    assert 29 in left
    assert 0 not in left


def test_trimming_by_age_leaves_what_is_young_and_nothing_that_is_twice_as_old(
    store_factory: StoreFactory,
) -> None:
    store = filled(store_factory)

    store.trim(Retention(max_age_s=10 * DAY), TRIMMED_AT)

    left = set(numbers(store))
    assert left >= set(range(20, 30))
    assert not left & set(range(10))


def test_the_newest_always_stays(store_factory: StoreFactory) -> None:
    store = filled(store_factory)

    store.trim(Retention(max_age_s=1, max_bytes=1, max_tasks=0), TRIMMED_AT * 2)

    left = numbers(store)
    assert 29 in left
    assert 0 not in left


def test_what_was_trimmed_is_gone_from_every_answer(store_factory: StoreFactory) -> None:
    store = filled(store_factory)
    store.trim(Retention(max_tasks=12), TRIMMED_AT)
    left = len(numbers(store))

    assert store.count(EVERYTHING, now=TRIMMED_AT).total == left
    assert store.workflow(uuid_of(0)).tasks == ()
    series = store.series(
        EVERYTHING, now=TRIMMED_AT, measure="count", start=BASE, end=TRIMMED_AT, bucket_s=3_600
    )
    assert isinstance(series, CountSeries)
    assert series.total.succeeded == left
    assert store.suggest("name", "shop")[0].count == left


def test_a_trimmed_task_that_speaks_again_is_new(store_factory: StoreFactory) -> None:
    store = filled(store_factory)
    store.trim(Retention(max_tasks=12), TRIMMED_AT)
    again = stories.failed(uuid_of(0), TRIMMED_AT)

    store.apply(again)

    assert known(store, uuid_of(0)) == truth(again)[uuid_of(0)]
