"""What every store does with collectors' counts: `keep_metric_counts`, `metric_counts`."""

from __future__ import annotations

import msgspec

from tests.contract.stories import WORKER
from umbel.store.base import MetricCounts, Store, TaskCounts, TaskExample

PAIR = TaskCounts(
    WORKER,
    "shop.charge",
    1.8e9,
    {"task-received": 3, "task-succeeded": 2},
    (0, 2, 0),
    0.7,
    0.0,
    True,
    "mail",
    (0, 1),
    2.5,
    {"ValueError": 1},
    {1: TaskExample("a", 0.5, 1.8e9)},
    {1: TaskExample("b", 2.5, 1.8e9)},
)
ODD = TaskCounts('w"\\\n', "ä", 1.8e9, {"task-sent": 2**40})
TOLD = MetricCounts(
    collector="eu",
    started=1.8e9,
    bounds=(0.1, 1.0),
    items=(PAIR, ODD),
    wait_bounds=(1.0,),
    totals={"events": 7},
)


def test_a_store_that_was_told_nothing_has_no_tallies(store: Store) -> None:
    assert store.metric_counts() == ()


def test_tallies_are_kept_as_they_were_told(store: Store) -> None:
    store.keep_metric_counts(TOLD)

    assert store.metric_counts() == (TOLD,)


def test_a_collector_that_goes_on_with_the_counts_of_others_replaces_them(store: Store) -> None:
    for name in ("eu", "us", "ap"):
        store.keep_metric_counts(msgspec.structs.replace(TOLD, collector=name))

    store.keep_metric_counts(TOLD, ["eu", "us"])

    assert [each.collector for each in store.metric_counts()] == ["ap", "eu"]


def test_the_last_of_each_collector_counts(store: Store) -> None:
    again = msgspec.structs.replace(TOLD, started=1.9e9, items=())
    other = msgspec.structs.replace(TOLD, collector="us")

    for each in (TOLD, other, again):
        store.keep_metric_counts(each)

    assert store.metric_counts() == (again, other)
