"""Series from roll-ups by one value (`files/value_rollups.py`): of one field among worker, queue
and error, with states.

Tasks without a value of the field have no rows. They are what is left of all tasks (the roll-ups by
name and state, of all names together) when those with a value are taken away. In the same way
groups beyond the top ones are what is left when those are taken away: where there are hundreds of
workers, `series_ranking` tells which are the top ones, and those alone are read.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections import defaultdict
from typing import Final

from msgspec.structs import replace

from umbel.cluster.task import ENDED, FAILURE, REVOKED, SUCCESS, Task
from umbel.query.fields import fields_used
from umbel.query.match import Test, compile_query
from umbel.store.sqlite.files import value_rollups
from umbel.store.sqlite.files.roll_up_levels import HOUR_S, MINUTE_S
from umbel.store.sqlite.files.stored_numbers import (
    ALL_NAMES,
    MEASURES,
    ROLLED_UP_FIELDS,
    STATE_OF_ID,
)
from umbel.store.sqlite.search.duration_histogram import DurationHistogram
from umbel.store.sqlite.search.reader import ReadPartition
from umbel.store.sqlite.search.series_cells import SeriesCells, SeriesRequest
from umbel.store.sqlite.write.rollup import decode_histogram

#: States in the order of the columns of `value_roll`.
_ENDS: Final = (SUCCESS, FAILURE, REVOKED)
#: The number that stands for tasks without a value; no value has it.
_NO_VALUE: Final = 0

_Bucket = tuple[int, int]  # number of the bucket, value


def field_of(request: SeriesRequest) -> str | None:
    """The field whose roll-ups know enough to answer; None if none does."""
    asked = {*fields_used(request.query), *([request.by] if request.by else [])}
    fields = asked - {"state"}
    if len(fields) != 1 or not fields <= ROLLED_UP_FIELDS.keys():
        return None
    if "state" in asked and request.measure != "count":
        return None
    return fields.pop()


class SeriesOfValues:
    """Fills cells from the roll-ups of `field` of a level."""

    def __init__(self, request: SeriesRequest, cells: SeriesCells, level: int, field: str) -> None:
        self._request = request
        self._cells = cells
        self._level = level
        self._field = field
        self._test: Test = compile_query(request.query, request.now)
        self._asks_values = field in set(fields_used(request.query))
        #: The only values that get a group each; all do if None.
        self.top: frozenset[str] | None = None
        #: Whether tasks without a value may match.
        self._wants_without = any(self._wants(None, state) for state in _ENDS)

    def knows(self, partition: ReadPartition) -> bool:
        """Whether the partition's roll-ups know enough: all tasks are in them, and a query about
        values can be decided from those that are kept."""
        if not partition.value_dictionary.is_whole(self._field):
            return False
        if value_rollups.rolled_up_since(partition.connection) > 1:
            return False
        if self._level == MINUTE_S and self._was_full(partition, MINUTE_S):
            return False
        return not (self._asks_values and self._was_full(partition, HOUR_S))

    def is_whole(self, partition: ReadPartition) -> bool:
        """Whether every value has its group."""
        return self._request.by != self._field or not self._was_full(partition, HOUR_S)

    def _was_full(self, partition: ReadPartition, level: int) -> bool:
        asks = self._request
        return value_rollups.was_full(
            partition.connection, self._field, level, asks.first, asks.last
        )

    def add(self, partition: ReadPartition) -> None:
        """Add what a partition has."""
        if self._request.measure == "count":
            self._count(partition)
        else:
            self._measure(partition)

    # -- counts --------------------------------------------------------------------------

    def _count(self, partition: ReadPartition) -> None:
        counted = {
            (bucket, value): numbers
            for bucket, value, *numbers in partition.connection.execute(
                "SELECT (start - ?) / ?, value, sum(seen), sum(succeeded), sum(failed),"
                f" sum(revoked) FROM value_roll WHERE {self._where(partition)} GROUP BY 1, 2",
                self._parameters(partition),
            )
        }
        if self._wants_without:
            left = self._all_counts(partition)
            for (bucket, _), numbers in counted.items():
                if (rest := left.get(bucket)) is not None:
                    left[bucket] = [a - b for a, b in zip(rest, numbers, strict=True)]
            counted |= {(bucket, _NO_VALUE): numbers for bucket, numbers in left.items()}
        wanted: dict[int, list[bool]] = {}
        texts = partition.value_dictionary.texts
        for (bucket, value), (seen, *ended) in counted.items():
            text = texts.get(value)
            if value not in wanted:
                wanted[value] = [self._wants(text, state) for state in _ENDS]
            wants = wanted[value]
            start = float(self._request.first + bucket * self._request.bucket_s)
            # States decide nothing where tasks are counted by when they were first seen.
            if self._request.with_seen and wants[0] and seen > 0:
                self._cells.count("seen", start, self._group(text, ""), "", seen)
            for state, n, is_wanted in zip(_ENDS, ended, wants, strict=True):
                if is_wanted and n > 0:
                    self._cells.count("finished", start, self._group(text, state), state, n)

    def _all_counts(self, partition: ReadPartition) -> dict[int, list[int]]:
        """What each bucket has of all tasks."""
        counts: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for time in ("seen", "finished"):
            for bucket, state_id, n in partition.connection.execute(
                "SELECT (start - ?) / ?, state, sum(n) FROM roll WHERE level = ? AND measure = ?"
                f" AND start >= ? AND start < ? AND name = {ALL_NAMES} GROUP BY 1, 2",
                self._of_all(partition, time),
            ):
                state = STATE_OF_ID[state_id]
                if time == "seen":
                    counts[bucket][0] += n
                elif state in ENDED:
                    counts[bucket][1 + _ENDS.index(state)] += n
        return counts

    # -- durations -----------------------------------------------------------------------

    def _measure(self, partition: ReadPartition) -> None:
        took = self._request.measure
        summed: dict[_Bucket, DurationHistogram] = defaultdict(DurationHistogram)
        for bucket, value, total_s, packed in partition.connection.execute(
            f"SELECT (start - ?) / ?, value, {took}_s, {took}s FROM value_roll"
            f" WHERE {self._where(partition)} AND {took}s IS NOT NULL",
            self._parameters(partition),
        ):
            summed[bucket, value].take(decode_histogram(packed), total_s)
        left = self._all_durations(partition) if self._wants_without else {}
        together: dict[int, DurationHistogram] = defaultdict(DurationHistogram)
        wanted: dict[int, bool] = {}
        texts = partition.value_dictionary.texts
        for (bucket, value), found in summed.items():
            if value not in wanted:
                wanted[value] = self._wants(texts[value], SUCCESS)
            if wanted[value]:
                self._add_durations(bucket, texts[value], found)
            if bucket in left:
                together[bucket].add(found)
        for bucket, everything in left.items():
            rest = everything.without(together[bucket])
            if rest.n:
                self._add_durations(bucket, None, rest)

    def _all_durations(self, partition: ReadPartition) -> dict[int, DurationHistogram]:
        """What each bucket has of all tasks."""
        rests: dict[int, DurationHistogram] = defaultdict(DurationHistogram)
        (time,) = self._request.times
        for bucket, total_s, packed in partition.connection.execute(
            "SELECT (start - ?) / ?, total, hist FROM roll WHERE level = ? AND measure = ?"
            f" AND start >= ? AND start < ? AND name = {ALL_NAMES} AND hist IS NOT NULL",
            self._of_all(partition, time),
        ):
            rests[bucket].take(decode_histogram(packed), total_s)
        return rests

    def _add_durations(self, bucket: int, text: str | None, found: DurationHistogram) -> None:
        start = float(self._request.first + bucket * self._request.bucket_s)
        self._cells.add(start, self._group(text, ""), found)

    # -- what is asked -------------------------------------------------------------------

    @property
    def groups_are_values(self) -> bool:
        """Whether groups are those of the values, none of which the query leaves out."""
        return self._request.by == self._field and not self._asks_values

    def _wants(self, text: str | None, state: str) -> bool:
        task = Task(uuid="", state=state, seen=0.0, timestamp=0.0)
        return self._test(replace(task, **{self._field: text}))

    def _group(self, text: str | None, state: str) -> str | None:
        match self._request.by:
            case None:
                return None
            case "state":
                return state
            case _:
                return text

    def _where(self, partition: ReadPartition) -> str:
        """Rows of the buckets; only those of the values that match, where no others are needed."""
        where = "field = ? AND level = ? AND start >= ? AND start < ?"
        values = partition.value_dictionary.numbers_of(self._field)
        if self.top is not None:
            top = [str(values[text]) for text in self.top if text in values]
            return f"{where} AND value IN ({','.join(top)})"
        if not self._asks_values or self._wants_without:
            return where
        matching = [
            str(number)
            for text, number in values.items()
            if any(self._wants(text, state) for state in _ENDS)
        ]
        return f"{where} AND value IN ({','.join(matching)})"

    def _parameters(self, partition: ReadPartition) -> tuple[int, ...]:
        asks = self._request
        field = ROLLED_UP_FIELDS[self._field]
        return asks.first, asks.bucket_s, field, partition.level(self._level), asks.first, asks.last

    def _of_all(self, partition: ReadPartition, time: str) -> tuple[int, ...]:
        asks = self._request
        level = partition.level(self._level)
        return asks.first, asks.bucket_s, level, MEASURES[time], asks.first, asks.last
