"""Summed histograms say what dictionaries of counts would."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.store.sqlite.files.latency_histogram import BUCKETS, LARGEST_S, bucket, percentile_s
from umbel.store.sqlite.search.duration_histogram import DurationHistogram

counts = st.dictionaries(st.integers(0, BUCKETS - 1), st.integers(1, 10**12), max_size=12)


def histogram(*taken: dict[int, int]) -> DurationHistogram:
    made = DurationHistogram()
    for each in taken:
        made.take(each, 1.5 * sum(each.values()))
    return made


@given(st.lists(counts, min_size=1, max_size=5))
def test_sums_have_the_percentiles_of_all_counts(each: list[dict[int, int]]) -> None:
    total: Counter[int] = Counter()
    for one in each:
        total.update(one)

    summed = DurationHistogram()
    for one in each:
        summed.add(histogram(one))

    assert summed.n == sum(total.values())
    if summed.n:
        durations = summed.durations()
        assert durations.n == summed.n
        assert durations.mean == pytest.approx(1.5)
        for part, value in ((0.50, durations.p50), (0.95, durations.p95), (0.99, durations.p99)):
            assert value == percentile_s(total, part)


@given(counts, counts)
def test_what_is_left_is_never_less_than_nothing(
    mine: dict[int, int], other: dict[int, int]
) -> None:
    left = histogram(mine).without(histogram(other))

    wanted = +(Counter(mine) - Counter(other))
    assert left.n == sum(wanted.values())
    assert left.total_s >= 0
    if left.n:
        assert left.durations().p50 == percentile_s(wanted, 0.50)


@given(counts, counts)
def test_a_part_can_be_taken_away_again(mine: dict[int, int], other: dict[int, int]) -> None:
    left = histogram(mine, other).without(histogram(other))

    assert left.n == sum(mine.values())
    if left.n:
        assert left.durations().p99 == percentile_s(mine, 0.99)


def test_the_longest_duration_has_its_place() -> None:
    assert bucket(LARGEST_S) == BUCKETS - 1
    assert histogram({BUCKETS - 1: 1}).durations().p50 > LARGEST_S / 2
