"""Percentiles from histograms are close to the true ones."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel.store.sqlite.files.latency_histogram import LARGEST_S, bucket, middle_s, percentile_s

durations = st.floats(1e-4, 1e6)


@given(durations)
def test_a_bucket_stands_for_its_durations_within_five_percent(took: float) -> None:
    assert middle_s(bucket(took)) == pytest.approx(took, rel=0.05)


@given(durations, durations)
def test_a_longer_duration_is_in_no_lower_bucket(a: float, b: float) -> None:
    assert (a <= b) <= (bucket(a) <= bucket(b))


@given(st.lists(durations, min_size=1), st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_percentile_is_the_nearest_rank_within_five_percent(
    taken: list[float], part: float
) -> None:
    true = sorted(taken)[max(0, math.ceil(part * len(taken)) - 1)]

    assert percentile_s(Counter(map(bucket, taken)), part) == pytest.approx(true, rel=0.05)


@pytest.mark.parametrize("took", [0.0, -5.0, 1e-9])
def test_no_time_at_all_is_zero(took: float) -> None:
    assert middle_s(bucket(took)) == 0.0


@pytest.mark.parametrize("took", [LARGEST_S, 1e300, math.inf])
def test_what_no_run_can_take_has_a_bucket_too(took: float) -> None:
    assert bucket(took) == bucket(LARGEST_S)
