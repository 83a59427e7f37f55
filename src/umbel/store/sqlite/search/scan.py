"""A scan: the tasks that match a query, in the order of first sight, either direction.

One partition after the other, each by the cheapest access path, in pieces, with a look at the
clock between them. What columns cannot decide is decided by `match` on the task itself, so
an answer never depends on the access path that led to it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

import apsw

from umbel.query.ast import Node
from umbel.query.match import compile_query
from umbel.store.sqlite.files.damage import is_damage
from umbel.store.sqlite.files.row import id_value
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import NO, Bounds, Condition, all_of, to_sql
from umbel.store.sqlite.search.id_ranges import Range, joined, ranges
from umbel.store.sqlite.search.partition_scan import PartitionScan, Progress, ScanOptions
from umbel.store.sqlite.search.position import Match, Position
from umbel.store.sqlite.search.reader import Deadline, Reader, ReadPartition
from umbel.store.sqlite.text.body_prefilter import body_prefilter
from umbel.store.sqlite.text.joined_prefilter import joined_prefilter
from umbel.store.sqlite.text.query_text_filter import query_text_filter
from umbel.store.sqlite.text.text_filter import IndexQuery, index_query
from umbel.store.sqlite.text.text_index import Coverage, PartitionTokens, coverage

#: Before the first task, in either direction.
_BEFORE_NEWEST, _BEFORE_OLDEST = Position(1 << 20, 0), Position(0, 0)


class FieldValue(NamedTuple):
    """Only tasks with exactly this text in this shared field."""

    field: str
    text: str


class Scan:
    """`after` is the position that was reached before, `numbers` the partitions to look at,
    if not all; without `bodies`, tasks need not be made. Use once.

    `reached` tells meanwhile down to which position everything was looked at, and
    `timed_out` whether the scan ended for want of time.
    """

    def __init__(
        self,
        reader: Reader,
        query: Node,
        now: float,
        deadline: Deadline,
        *,
        descending: bool = True,
        after: Position | None = None,
        value: FieldValue | None = None,
        numbers: Iterable[int] | None = None,
        bodies: bool = True,
    ) -> None:
        self._reader = reader
        self._costs = reader.costs
        self._query = query
        self._now = now
        self._deadline = deadline
        self._descending = descending
        self._after = after
        self._value = value
        self._numbers = numbers
        self._bodies = bodies
        self._left_to_read = reader.costs.read_first
        self._shares: dict[str, float] = {}
        self._text_filter = query_text_filter(query)
        self._progress = Progress(
            after or (_BEFORE_NEWEST if descending else _BEFORE_OLDEST), deadline
        )

    @property
    def reached(self) -> Position:
        return self._progress.reached

    @property
    def timed_out(self) -> bool:
        return self._progress.timed_out

    @cached_property
    def _options(self) -> ScanOptions:
        text_filter = self._text_filter
        return ScanOptions(
            test=compile_query(self._query, self._now),
            prefilter=None if text_filter is None else body_prefilter(text_filter),
            joined_prefilter=None if text_filter is None else joined_prefilter(text_filter),
            descending=self._descending,
            bodies=self._bodies,
        )

    def matches(self) -> Generator[Match]:
        """The tasks. Close it when not all are taken, to give the partition back."""
        numbers = self._reader.numbers() if self._numbers is None else self._numbers
        for number in sorted(numbers, reverse=self._descending):
            if self._is_behind(number):
                continue
            try:
                with self._reader.partition(number, self._deadline) as partition:
                    if partition is not None:
                        yield from self._partition(partition)
            except apsw.InterruptError:
                self._progress.timed_out = True
            if self.timed_out:
                return

    def _is_behind(self, number: int) -> bool:
        if self._after is None:
            return False
        last = self._after.partition
        return number > last if self._descending else number < last

    def _partition(self, partition: ReadPartition) -> Iterator[Match]:
        """The partition's share, by the cheapest access path."""
        value_dictionary = partition.value_dictionary
        bounds = to_sql(self._query, value_dictionary, self._now, id_value)
        fixed: dict[str, set[int]] = {}
        if self._value is not None:
            number = value_dictionary.numbers_of(self._value.field).get(self._value.text)
            if number is None:
                return
            fixed = {self._value.field: {number}}
            only = Condition(f"{self._value.field} = {number}")
            bounds = all_of([bounds, Bounds(only, only)])
        low, high = self._span(partition)
        if bounds.upper == NO or low > high:
            return
        access = access_path.choose(self._query, value_dictionary, high, partition.costs, fixed)
        partition_scan = PartitionScan(
            partition, self._options, self._progress, bounds.upper, exact=bounds.exact
        )
        if access.within is not None:
            yield from partition_scan.within(access.within, (low, high))
            return
        covered = None
        if not bounds.exact and access.expected > self._costs.few_rows:
            covered = None if self._text_filter is None else coverage(partition)
        if covered is None:
            yield from self._by_columns(partition_scan, partition, access, (low, high))
        else:
            yield from self._by_text(partition_scan, partition, access, covered, (low, high))

    def _by_text(
        self,
        partition_scan: PartitionScan,
        partition: ReadPartition,
        access: access_path.AccessPath,
        covered: Coverage,
        span: Range,
    ) -> Iterator[Match]:
        low, high = span
        first_read = self._read_first(covered, low, high)
        if first_read is not None:
            yield from partition_scan.whole(first_read)
            low, high = self._rest(partition, low, high)
        if self.timed_out or low > high:
            return
        try:
            wanted = self._index_query(partition)
            if wanted is not None:
                yield from partition_scan.by_text(wanted, access, covered, (low, high))
                return
        except Exception as error:
            if not is_damage(error):
                raise
            # Whoever writes makes the index anew; until then it is done without.
            partition.drop_text()
            low, high = self._rest(partition, low, high)
        yield from self._by_columns(partition_scan, partition, access, (low, high))

    def _read_first(self, covered: Coverage, low: int, high: int) -> Range | None:
        """The tasks that are read before the index is asked, where there are any: once the first
        of the scan did not fill a page, the text is too rare for others to."""
        wanted, self._left_to_read = (
            self._left_to_read,
            max(0, self._left_to_read - (high - low + 1)),
        )
        if not self._descending:
            first, last = low, min(high, low + wanted - 1)
        else:
            first, last = max(low, high - wanted + 1), high
            if high - covered.upto < self._costs.unindexed_tail:
                # With those that are not indexed yet.
                first = max(low, min(first, covered.upto))
        return (first, last) if first <= last else None

    def _index_query(self, partition: ReadPartition) -> IndexQuery | None:
        """What to ask of the search index, if there is one that helps."""
        if self._text_filter is None:
            return None
        return index_query(self._text_filter, PartitionTokens(partition, self._shares))

    def _by_columns(
        self,
        partition_scan: PartitionScan,
        partition: ReadPartition,
        access: access_path.AccessPath,
        span: Range,
    ) -> Iterator[Match]:
        zones = access_path.zone_condition(self._query, self._now)
        if access.finds_few(self._costs) and (
            zones is None or access.expected <= self._costs.rows_without_zones
        ):
            yield from partition_scan.by_columns(access, [span])
            return
        spans = ranges(partition.connection, zones, *span)
        if access.index is not None:
            # Rather some rows too many than one more search in the tree of the index.
            ids_of_a_row = max(1, span[1] // max(1, access.expected))
            spans = joined(spans, self._costs.rows_between_spans * ids_of_a_row)
        yield from partition_scan.by_columns(access, spans)

    def _rest(self, partition: ReadPartition, low: int, high: int) -> Range:
        if self.reached.partition != partition.number:
            return low, high
        return (low, self.reached.id - 1) if self._descending else (self.reached.id + 1, high)

    def _span(self, partition: ReadPartition) -> Range:
        low, high = 1, partition.newest_id()
        if self._after is not None and self._after.partition == partition.number:
            if self._descending:
                high = min(high, self._after.id - 1)
            else:
                low = self._after.id + 1
        return low, high
