"""Changes of several writers, of which one commits late: whoever follows misses none.

Every store with more than one writer is held to this. A writer begins (its change number is
drawn) and commits (what it changed is seen) when the test lets it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Protocol

import pytest

from tests.contract import stories
from tests.contract.stories import BASE, uuid_of
from umbel.cluster.events import Event
from umbel.store.base import Changes, Store
from umbel.store.memory import MemoryStore


class TwoStepStore(Store, Protocol):
    def begin(self, events: Sequence[Event]) -> Callable[[], object]:
        """`apply` up to its commit, which is the function given."""


STORES: dict[str, Callable[[], TwoStepStore]] = {"memory": MemoryStore}


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest) -> TwoStepStore:
    return STORES[request.param]()


def ids(changes: Changes) -> set[str]:
    return {change.task.uuid for change in changes.items}


def test_a_change_that_is_committed_late_is_not_missed(store: TwoStepStore) -> None:
    late = store.begin(stories.begun(uuid_of(1), BASE))
    store.apply(stories.begun(uuid_of(2), BASE))
    first = store.follow(store.seq())
    seen = ids(store.follow(0))

    late()

    assert first.skipped == 0
    assert seen | ids(store.follow(first.seq)) == {uuid_of(1), uuid_of(2)}


def test_the_watermark_waits_for_the_oldest_that_is_not_committed(store: TwoStepStore) -> None:
    store.apply(stories.begun(uuid_of(1), BASE))
    before = store.seq()
    oldest = store.begin(stories.begun(uuid_of(2), BASE))
    newer = store.begin(stories.begun(uuid_of(3), BASE))

    newer()
    assert store.seq() == before
    assert store.task(uuid_of(3)) is not None  # it may lag behind what is seen

    oldest()
    assert store.seq() > before
    assert ids(store.follow(before)) == {uuid_of(2), uuid_of(3)}


def test_a_task_that_both_change_is_followed_as_it_is_in_the_end(store: TwoStepStore) -> None:
    lines = stories.succeeded(uuid_of(1), BASE)
    late = store.begin(lines[2:])
    store.apply(lines[:2])
    known = store.seq()

    late()

    ((change,), after) = store.follow(known).items, store.follow(known).seq
    assert change.task.state == "SUCCESS"
    assert change.was is None
    assert store.follow(after).items == ()


@pytest.mark.parametrize("seed", range(20))
def test_in_whatever_order_writers_commit_no_change_is_missed(
    store: TwoStepStore, seed: int
) -> None:
    chance = random.Random(seed)
    states: dict[str, str] = {}
    seq, waiting = 0, []

    def follow() -> None:
        nonlocal seq
        changes = store.follow(seq)
        assert changes.skipped == 0
        assert changes.seq >= seq
        seq = changes.seq
        states.update({change.task.uuid: change.task.state for change in changes.items})

    for number in range(40):
        lines = stories.succeeded(uuid_of(number % 15), BASE + number % 15)
        cut = chance.randrange(1, len(lines))
        waiting += [store.begin(lines[:cut]), store.begin(lines[cut:])]
        while waiting and chance.random() < 0.6:
            waiting.pop(chance.randrange(len(waiting)))()
            if chance.random() < 0.5:
                follow()
    for commit in waiting:
        commit()
    follow()

    found = store.follow(0).items
    assert states == {change.task.uuid: change.task.state for change in found}
    assert len(states) == 15
    assert set(states.values()) == {"SUCCESS"}
