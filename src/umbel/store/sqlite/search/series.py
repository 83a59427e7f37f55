"""Measures over time, from roll-ups alone.

Which rows of `roll` belong to a query is decided by `match` itself, asked about a task that
has nothing but a name and a state. Histograms of the chosen rows are added up, and
percentiles read from the sum.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

import math
from collections import defaultdict
from typing import Final

from umbel.cluster.task import ENDED, Task
from umbel.query.ast import Node
from umbel.query.fields import fields_used
from umbel.query.match import Test, compile_query
from umbel.query.rollups import refuse_beyond_rollups
from umbel.store.base import Bucket, Measure, Series
from umbel.store.series import SEEN as SEEN_GROUP
from umbel.store.series import whole_minutes
from umbel.store.sqlite.files.latency_histogram import percentile_s
from umbel.store.sqlite.search.reader import Reader, ReadPartition
from umbel.store.sqlite.write.rollup import (
    ALL_NAMES,
    FINISHED,
    LEVELS,
    NO_NAME,
    SEEN,
    STARTED,
    decode_histogram,
)

#: The longest span, in seconds, that is drawn from roll-ups of each level.
_SPAN_MAX_S: Final = {60: 86_400 * 1.5, 600: 86_400 * 10}


def series(
    reader: Reader,
    query: Node,
    *,
    now: float,
    measure: Measure,
    start: float,
    end: float,
    bucket_s: float,
) -> Series:
    """See `Store.series`, and `memory` for what each measure counts."""
    refuse_beyond_rollups(query)
    bucket_s, level = steps(bucket_s, end - start)
    drawing = _Drawing(query, now, measure, level, bucket_s)
    first = math.floor(start / bucket_s) * bucket_s
    for number in reader.numbers():
        with reader.partition(number) as partition:
            if partition is not None:
                drawing.add(partition, first, end)
    return Series(measure=measure, bucket_s=bucket_s, buckets=drawing.buckets())


def steps(bucket_s: float, span_s: float) -> tuple[float, int]:
    """The length of bucket that is given, and the level of roll-up it is made of."""
    bucket_s = whole_minutes(bucket_s)
    level = next(level for level in LEVELS if span_s <= _SPAN_MAX_S.get(level, math.inf))
    bucket_s = math.ceil(bucket_s / level) * level
    return float(bucket_s), max(each for each in LEVELS if bucket_s % each == 0)


class _Sum:
    """What one bucket has of a measure."""

    __slots__ = ("histogram", "total")

    def __init__(self) -> None:
        self.total = 0.0
        self.histogram: dict[int, int] = defaultdict(int)


class _Drawing:
    def __init__(
        self, query: Node, now: float, measure: Measure, level: int, bucket_s: float
    ) -> None:
        self._test: Test = compile_query(query, now)
        fields = set(fields_used(query))
        self._by_name = "name" in fields
        self._measure: Measure = measure
        self._level = level
        self._bucket_s = bucket_s
        self._measures = {
            "count": (FINISHED,) if "state" in fields else (SEEN, FINISHED),
            "runtime": (FINISHED,),
            "wait": (STARTED,),
        }[measure]
        self._counts: dict[float, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._sums: dict[float, _Sum] = defaultdict(_Sum)

    def add(self, partition: ReadPartition, first: float, end: float) -> None:
        """Add what a partition has in the buckets from `first` to before `end`."""
        texts = partition.value_dictionary.texts
        wanted: dict[tuple[int, int], bool] = {}
        last = math.ceil(end / self._bucket_s) * self._bucket_s
        names = f"name {'!=' if self._by_name else '='} {ALL_NAMES}"
        for measure in self._measures:
            rows = partition.connection.execute(
                "SELECT start, name, state, n, total, hist FROM roll"
                f" WHERE level = ? AND measure = ? AND start >= ? AND start < ? AND {names}",
                (self._level, measure, first, last),
            )
            for start, name, state, n, total, histogram in rows:
                key = (name, state)
                if key not in wanted:
                    wanted[key] = self._wants(texts, name, state)
                if wanted[key]:
                    at = start // self._bucket_s * self._bucket_s
                    self._take(measure, at, texts[state], n, total, histogram)

    def _wants(self, texts: dict[int, str], name: int, state: int) -> bool:
        named = None if name in (ALL_NAMES, NO_NAME) else texts[name]
        return self._test(Task(uuid="", state=texts[state], seen=0.0, timestamp=0.0, name=named))

    def _take(
        self, measure: int, at: float, state: str, n: int, total: float, histogram: bytes | None
    ) -> None:
        if self._measure == "count":
            if measure == SEEN:
                self._counts[at][SEEN_GROUP] += n
            elif state in ENDED:
                self._counts[at][state] += n
        elif histogram is not None:
            sum_ = self._sums[at]
            sum_.total += total
            for number, count in decode_histogram(histogram).items():
                sum_.histogram[number] += count

    def buckets(self) -> tuple[Bucket, ...]:
        if self._measure == "count":
            return tuple(Bucket(at, dict(self._counts[at])) for at in sorted(self._counts))
        return tuple(Bucket(at, _summary(self._sums[at])) for at in sorted(self._sums))


def _summary(sum_: _Sum) -> dict[str, float]:
    n = sum(sum_.histogram.values())
    return {
        "n": float(n),
        "mean": sum_.total / n,
        "p50": percentile_s(sum_.histogram, 0.50),
        "p95": percentile_s(sum_.histogram, 0.95),
        "p99": percentile_s(sum_.histogram, 0.99),
    }
