"""Measures over time: from roll-ups where they know enough, else from the rows of tasks.

Roll-ups know names and states, or states and one field of those that are rolled up by value
(`series_of_values`). Which of their rows belong to a query is decided by `match` itself, asked
about a task that has nothing but these. Everything else (several such fields, texts, durations)
is read from tasks, in `series_scan`.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import apsw

from umbel.cluster.task import Task
from umbel.query.ast import Node
from umbel.query.fields import fields_used
from umbel.query.match import Test, compile_query
from umbel.store.capabilities import Grouping, Measure
from umbel.store.series import Series
from umbel.store.series_lines import whole_minutes
from umbel.store.sqlite.files import value_rollups
from umbel.store.sqlite.files.roll_up_levels import HOUR_S, LEVELS, MINUTE_S, TEN_MINUTES_S
from umbel.store.sqlite.files.stored_numbers import (
    ALL_NAMES,
    MEASURES,
    NO_NAME,
    ROLLED_UP_FIELDS,
)
from umbel.store.sqlite.search.reader import Deadline, Reader, ReadPartition
from umbel.store.sqlite.search.series_cells import SeriesCells, SeriesRequest
from umbel.store.sqlite.search.series_of_values import SeriesOfValues, field_of
from umbel.store.sqlite.search.series_ranking import SeriesRanking
from umbel.store.sqlite.search.series_scan import SeriesScan
from umbel.store.sqlite.write.rollup import decode_histogram

#: What roll-ups know of a task.
_ROLLED_UP: Final = frozenset({"name", "state"})
#: The longest span, in seconds, that is drawn from roll-ups of each level; longer levels are read
#: where the buckets are made of whole ones.
_SPAN_MAX_S: Final = {MINUTE_S: 86_400 * 1.5, TEN_MINUTES_S: 86_400 * 10, HOUR_S: math.inf}
#: The longest span, in seconds, of which tasks are counted by minute where there are more values
#: than have roll-ups by minute. Of a longer one that takes more time than anybody waits.
_COUNTED_MAX_S: Final = 3_600 * 6


def series(
    reader: Reader,
    query: Node,
    *,
    now: float,
    measure: Measure,
    start: float,
    end: float,
    bucket_s: float,
    by: Grouping | None,
    top: int,
    deadline: Deadline,
) -> Series:
    """See `Store.series`."""
    step_s, level = steps(bucket_s, end - start)
    if (
        by is not None
        and by in ROLLED_UP_FIELDS
        and level == MINUTE_S
        and end - start > _COUNTED_MAX_S
        and _has_too_many(reader, by, start, end, deadline)
    ):
        step_s, level = steps(math.ceil(bucket_s / TEN_MINUTES_S) * TEN_MINUTES_S, end - start)
    request = SeriesRequest(
        query=query,
        now=now,
        measure=measure,
        first=math.floor(start / step_s) * step_s,
        last=math.ceil(end / step_s) * step_s,
        bucket_s=step_s,
        by=by,
        top=top,
    )
    cells = SeriesCells(request)
    source = _Source(reader, request, cells, level, deadline)
    if source.can_rank and _each_partition(reader, deadline, source.rank):
        source.choose()
    complete = _each_partition(reader, deadline, source.add)
    return cells.series(complete=complete and source.is_whole)


def _has_too_many(reader: Reader, field: str, start: float, end: float, deadline: Deadline) -> bool:
    """Whether some hour of the span had more values than have roll-ups by minute."""

    def has_few(partition: ReadPartition) -> bool:
        connection = partition.connection
        return value_rollups.rolled_up_since(connection) > 1 or not value_rollups.was_full(
            connection, field, MINUTE_S, math.floor(start), math.ceil(end)
        )

    return not _each_partition(reader, deadline, has_few)


def _each_partition(
    reader: Reader, deadline: Deadline, take: Callable[[ReadPartition], bool]
) -> bool:
    """Give each partition to `take`, until it answers no or time is up; whether all were taken."""
    for number in reader.numbers():
        try:
            with reader.partition(number, deadline) as partition:
                if partition is not None and not take(partition):
                    return False
        except apsw.InterruptError:
            return False
    return True


def steps(bucket_s: float, span_s: float) -> tuple[int, int]:
    """The length of bucket that is given, and the level of roll-up it is made of."""
    bucket_s = whole_minutes(bucket_s)
    level = next(level for level, most_s in _SPAN_MAX_S.items() if span_s <= most_s)
    step_s = math.ceil(bucket_s / level) * level
    return step_s, max(each for each in LEVELS if step_s % each == 0)


class _Source:
    """Fills cells from what knows enough in each partition."""

    def __init__(
        self,
        reader: Reader,
        request: SeriesRequest,
        cells: SeriesCells,
        level: int,
        deadline: Deadline,
    ) -> None:
        self._by = request.by
        self._scan = SeriesScan(reader, request, cells, deadline)
        self._roll_ups: _RollUps | None = None
        self._values: SeriesOfValues | None = None
        self._ranking: SeriesRanking | None = None
        field = field_of(request)
        if {*fields_used(request.query), request.by or "state"} <= _ROLLED_UP:
            self._roll_ups = _RollUps(request, cells, level)
        elif field is not None:
            self._values = SeriesOfValues(request, cells, level, field)
            if self._values.groups_are_values:
                self._ranking = SeriesRanking(request, level, field)
        #: Whether every task is in its group.
        self.is_whole = True

    @property
    def can_rank(self) -> bool:
        """Whether it pays to know the top groups first."""
        return self._ranking is not None

    def rank(self, partition: ReadPartition) -> bool:
        """Take a partition into the ranking; whether its roll-ups know enough for that."""
        if self._ranking is None or self._values is None or not self._values.knows(partition):
            return False
        self._ranking.add(partition)
        return True

    def choose(self) -> None:
        """Give groups to the top values alone, after each partition was ranked."""
        if self._ranking is not None and self._values is not None:
            self._values.top = self._ranking.top()

    def add(self, partition: ReadPartition) -> bool:
        """Add what a partition has; whether time was enough."""
        self.is_whole &= partition.value_dictionary.is_whole(self._by)
        if self._roll_ups is not None:
            self._roll_ups.add(partition)
            return True
        if self._values is not None and self._values.knows(partition):
            is_whole = self._values.is_whole(partition)
            if is_whole or not self._scan.reads_few(partition):
                self._values.add(partition)
                self.is_whole &= is_whole
                return True
        return self._scan.add(partition)


class _RollUps:
    """Fills cells from the roll-ups of a level."""

    def __init__(self, request: SeriesRequest, cells: SeriesCells, level: int) -> None:
        self._request = request
        self._cells = cells
        self._level = level
        self._test: Test = compile_query(request.query, request.now)
        #: By name the rows of each name are read, else those of all names together.
        by_name = request.by == "name" or "name" in fields_used(request.query)
        self._names = f"name {'!=' if by_name else '='} {ALL_NAMES}"

    def add(self, partition: ReadPartition) -> None:
        """Add what a partition has."""
        texts = partition.value_dictionary.texts
        wanted: dict[tuple[int, int], bool] = {}
        for time in self._request.times:
            for bucket, name, state, n, total_s, histogram in self._rows(partition, time):
                key = (name, state)
                if key not in wanted:
                    wanted[key] = self._wants(texts, name, state)
                if not wanted[key]:
                    continue
                start = float(self._request.first + bucket * self._request.bucket_s)
                value = self._value(texts, name, state)
                if self._request.measure == "count":
                    self._cells.count(time, start, value, texts[state], n)
                elif histogram is not None:
                    self._cells.measure(start, value, decode_histogram(histogram), total_s)

    def _rows(self, partition: ReadPartition, time: str) -> apsw.Cursor:
        """Bucket, name, state, number, sum of durations and histogram."""
        chosen, together = "n, total, hist", ""
        if self._request.measure == "count":
            chosen, together = "sum(n), 0.0, NULL", "GROUP BY 1, 2, 3"
        asks = self._request
        level = partition.level(self._level)
        return partition.connection.execute(
            f"SELECT (start - ?) / ?, name, state, {chosen} FROM roll"
            f" WHERE level = ? AND measure = ? AND start >= ? AND start < ? AND {self._names}"
            f" {together}",
            (asks.first, asks.bucket_s, level, MEASURES[time], asks.first, asks.last),
        )

    def _wants(self, texts: dict[int, str], name: int, state: int) -> bool:
        named = _named(texts, name)
        return self._test(Task(uuid="", state=texts[state], seen=0.0, timestamp=0.0, name=named))

    def _value(self, texts: dict[int, str], name: int, state: int) -> str | None:
        match self._request.by:
            case "name":
                return _named(texts, name)
            case "state":
                return texts[state]
            case _:
                return None


def _named(texts: dict[int, str], name: int) -> str | None:
    return None if name in (ALL_NAMES, NO_NAME) else texts[name]
