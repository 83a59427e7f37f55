"""Counts of failures over time: the buckets of a span, and series as plain lists of numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from umbel.errors import StoreError
from umbel.query.ast import Node
from umbel.services.search.search import BUCKET_STEPS_S
from umbel.store.base import Store
from umbel.store.capabilities import Grouping
from umbel.store.series import CountBucket, CountSeries

#: About so many points a trend has.
POINTS: Final = 60


class TimeSpan(NamedTuple):
    """From `since` to `until` (Unix seconds)."""

    since: float
    until: float


def failed(bucket: CountBucket) -> int:
    """How many failed in it."""
    return bucket.failed


class Buckets(NamedTuple):
    """Equal buckets that cover a span: `number` of them, of `bucket_s` seconds, the first from
    `start` on."""

    start: float
    bucket_s: float
    number: int

    def numbers(
        self, found: Iterable[CountBucket], number: Callable[[CountBucket], int] = failed
    ) -> tuple[int, ...]:
        """How many failed in each, or another `number` of it."""
        numbers = [0] * self.number
        for each in found:
            at = math.floor((each.start - self.start) / self.bucket_s)
            if 0 <= at < self.number:
                numbers[at] += number(each)
        return tuple(numbers)


def fitting_bucket_s(span: TimeSpan) -> float:
    """The length of bucket of which about `POINTS` fill the span, seconds."""
    fits = (span.until - span.since) / POINTS
    return next((step_s for step_s in BUCKET_STEPS_S if step_s >= fits), fits)


def buckets_of(span: TimeSpan, bucket_s: float) -> Buckets:
    """Those that overlap the span; they begin at multiples of their length."""
    start = math.floor(span.since / bucket_s) * bucket_s
    return Buckets(start, bucket_s, max(1, math.ceil((span.until - start) / bucket_s)))


def counts_over_time(
    store: Store,
    query: Node,
    span: TimeSpan,
    bucket_s: float,
    *,
    now: float,
    budget_s: float,
    by: Grouping | None = None,
    top: int = 10,
) -> CountSeries:
    """How many of the tasks that match ended in each bucket, and how. Raises `StoreError`."""
    series = store.series(
        query, now=now, measure="count", start=span.since, end=span.until, bucket_s=bucket_s,
        by=by, top=top, budget_s=budget_s,
    )  # fmt: skip
    if not isinstance(series, CountSeries):
        raise StoreError("The store gave a series of another measure than was asked for.")
    return series
