"""Series from the rows of tasks, where roll-ups do not know enough.

Where columns decide about the query, SQLite counts them itself, in windows of ids and past zones
without a task of that time; a query of texts finds the ids first (`scan`).
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from itertools import islice

from umbel.query.ast import And, During, Moment, Node
from umbel.store.sqlite.files.latency_histogram import LARGEST_S, bucket
from umbel.store.sqlite.files.row import id_value
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import NO, Bounds, Parameter, to_sql
from umbel.store.sqlite.search.id_ranges import counting_windows
from umbel.store.sqlite.search.reader import Deadline, Reader, ReadPartition
from umbel.store.sqlite.search.scan import Scan
from umbel.store.sqlite.search.series_cells import SeriesCells, SeriesRequest

#: Tasks that one statement reads by their ids.
_IDS_TOGETHER = 500


class SeriesScan:
    """Fills cells from tasks."""

    def __init__(
        self, reader: Reader, request: SeriesRequest, cells: SeriesCells, deadline: Deadline
    ) -> None:
        self._reader = reader
        self._request = request
        self._cells = cells
        self._deadline = deadline

    def add(self, partition: ReadPartition) -> bool:
        """Add what a partition has; whether time was enough."""
        return all(self._add(partition, time) for time in self._request.times)

    def reads_few(self, partition: ReadPartition) -> bool:
        """Whether so few tasks have to be counted that it takes no time to speak of."""
        access = access_path.choose(
            self._request.query, partition.value_dictionary, partition.newest_id(), partition.costs
        )
        return access.expected <= partition.costs.counted_rows

    def _add(self, partition: ReadPartition, time: str) -> bool:
        query = self._within(time)
        bounds = to_sql(query, partition.value_dictionary, self._request.now, id_value)
        if bounds.upper == NO:
            return True
        access = access_path.choose(
            query, partition.value_dictionary, partition.newest_id(), partition.costs
        )
        if bounds.exact and access.within is None:
            return self._by_columns(partition, time, query, bounds, access)
        return self._by_ids(partition, time, query)

    def _within(self, time: str) -> Node:
        """The query about tasks whose `time` lies in the buckets."""
        first, last = (
            Moment(absolute=float(each)) for each in (self._request.first, self._request.last)
        )
        return And((self._request.query, During(time, first, last)))

    def _by_columns(
        self,
        partition: ReadPartition,
        time: str,
        query: Node,
        bounds: Bounds,
        access: access_path.AccessPath,
    ) -> bool:
        hint = f"INDEXED BY {access.index}" if access.index else "NOT INDEXED"
        required = f"{access.required} AND" if access.required else ""
        where = f"{hint} WHERE {required} ({bounds.upper.sql}) AND id BETWEEN ? AND ?"
        for span in counting_windows(partition, query, self._request.now, access):
            self._take(partition, time, where, (*bounds.upper.parameters, *span))
            if self._deadline.passed():
                return False
        return True

    def _by_ids(self, partition: ReadPartition, time: str, query: Node) -> bool:
        scan = Scan(
            self._reader, query, self._request.now, self._deadline,
            numbers=(partition.number,), bodies=False,
        )  # fmt: skip
        with closing(scan.matches()) as matching:
            while ids := [found.position.id for found in islice(matching, _IDS_TOGETHER)]:
                where = f"WHERE id IN ({','.join(map(str, ids))}) AND {time} IS NOT NULL"
                self._take(partition, time, where, ())
        return not scan.timed_out

    def _take(
        self, partition: ReadPartition, time: str, where: str, parameters: tuple[Parameter, ...]
    ) -> None:
        start = f"CAST(({time} - {self._request.first}) / {self._request.bucket_s} AS INTEGER)"
        if self._request.measure == "count":
            self._count(partition, time, start, where, parameters)
        else:
            self._measure(partition, start, where, parameters)

    def _count(
        self,
        partition: ReadPartition,
        time: str,
        start: str,
        where: str,
        parameters: tuple[Parameter, ...],
    ) -> None:
        texts = partition.value_dictionary.texts
        column = partition.value_dictionary.column(self._request.by)
        state = "NULL" if time == "seen" else "state"
        rows = partition.connection.execute(
            f"SELECT {start}, {column}, {state}, count(*) FROM task {where} GROUP BY 1, 2, 3",
            parameters,
        )
        for number, value, state_id, n in rows:
            named = None if value is None else texts[value]
            ended = "" if state_id is None else texts[state_id]
            self._cells.count(time, self._start(number), named, ended, n)

    def _measure(
        self, partition: ReadPartition, start: str, where: str, parameters: tuple[Parameter, ...]
    ) -> None:
        texts = partition.value_dictionary.texts
        column = partition.value_dictionary.column(self._request.by)
        duration = self._request.measure
        histograms: dict[tuple[int, int | None], dict[int, int]] = {}
        totals: dict[tuple[int, int | None], float] = defaultdict(float)
        rows = partition.connection.execute(
            f"SELECT {start}, {column}, {duration} FROM task {where} AND {duration} IS NOT NULL",
            parameters,
        )
        for number, value, duration_s in rows:
            key = number, value
            histogram = histograms.setdefault(key, defaultdict(int))
            histogram[bucket(duration_s)] += 1
            totals[key] += min(duration_s, LARGEST_S)
        for (number, value), histogram in histograms.items():
            named = None if value is None else texts[value]
            self._cells.measure(self._start(number), named, histogram, totals[number, value])

    def _start(self, number: int) -> float:
        return float(self._request.first + number * self._request.bucket_s)
