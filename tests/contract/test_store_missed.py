"""What every store does with what was not heard: gaps, losses and the counts of workers."""

from __future__ import annotations

import msgspec

from tests.contract.stories import BASE, WORKER, shop
from umbel.cluster.gaps import Cause
from umbel.cluster.losses import Loss, Losses, ProcessCount
from umbel.store.base import KeptGap, Retention, Store
from umbel.store.missed import GAPS_MAX

COUNT = ProcessCount(
    hostname=WORKER, pid=7, since=BASE, at=BASE + 10, processed=5, base=0, started=3, lost=2,
    telling=True,
)  # fmt: skip
LOST = Loss(hostname=WORKER, pid=7, start=BASE + 4, end=BASE + 6, count=2)


def gap(start: float, end: float, cause: Cause = "broker-away", by: str = "eu") -> KeptGap:
    return KeptGap(BASE + start, BASE + end, cause, collector=by)


def test_a_store_that_heard_everything_has_nothing_missed(store: Store) -> None:
    assert (store.processes(), store.losses(), store.gaps()) == ((), (), ())


def test_counts_and_losses_are_kept_with_the_events_that_they_count(store: Store) -> None:
    store.apply(shop(), Losses(processes=(COUNT,), losses=(LOST,)))

    assert store.processes() == (COUNT,)
    assert store.losses() == (LOST,)
    assert store.status().tasks == 6


def test_counts_are_kept_without_events_too(store: Store) -> None:
    store.apply((), Losses(processes=(COUNT,)))

    assert store.processes() == (COUNT,)


def test_the_last_of_each_process_and_loss_counts(store: Store) -> None:
    later = msgspec.structs.replace(COUNT, processed=9)
    other = msgspec.structs.replace(COUNT, pid=8)
    less = msgspec.structs.replace(LOST, count=1)
    store.apply((), Losses(processes=(COUNT, other), losses=(LOST,)))

    store.apply((), Losses(processes=(later,), losses=(less,)))

    assert store.processes() == (later, other)
    assert store.losses() == (less,)


def test_a_loss_that_was_taken_back_is_gone(store: Store) -> None:
    store.apply((), Losses(losses=(LOST,)))

    store.apply((), Losses(losses=(msgspec.structs.replace(LOST, count=0),)))

    assert store.losses() == ()


def test_losses_and_gaps_are_found_by_time(store: Store) -> None:
    store.apply((), Losses(losses=(LOST,)))
    store.keep_gaps([gap(0, 10), gap(100, 110)])

    assert store.losses(BASE + 5, BASE + 50) == (LOST,)
    assert store.losses(BASE + 7) == ()
    assert store.losses(end=BASE + 3) == ()
    assert store.gaps(BASE + 10, BASE + 99) == (gap(0, 10),)
    assert store.gaps(BASE + 11) == (gap(100, 110),)
    assert store.gaps() == (gap(0, 10), gap(100, 110))


def test_gaps_of_one_cause_that_overlap_are_one(store: Store) -> None:
    store.keep_gaps([gap(0, 10), gap(20, 30), gap(5, 8, "collector-away"), gap(5, 9, by="us")])

    store.keep_gaps([gap(9, 21), gap(0, 10)])

    assert store.gaps() == (gap(0, 30), gap(5, 8, "collector-away"), gap(5, 9, by="us"))


def test_what_is_older_than_the_history_is_forgotten(store: Store) -> None:
    store.apply((), Losses(losses=(LOST,)))
    store.keep_gaps([gap(0, 10), gap(100, 110)])

    store.trim(Retention(max_age_s=60), BASE + 110)

    assert store.losses() == ()
    assert store.gaps() == (gap(100, 110),)


def test_the_number_of_gaps_is_bounded(store: Store) -> None:
    store.keep_gaps([gap(10 * number, 10 * number + 1) for number in range(GAPS_MAX + 5)])

    store.trim(Retention(), BASE)

    assert len(store.gaps()) == GAPS_MAX
    assert store.gaps()[0] == gap(50, 51)
