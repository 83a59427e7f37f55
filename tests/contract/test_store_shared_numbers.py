"""Tasks that were changed together may share one change number: whoever follows misses none of
them, and hears of none without end."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract import stories
from tests.contract.conftest import URLS
from tests.contract.stories import BASE, uuid_of
from umbel.cluster.events import Event
from umbel.store.base import Changes, Store
from umbel.store.memory import MemoryStore
from umbel.store.opening import open_store

#: Every store is held to this, whether its tasks share numbers or not.
KINDS = ("shared", *sorted(URLS))


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store in parts of seven tasks."""
    opened: Store = (
        MemoryStore(shares_numbers=True)
        if request.param == "shared"
        else open_store(URLS[request.param](tmp_path), write=True, partition_tasks=7)
    )
    yield opened
    opened.close()


def together(*numbers: int, upto: int = 4) -> list[Event]:
    """The first `upto` events of each of these tasks."""
    return [e for n in numbers for e in stories.succeeded(uuid_of(n), BASE + n)[:upto]]


def ids(changes: Changes) -> list[str]:
    return sorted(change.task.uuid for change in changes.items)


def test_a_store_of_shared_numbers_gives_all_of_a_batch_one() -> None:
    store = MemoryStore(shares_numbers=True)

    store.apply(together(1, 2, 3))
    store.apply(together(4, 5))

    assert [change.seq for change in store.follow(0).items] == [1, 1, 1, 2, 2]
    assert store.seq() == 2


def test_all_that_changed_together_are_followed_once(store: Store) -> None:
    store.apply(together(1, 2, 3))
    first = store.follow(0)
    store.apply(together(2, 3, 4, 5, upto=2))
    then = store.follow(first.seq)

    assert ids(first) == [uuid_of(n) for n in (1, 2, 3)]
    assert ids(then) == [uuid_of(n) for n in (4, 5)]
    assert (first.skipped, then.skipped) == (0, 0)
    assert store.follow(then.seq).items == ()


def test_a_limit_within_a_shared_number_counts_what_it_left_out(store: Store) -> None:
    store.apply(together(1, 2, 3, 4, 5))

    changes = store.follow(0, limit=2)

    assert len(set(ids(changes))) == 2
    assert changes.skipped == 3
    assert store.follow(changes.seq).items == ()


def test_each_says_what_it_was_before(store: Store) -> None:
    store.apply(together(1, 2, upto=3))
    seq = store.seq()
    store.apply(together(1, 2, 3))

    assert {change.task.uuid: change.was for change in store.follow(seq).items} == {
        uuid_of(1): "STARTED", uuid_of(2): "STARTED", uuid_of(3): None,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(10))
def test_at_whatever_pace_one_follows_each_change_is_heard_once(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    progress: Counter[int] = Counter()
    states: dict[str, str] = {}
    heard: Counter[str] = Counter()
    seq = changed = 0

    def follow() -> None:
        nonlocal seq
        changes = store.follow(seq)
        assert changes.skipped == 0
        assert len({change.task.uuid for change in changes.items}) == len(changes.items)
        seq = changes.seq
        heard.update(change.task.uuid for change in changes.items)
        states.update({change.task.uuid: change.task.state for change in changes.items})

    while min(progress[n] for n in range(12)) < 4:
        batch = [n for n in chance.sample(range(12), chance.randrange(1, 7)) if progress[n] < 4]
        progress.update(batch)
        changed += len(batch)
        store.apply([stories.succeeded(uuid_of(n), BASE + n)[progress[n] - 1] for n in batch])
        if chance.random() < 0.5:
            follow()
    follow()
    follow()

    assert states == {uuid_of(n): "SUCCESS" for n in range(12)}
    assert sum(heard.values()) <= changed
    assert store.follow(seq).items == ()
