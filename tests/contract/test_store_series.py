"""How every store draws charts: `series`. The rules stand in `umbel.store.base`."""

from __future__ import annotations

import pytest

from tests.contract import stories
from tests.contract.conftest import StoreFactory
from tests.contract.stories import BASE, uuid_of
from umbel.query.ast import EVERYTHING, And, Comparison, Matches, Node, Not, Or
from umbel.store.base import Store
from umbel.store.capabilities import Measure
from umbel.store.series import Counts, CountSeries, DurationSeries

HOUR = 3_600.0
#: A percentile may come from a histogram whose steps are so wide.
TOLERANCE = 0.10


def counts_of(
    store: Store,
    query: Node = EVERYTHING,
    *,
    start: float = BASE - HOUR,
    end: float = BASE + HOUR,
    bucket_s: float = 60.0,
) -> CountSeries:
    series = store.series(
        query, now=BASE + HOUR, measure="count", start=start, end=end, bucket_s=bucket_s
    )
    assert isinstance(series, CountSeries)
    return series


def durations_of(
    store: Store, measure: Measure, query: Node = EVERYTHING, *, bucket_s: float = 60.0
) -> DurationSeries:
    series = store.series(
        query, now=BASE + HOUR, measure=measure, start=BASE - HOUR, end=BASE + HOUR,
        bucket_s=bucket_s,
    )  # fmt: skip
    assert isinstance(series, DurationSeries)
    return series


def values(counts: Counts) -> dict[str, int]:
    """What was counted at all."""
    found = {
        "SEEN": counts.seen,
        "SUCCESS": counts.succeeded,
        "FAILURE": counts.failed,
        "REVOKED": counts.revoked,
    }
    return {name: n for name, n in found.items() if n}


def state(*states: str) -> Matches:
    return Matches("state", Comparison.EQUALS, states)


def test_tasks_are_counted_by_how_and_when_they_ended(store: Store) -> None:
    store.apply(stories.shop())

    counted = counts_of(store)

    assert counted.bucket_s == 60
    assert {bucket.start - BASE: values(bucket) for bucket in counted.buckets} == {
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
    assert [values(bucket) for bucket in counts_of(store).buckets] == [{"SEEN": 1}]

    store.apply(events[-1:])

    assert {b.start - BASE: values(b) for b in counts_of(store).buckets} == {
        0: {"SEEN": 1},
        180: {"SUCCESS": 1},
    }


def test_a_task_that_fails_and_then_succeeds_is_counted_once(store: Store) -> None:
    store.apply(stories.failed(uuid_of(1), BASE))
    store.apply(stories.succeeded(uuid_of(1), BASE + 120)[-1:])

    counted = counts_of(store, state("SUCCESS", "FAILURE"))

    assert {b.start - BASE: values(b) for b in counted.buckets} == {120: {"SUCCESS": 1}}


def test_an_event_from_before_moves_when_a_task_was_first_seen(store: Store) -> None:
    events = stories.succeeded(uuid_of(1), BASE, wait=100.0, runtime=300.0)
    store.apply(events[2:])
    store.apply(events[:2])

    assert {b.start - BASE: values(b) for b in counts_of(store).buckets} == {
        0: {"SEEN": 1},
        360: {"SUCCESS": 1},
    }


def test_buckets_begin_at_multiples_of_their_length(store: Store) -> None:
    store.apply(stories.shop())

    counted = counts_of(store, bucket_s=300)

    assert counted.bucket_s == 300
    assert {b.start - BASE: values(b) for b in counted.buckets} == {
        0: {"SEEN": 5, "SUCCESS": 1, "FAILURE": 2, "REVOKED": 1},
        300: {"SEEN": 1, "SUCCESS": 1},
    }


def test_a_bucket_is_never_finer_than_a_minute(store: Store) -> None:
    store.apply(stories.shop())

    assert counts_of(store, bucket_s=1).bucket_s == 60
    assert counts_of(store, bucket_s=61).bucket_s >= 61


def test_only_buckets_of_the_range_are_given_and_each_is_whole(store: Store) -> None:
    store.apply(stories.shop())

    counted = counts_of(store, start=BASE + 90, end=BASE + 180)

    assert [bucket.start - BASE for bucket in counted.buckets] == [60, 120]
    assert values(counted.buckets[0]) == {"SEEN": 1, "FAILURE": 1}
    assert counts_of(store, start=BASE + 5 * HOUR, end=BASE + 6 * HOUR).buckets == ()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (state("FAILURE"), {"FAILURE": 2}),
        (Not(state("FAILURE")), {"SUCCESS": 2, "REVOKED": 1}),
        (
            Matches("name", Comparison.GLOB, ("shop.*",)),
            {"SEEN": 4, "SUCCESS": 2, "FAILURE": 1, "REVOKED": 1},
        ),
        (Matches("name", Comparison.CONTAINS, ("CHARGE",)), {"SEEN": 1, "FAILURE": 1}),
        (Not(Matches("name", Comparison.CONTAINS, ("shop",))), {"SEEN": 2, "FAILURE": 1}),
        (
            And((state("SUCCESS"), Matches("name", Comparison.EQUALS, ("shop.send",)))),
            {"SUCCESS": 2},
        ),
        (
            Or((state("REVOKED"), Matches("name", Comparison.EQUALS, ("shop.charge",)))),
            {"REVOKED": 1, "FAILURE": 1},
        ),
    ],
    ids=repr,
)
def test_charts_are_filtered_by_name_and_state(
    store: Store, query: Node, expected: dict[str, int]
) -> None:
    store.apply(stories.shop())

    counted = counts_of(store, query, bucket_s=HOUR)

    assert values(counted.total) == expected
    assert sum(bucket.failed for bucket in counted.buckets) == counted.total.failed


@pytest.mark.parametrize("measure", ["runtime", "wait"])
def test_durations_are_summed_up_by_percentiles(store: Store, measure: Measure) -> None:
    took = [0.01 * 1.07**number for number in range(100)]
    for number, seconds in enumerate(took):
        runtime, wait = (seconds, 0.5) if measure == "runtime" else (1.0, seconds)
        store.apply(stories.succeeded(uuid_of(number), BASE, runtime=runtime, wait=wait))

    measured = durations_of(store, measure, bucket_s=HOUR)

    (bucket,) = measured.buckets
    assert bucket.start == BASE - BASE % HOUR
    assert bucket.n == 100
    assert bucket.mean == pytest.approx(sum(took) / 100, rel=0.01)
    for name, rank in (("p50", 49), ("p95", 94), ("p99", 98)):
        assert getattr(bucket, name) == pytest.approx(took[rank], rel=TOLERANCE)


def test_durations_count_only_tasks_that_have_them(store: Store) -> None:
    store.apply(stories.shop())

    ran = durations_of(store, "runtime", bucket_s=HOUR)
    waited = durations_of(store, "wait", bucket_s=HOUR)

    assert [bucket.n for bucket in ran.buckets] == [3]
    assert [bucket.n for bucket in waited.buckets] == [4]


def test_durations_are_filtered_by_name_and_state(store: Store) -> None:
    store.apply(stories.shop())

    failures = durations_of(store, "runtime", state("FAILURE"), bucket_s=HOUR)
    sends = durations_of(
        store, "runtime", Matches("name", Comparison.EQUALS, ("shop.send",)), bucket_s=HOUR
    )

    assert [bucket.n for bucket in failures.buckets] == [1]
    assert [bucket.n for bucket in sends.buckets] == [2]
    assert sends.buckets[0].mean == pytest.approx(5.0, rel=0.01)


def test_a_duration_that_changes_replaces_what_was_known(store: Store) -> None:
    store.apply(stories.failed(uuid_of(1), BASE, runtime=5.0))
    store.apply(stories.succeeded(uuid_of(1), BASE, runtime=10.0))

    (bucket,) = durations_of(store, "runtime", bucket_s=HOUR).buckets

    assert bucket.n == 1
    assert bucket.p50 == pytest.approx(10.0, rel=TOLERANCE)


def test_series_go_over_partitions(store_factory: StoreFactory) -> None:
    store = store_factory(partition_tasks=4)
    for number in range(30):
        store.apply(stories.succeeded(uuid_of(number), BASE + number))

    counted = counts_of(store, bucket_s=HOUR)

    assert [values(bucket) for bucket in counted.buckets] == [{"SEEN": 30, "SUCCESS": 30}]


def test_a_bucket_without_length_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="length"):
        counts_of(store, bucket_s=0)
