"""Which values are the top groups of a series, without its buckets.

A chart shows a few groups out of hundreds of workers, so it pays to know first which: sums of the
whole span are enough for that, and roll-ups by hour have sixty times fewer rows than those by
minute. At the ends of the span, where an hour is only partly in it, finer rows are summed up.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from umbel.cluster.task import FAILURE, REVOKED, SUCCESS, Task
from umbel.query.match import compile_query
from umbel.store.sqlite.files.roll_up_levels import LEVELS
from umbel.store.sqlite.files.stored_numbers import ROLLED_UP_FIELDS
from umbel.store.sqlite.search.reader import ReadPartition
from umbel.store.sqlite.search.series_cells import SeriesRequest
from umbel.store.sqlite.write.rollup import decode_histogram


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
        asks = self._request
        level, longest_s = partition.level(self._level), partition.level(LEVELS[-1])
        for each, first, last in pieces(asks.first, asks.last, level, longest_s):
            span = self._field, each, first, last
            if asks.measure == "count":
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

    def _count(self, partition: ReadPartition, span: tuple[int, ...]) -> None:
        texts = partition.value_dictionary.texts
        for value, seen, *ended in partition.connection.execute(
            "SELECT value, sum(seen), sum(succeeded), sum(failed), sum(revoked) FROM value_roll"
            " WHERE field = ? AND level = ? AND start >= ? AND start < ? GROUP BY value",
            span,
        ):
            matching = sum(n for n, wants in zip(ended, self._wants_end, strict=True) if wants)
            self._add(texts[value], seen if self._request.with_seen else 0, matching)

    def _measure(self, partition: ReadPartition, span: tuple[int, ...]) -> None:
        texts = partition.value_dictionary.texts
        took = self._request.measure
        where = f"field = ? AND level = ? AND start >= ? AND start < ? AND {took}s IS NOT NULL"
        has_numbers = partition.counts_durations
        if has_numbers:
            for value, total_s, n in partition.connection.execute(
                f"SELECT value, sum({took}_s), sum({took}s_n) FROM value_roll"
                f" WHERE {where} AND {took}s_n IS NOT NULL GROUP BY value",
                span,
            ):
                self._add(texts[value], total_s, n)
        for value, total_s, packed in partition.connection.execute(
            f"SELECT value, {took}_s, {took}s FROM value_roll WHERE {where}"
            + (f" AND {took}s_n IS NULL" if has_numbers else ""),
            span,
        ):
            self._add(texts[value], total_s, sum(decode_histogram(packed).values()))

    def _add(self, value: str, first: float, second: float) -> None:
        sums = self._sums[value]
        sums[0] += first
        sums[1] += second


def pieces(first: int, last: int, level: int, longest_s: int) -> Iterator[tuple[int, int, int]]:
    """The level, beginning and end of the fewest buckets that make up [first, last), seconds;
    `first` and `last` are whole ones of `level`, and none is longer than `longest_s`."""
    for longer in reversed([each for each in LEVELS if level < each <= longest_s]):
        begin, end = -(-first // longer) * longer, last // longer * longer
        if begin < end:
            yield longer, begin, end
            yield from pieces(first, begin, level, longer - 1)
            yield from pieces(end, last, level, longer - 1)
            return
    if first < last:
        yield level, first, last
