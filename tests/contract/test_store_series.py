"""How every store draws charts: `series`. The rules stand in `umbel.store.base`."""

from __future__ import annotations

import pytest

from tests.contract import stories
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, uuid_of
from umbel.errors import QueryError
from umbel.query.ast import EVERYTHING, And, Between, Comparison, Matches, Node, Not, Or, Words
from umbel.store.base import Measure, Series, Store

HOUR = 3_600.0
#: A percentile may come from a histogram whose steps are so wide.
TOLERANCE = 0.10


def series(
    store: Store,
    measure: Measure,
    query: Node = EVERYTHING,
    *,
    start: float = BASE - HOUR,
    end: float = BASE + HOUR,
    bucket_s: float = 60.0,
) -> Series:
    return store.series(
        query, now=BASE + HOUR, measure=measure, start=start, end=end, bucket_s=bucket_s
    )


def state(*states: str) -> Matches:
    return Matches("state", Comparison.EQUALS, states)


def test_tasks_are_counted_by_how_and_when_they_ended(store: Store) -> None:
    store.apply(stories.shop())

    counted = series(store, "count")

    assert counted.measure == "count"
    assert counted.bucket_s == 60
    assert {bucket.start - BASE: bucket.values for bucket in counted.buckets} == {
        0: {"SEEN": 1, "SUCCESS": 1},
        60: {"SEEN": 1, "FAILURE": 1},
        120: {"SEEN": 1},
        180: {"SEEN": 1, "FAILURE": 1},
        240: {"SEEN": 1, "REVOKED": 1},
        300: {"SEEN": 1, "SUCCESS": 1},
    }


def test_a_task_that_ends_later_moves_to_its_end(store: Store) -> None:
    events = stories.succeeded(uuid_of(1), BASE, runtime=200.0)
    store.apply(events[:-1])
    assert [bucket.values for bucket in series(store, "count").buckets] == [{"SEEN": 1}]

    store.apply(events[-1:])

    assert {b.start - BASE: b.values for b in series(store, "count").buckets} == {
        0: {"SEEN": 1},
        180: {"SUCCESS": 1},
    }


def test_a_task_that_fails_and_then_succeeds_is_counted_once(store: Store) -> None:
    store.apply(stories.failed(uuid_of(1), BASE))
    store.apply(stories.succeeded(uuid_of(1), BASE + 120)[-1:])

    counted = series(store, "count", state("SUCCESS", "FAILURE"))

    assert {b.start - BASE: b.values for b in counted.buckets} == {120: {"SUCCESS": 1}}


def test_an_event_from_before_moves_when_a_task_was_first_seen(store: Store) -> None:
    events = stories.succeeded(uuid_of(1), BASE, wait=100.0, runtime=300.0)
    store.apply(events[2:])
    store.apply(events[:2])

    assert {b.start - BASE: b.values for b in series(store, "count").buckets} == {
        0: {"SEEN": 1},
        360: {"SUCCESS": 1},
    }


def test_buckets_begin_at_multiples_of_their_length(store: Store) -> None:
    store.apply(stories.shop())

    counted = series(store, "count", bucket_s=300)

    assert counted.bucket_s == 300
    assert {b.start - BASE: b.values for b in counted.buckets} == {
        0: {"SEEN": 5, "SUCCESS": 1, "FAILURE": 2, "REVOKED": 1},
        300: {"SEEN": 1, "SUCCESS": 1},
    }


def test_a_bucket_is_never_finer_than_a_minute(store: Store) -> None:
    store.apply(stories.shop())

    assert series(store, "count", bucket_s=1).bucket_s == 60
    assert series(store, "count", bucket_s=61).bucket_s >= 61


def test_only_buckets_of_the_range_are_given_and_each_is_whole(store: Store) -> None:
    store.apply(stories.shop())

    counted = series(store, "count", start=BASE + 90, end=BASE + 180)

    assert [bucket.start - BASE for bucket in counted.buckets] == [60, 120]
    assert counted.buckets[0].values == {"SEEN": 1, "FAILURE": 1}
    assert series(store, "count", start=BASE + 5 * HOUR, end=BASE + 6 * HOUR).buckets == ()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (state("FAILURE"), {"FAILURE": 2.0}),
        (Not(state("FAILURE")), {"SUCCESS": 2.0, "REVOKED": 1.0}),
        (
            Matches("name", Comparison.GLOB, ("shop.*",)),
            {"SEEN": 4.0, "SUCCESS": 2.0, "FAILURE": 1.0, "REVOKED": 1.0},
        ),
        (Matches("name", Comparison.CONTAINS, ("CHARGE",)), {"SEEN": 1.0, "FAILURE": 1.0}),
        (Not(Matches("name", Comparison.CONTAINS, ("shop",))), {"SEEN": 2.0, "FAILURE": 1.0}),
        (
            And((state("SUCCESS"), Matches("name", Comparison.EQUALS, ("shop.send",)))),
            {"SUCCESS": 2.0},
        ),
        (
            Or((state("REVOKED"), Matches("name", Comparison.EQUALS, ("shop.charge",)))),
            {"REVOKED": 1.0, "FAILURE": 1.0},
        ),
    ],
    ids=repr,
)
def test_charts_are_filtered_by_name_and_state(
    store: Store, query: Node, expected: dict[str, float]
) -> None:
    store.apply(stories.shop())

    counted = series(store, "count", query, bucket_s=HOUR)

    totals: dict[str, float] = {}
    for bucket in counted.buckets:
        for group, count in bucket.values.items():
            totals[group] = totals.get(group, 0) + count
    assert totals == expected


@pytest.mark.parametrize(
    "query",
    [
        Words("shop"),
        Between("runtime", low=1.0),
        Not(Matches("worker", Comparison.CONTAINS, ("eu",))),
        And((state("FAILURE"), Matches("queue", Comparison.EQUALS, ("mail",)))),
    ],
    ids=repr,
)
def test_charts_cannot_be_filtered_by_anything_else(store: Store, query: Node) -> None:
    with pytest.raises(QueryError, match="name and state"):
        series(store, "count", query)


@pytest.mark.parametrize("measure", ["runtime", "wait"])
def test_durations_are_summed_up_by_percentiles(store: Store, measure: Measure) -> None:
    took = [0.01 * 1.07**number for number in range(100)]
    for number, seconds in enumerate(took):
        runtime, wait = (seconds, 0.5) if measure == "runtime" else (1.0, seconds)
        store.apply(stories.succeeded(uuid_of(number), BASE, runtime=runtime, wait=wait))

    measured = series(store, measure, bucket_s=HOUR)

    (bucket,) = measured.buckets
    assert bucket.start == BASE - BASE % HOUR
    assert bucket.values["n"] == 100
    assert bucket.values["mean"] == pytest.approx(sum(took) / 100, rel=0.01)
    for name, rank in (("p50", 49), ("p95", 94), ("p99", 98)):
        assert bucket.values[name] == pytest.approx(took[rank], rel=TOLERANCE)


def test_durations_count_only_tasks_that_have_them(store: Store) -> None:
    store.apply(stories.shop())

    ran = series(store, "runtime", bucket_s=HOUR)
    waited = series(store, "wait", bucket_s=HOUR)

    assert [bucket.values["n"] for bucket in ran.buckets] == [3]
    assert [bucket.values["n"] for bucket in waited.buckets] == [4]


def test_durations_are_filtered_by_name_and_state(store: Store) -> None:
    store.apply(stories.shop())

    failures = series(store, "runtime", state("FAILURE"), bucket_s=HOUR)
    sends = series(
        store, "runtime", Matches("name", Comparison.EQUALS, ("shop.send",)), bucket_s=HOUR
    )

    assert [bucket.values["n"] for bucket in failures.buckets] == [1]
    assert [bucket.values["n"] for bucket in sends.buckets] == [2]
    assert sends.buckets[0].values["mean"] == pytest.approx(5.0, rel=0.01)


def test_a_duration_that_changes_replaces_what_was_known(store: Store) -> None:
    store.apply(stories.failed(uuid_of(1), BASE, runtime=5.0))
    store.apply(stories.succeeded(uuid_of(1), BASE, runtime=10.0))

    (bucket,) = series(store, "runtime", bucket_s=HOUR).buckets

    assert bucket.values["n"] == 1
    assert bucket.values["p50"] == pytest.approx(10.0, rel=TOLERANCE)


def test_series_go_over_partitions(store_factory: StoreFactory) -> None:
    store = store_factory(partition_tasks=4)
    for number in range(30):
        store.apply(stories.succeeded(uuid_of(number), BASE + number))

    counted = series(store, "count", bucket_s=HOUR)

    assert [bucket.values for bucket in counted.buckets] == [{"SEEN": 30, "SUCCESS": 30}]


def test_a_bucket_without_length_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="length"):
        series(store, "count", bucket_s=0)
