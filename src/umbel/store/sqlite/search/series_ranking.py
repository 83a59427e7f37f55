"""Which values are the top groups of a series, without its buckets.

A chart shows a few groups out of hundreds of workers, so it pays to know first which: sums of the
whole span are enough for that, and roll-ups by hour have sixty times fewer rows than those by
minute. At the ends of the span, where an hour is only partly in it, finer rows are summed up.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from umbel.cluster.task import FAILURE, REVOKED, SUCCESS, Task
from umbel.query.match import compile_query
from umbel.store.sqlite.files.stored_numbers import ROLLED_UP_FIELDS
from umbel.store.sqlite.search.reader import ReadPartition
from umbel.store.sqlite.search.series_cells import SeriesRequest
from umbel.store.sqlite.write.rollup import LEVELS, decode_histogram

_HOUR_S: Final = LEVELS[-1]


class SeriesRanking:
    """Sums of each value of `field` for a request that is grouped by it, and whose query may ask
    for states besides. Partitions are added one after the other."""

    def __init__(self, request: SeriesRequest, level: int, field: str) -> None:
        self._request = request
        self._level = level
        self._field = ROLLED_UP_FIELDS[field]
        #: By value, the two numbers of which the rank is made.
        self._sums: dict[str, list[float]] = defaultdict(lambda: [0, 0])
        wants = compile_query(request.query, request.now)
        self._wants_end = [
            wants(Task(uuid="", state=state, seen=0.0, timestamp=0.0))
            for state in (SUCCESS, FAILURE, REVOKED)
        ]

    def add(self, partition: ReadPartition) -> None:
        """Sum up what a partition has."""
        for level, first, last in self._pieces():
            span = self._field, level, first, last
            if self._request.measure == "count":
                self._count(partition, span)
            else:
                self._measure(partition, span)

    def top(self) -> frozenset[str]:
        """The values with the highest rank, by the same rule as in `series_lines`."""
        ranked = sorted((-rank, -more, value) for value, (rank, more) in self._ranks())
        return frozenset(value for *_, value in ranked[: self._request.top])

    def _ranks(self) -> Iterator[tuple[str, tuple[float, float]]]:
        is_count = self._request.measure == "count"
        for value, (first, second) in self._sums.items():
            if is_count and (first or second):
                yield value, (first, second)
            elif not is_count and second:
                yield value, (first / second, 0)

    def _pieces(self) -> Iterator[tuple[int, int, int]]:
        """Level, beginning and end of what is summed up."""
        first, last = self._request.first, self._request.last
        begin, end = -(-first // _HOUR_S) * _HOUR_S, last // _HOUR_S * _HOUR_S
        if self._level == _HOUR_S or begin >= end:
            yield self._level, first, last
            return
        yield _HOUR_S, begin, end
        if first < begin:
            yield self._level, first, begin
        if end < last:
            yield self._level, end, last

    def _count(self, partition: ReadPartition, span: tuple[int, ...]) -> None:
        texts = partition.value_dictionary.texts
        for value, seen, *ended in partition.connection.execute(
            "SELECT value, sum(seen), sum(succeeded), sum(failed), sum(revoked) FROM value_roll"
            " WHERE field = ? AND level = ? AND start >= ? AND start < ? GROUP BY value",
            span,
        ):
            sums = self._sums[texts[value]]
            sums[0] += seen if self._request.with_seen else 0
            sums[1] += sum(n for n, wants in zip(ended, self._wants_end, strict=True) if wants)

    def _measure(self, partition: ReadPartition, span: tuple[int, ...]) -> None:
        texts = partition.value_dictionary.texts
        took = self._request.measure
        for value, total_s, packed in partition.connection.execute(
            f"SELECT value, {took}_s, {took}s FROM value_roll"
            f" WHERE field = ? AND level = ? AND start >= ? AND start < ? AND {took}s IS NOT NULL",
            span,
        ):
            sums = self._sums[texts[value]]
            sums[0] += total_s
            sums[1] += sum(decode_histogram(packed).values())
