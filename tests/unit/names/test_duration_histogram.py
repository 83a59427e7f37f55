"""Histograms of durations."""

from __future__ import annotations

import itertools

from umbel.services.names.duration_histogram import duration_histogram


def test_every_duration_is_in_the_bin_around_it() -> None:
    durations = [0.0, 0.0004, 0.001, 0.5, 0.52, 3.0, 86_400.0]

    bins = duration_histogram(durations)

    for each in bins:
        assert each.n == sum(each.low <= duration < each.high for duration in durations)
    assert sum(each.n for each in bins) == len(durations)


def test_bins_touch_and_end_with_what_there_is() -> None:
    bins = duration_histogram([0.02, 1.0])

    assert all(one.high == other.low for one, other in itertools.pairwise(bins))
    assert bins[0].n == bins[-1].n == 1
    assert any(each.n == 0 for each in bins)


def test_whatever_it_is_there_are_few() -> None:
    assert len(duration_histogram([-5.0, 0.0, 1e300])) < 90
    assert duration_histogram([]) == ()
