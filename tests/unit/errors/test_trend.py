"""The buckets of a trend."""

from __future__ import annotations

import pytest

from umbel.services.errors.trend import POINTS, TimeSpan, buckets_of, fitting_bucket_s
from umbel.store.series import CountBucket


def bucket(start: float, failed: int) -> CountBucket:
    return CountBucket(start=start, seen=None, failed=failed)


def test_every_bucket_of_the_span_is_there_also_without_failures() -> None:
    buckets = buckets_of(TimeSpan(130.0, 310.0), 60.0)

    assert (buckets.start, buckets.number) == (120.0, 4)
    assert buckets.numbers([bucket(180.0, 3), bucket(300.0, 1)]) == (0, 3, 0, 1)


def test_what_lies_outside_is_left_out() -> None:
    buckets = buckets_of(TimeSpan(120.0, 240.0), 60.0)

    assert buckets.numbers([bucket(60.0, 9), bucket(120.0, 1), bucket(240.0, 9)]) == (1, 0)


@pytest.mark.parametrize("span_s", [1.0, 900.0, 3_600.0, 86_400.0, 86_400.0 * 30, 1e9])
def test_there_are_about_so_many_whatever_the_span(span_s: float) -> None:
    span = TimeSpan(1_000_000.0, 1_000_000.0 + span_s)

    assert buckets_of(span, fitting_bucket_s(span)).number <= POINTS + 1
