"""A series worked out from whole tasks (see `base` for the rules)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

from umbel.cluster.task import ENDED, Task
from umbel.query.ast import Node
from umbel.query.fields import fields_used
from umbel.store.capabilities import Grouping, Measure
from umbel.store.series import Durations, Series
from umbel.store.series_lines import (
    Cells,
    CountCell,
    count_series,
    duration_series,
    whole_minutes,
)


def series_of_tasks(
    tasks: Iterable[Task],
    query: Node,
    *,
    measure: Measure,
    start: float,
    end: float,
    bucket_s: float,
    by: Grouping | None = None,
    top: int = 10,
) -> Series:
    """The series of these tasks, which are those that match `query`. Raises `ValueError` for a
    bucket without length."""
    span = _BucketRange(start, end, whole_minutes(bucket_s))
    if measure == "count":
        with_seen = counts_seen(query, by)
        counts = _counts(tasks, span, by, with_seen=with_seen)
        return count_series(counts, span.bucket_s, by=by, top=top, with_seen=with_seen)
    return duration_series(_durations(tasks, measure, span, by), span.bucket_s, by=by, top=top)


def counts_seen(query: Node, by: Grouping | None) -> bool:
    """Whether a count tells how many tasks were first seen: not where states decide, which a
    task has only later."""
    return by != "state" and "state" not in fields_used(query)


class _BucketRange:
    """Every bucket that overlaps [start, end)."""

    def __init__(self, start: float, end: float, bucket_s: float) -> None:
        self.bucket_s = bucket_s
        self._first = math.floor(start / bucket_s) * bucket_s
        self._end = end

    def buckets(self, time: float | None) -> Iterator[float]:
        """The start of the bucket in which the time lies; nothing if there is none."""
        if time is not None:
            start = math.floor(time / self.bucket_s) * self.bucket_s
            if self._first <= start < self._end:
                yield start


def _counts(
    tasks: Iterable[Task], span: _BucketRange, by: Grouping | None, *, with_seen: bool
) -> Cells[CountCell]:
    cells = Cells(CountCell)
    for task in tasks:
        value = getattr(task, by) if by is not None else None
        for start in span.buckets(task.seen if with_seen else None):
            cells.cell(value, start).seen += 1
        for start in span.buckets(task.finished if task.state in ENDED else None):
            cells.cell(value, start).add_ended(task.state, 1)
    return cells


class _DurationList:
    """The durations of one group in one bucket, each of them."""

    def __init__(self) -> None:
        self.durations_s: list[float] = []

    def add(self, other: _DurationList) -> None:
        self.durations_s += other.durations_s

    def mean_s(self) -> float:
        return math.fsum(self.durations_s) / len(self.durations_s)

    def durations(self) -> Durations:
        ascending = sorted(self.durations_s)
        return Durations(
            n=len(ascending),
            mean=self.mean_s(),
            p50=_percentile(ascending, 0.50),
            p95=_percentile(ascending, 0.95),
            p99=_percentile(ascending, 0.99),
        )


def _durations(
    tasks: Iterable[Task], measure: Measure, span: _BucketRange, by: Grouping | None
) -> Cells[_DurationList]:
    cells = Cells(_DurationList)
    for task in tasks:
        time, duration = (
            (task.finished, task.runtime) if measure == "runtime" else (task.started, task.wait)
        )
        if duration is not None:
            for start in span.buckets(time):
                value = getattr(task, by) if by is not None else None
                cells.cell(value, start).durations_s.append(duration)
    return cells


def _percentile(ascending: Sequence[float], share: float) -> float:
    """Nearest rank: the smallest value with at least `share` of all values up to it."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)]
