"""What every store does with collectors' counts: `keep_metric_counts`, `metric_counts`."""

from __future__ import annotations

import msgspec

from tests.contract.stories import WORKER
from umbel.store.base import MetricCounts, Store, TaskCounts

PAIR = TaskCounts(
    WORKER,
    "shop.charge",
    1.8e9,
    {"task-received": 3, "task-succeeded": 2},
    (0, 2, 0),
    0.7,
    0.0,
    True,
)
ODD = TaskCounts('w"\\\n', "ä", 1.8e9, {"task-sent": 2**40})
TOLD = MetricCounts(collector="eu", started=1.8e9, bounds=(0.1, 1.0), items=(PAIR, ODD))


def test_a_store_that_was_told_nothing_has_no_tallies(store: Store) -> None:
    assert store.metric_counts() == ()


def test_tallies_are_kept_as_they_were_told(store: Store) -> None:
    store.keep_metric_counts(TOLD)

    assert store.metric_counts() == (TOLD,)


def test_the_last_of_each_collector_counts(store: Store) -> None:
    again = msgspec.structs.replace(TOLD, started=1.9e9, items=())
    other = msgspec.structs.replace(TOLD, collector="us")

    for each in (TOLD, other, again):
        store.keep_metric_counts(each)

    assert store.metric_counts() == (again, other)
