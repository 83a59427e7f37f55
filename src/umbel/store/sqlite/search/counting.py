"""`Store.count` of SQLite: how many tasks match, and the most frequent values of a field."""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing

import apsw

from umbel.query.ast import Node
from umbel.store.base import Count
from umbel.store.capabilities import Grouping
from umbel.store.sqlite.files.row import id_value
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import NO, YES, Bounds, to_sql
from umbel.store.sqlite.search.id_ranges import counting_windows
from umbel.store.sqlite.search.reader import Deadline, Reader, ReadPartition
from umbel.store.sqlite.search.scan import Scan

_GROUPS_MAX = 50


def count(
    reader: Reader, query: Node, *, now: float, by: Grouping | None, cap: int, deadline: Deadline
) -> Count:
    """See `Store.count`. Groups tell of the tasks that were counted, the newest `cap`; of
    all tasks where the columns know them without counting."""
    counting = _Counting(reader, query, now, by, cap, deadline)
    for number in reader.numbers():
        if counting.is_full and not counting.counts_everything:
            break
        try:
            with reader.partition(number, deadline) as partition:
                if partition is not None:
                    counting.add(partition)
        except apsw.InterruptError:
            counting.complete = False
        if not counting.complete:
            break
    return counting.result()


class _Counting:
    def __init__(
        self,
        reader: Reader,
        query: Node,
        now: float,
        by: Grouping | None,
        cap: int,
        deadline: Deadline,
    ) -> None:
        self._reader = reader
        self._query = query
        self._now = now
        self._by = by
        self._cap = cap
        self._deadline = deadline
        self._total = 0
        self._groups: Counter[str] = Counter()
        self.counts_everything = False
        self.complete = True
        #: Some tasks were counted one by one, no more of them than can be told.
        self._was_bounded = False
        #: Some tasks have a value of the field whose number is not known yet.
        self._lacks_values = False

    @property
    def is_full(self) -> bool:
        """Whether there are more than can be told."""
        return self._total > self._cap

    def result(self) -> Count:
        return Count(
            total=min(self._total, self._cap),
            capped=self.is_full,
            complete=self.complete,
            groups=dict(self._groups.most_common(_GROUPS_MAX)),
            groups_complete=self._has_all_groups(),
        )

    def _has_all_groups(self) -> bool:
        if (
            self._by is None
            or self._lacks_values
            or not self.complete
            or len(self._groups) > _GROUPS_MAX
        ):
            return False
        return not (self.is_full and self._was_bounded)

    def add(self, partition: ReadPartition) -> None:
        """Count the partition's share."""
        bounds = to_sql(self._query, partition.value_dictionary, self._now, id_value)
        if bounds.upper == NO:
            return
        access = access_path.choose(
            self._query, partition.value_dictionary, partition.newest_id(), partition.costs
        )
        if bounds.lower == YES:
            self._take_all(partition)
            return
        self._was_bounded = True
        self._lacks_values |= not partition.value_dictionary.is_whole(self._by)
        if bounds.exact and access.within is None:
            self._count_columns(partition, bounds, access)
        else:
            self._count_tasks(partition)

    def _take_all(self, partition: ReadPartition) -> None:
        self.counts_everything = True
        self._lacks_values |= not partition.value_dictionary.is_whole(self._by)
        self._total += partition.newest_id()
        if self._by is not None:
            value_dictionary = partition.value_dictionary
            for text, number in value_dictionary.numbers_of(self._by).items():
                if value_dictionary.counts.get(number, 0) > 0:
                    self._groups[text] += value_dictionary.counts[number]

    def _count_columns(
        self, partition: ReadPartition, bounds: Bounds, access: access_path.AccessPath
    ) -> None:
        windows = counting_windows(partition, self._query, self._now, access)
        hint = f"INDEXED BY {access.index}" if access.index else "NOT INDEXED"
        required = f"{access.required} AND" if access.required else ""
        value = self._column(partition)
        sql = (
            f"SELECT {value}, count(*) FROM (SELECT {value} FROM task {hint} WHERE {required}"
            f" ({bounds.upper.sql}) AND id BETWEEN ? AND ? ORDER BY id DESC LIMIT ?) GROUP BY 1"
        )
        for span in windows:
            rest = max(0, self._cap + 1 - self._total)
            self._take(
                partition,
                partition.connection.execute(sql, (*bounds.upper.parameters, *span, rest)),
            )
            if self.is_full:
                return
            if self._deadline.passed():
                self.complete = False
                return

    def _count_tasks(self, partition: ReadPartition) -> None:
        scan = Scan(
            self._reader, self._query, self._now, self._deadline,
            numbers=(partition.number,), bodies=False,
        )  # fmt: skip
        ids: list[int] = []
        with closing(scan.matches()) as matching:
            for found in matching:
                ids.append(found.position.id)
                if self._total + len(ids) > self._cap:
                    break
        self.complete = not scan.timed_out
        placeholders = ",".join(map(str, ids))
        value = self._column(partition)
        self._take(
            partition,
            partition.connection.execute(
                f"SELECT {value}, count(*) FROM task WHERE id IN ({placeholders}) GROUP BY 1"
            ),
        )

    def _column(self, partition: ReadPartition) -> str:
        """What SQLite groups by."""
        return "1" if self._by is None else partition.value_dictionary.column(self._by)

    def _take(self, partition: ReadPartition, rows: Iterable[tuple[object, ...]]) -> None:
        texts = partition.value_dictionary.texts
        for value, n in rows:
            assert isinstance(n, int)  # noqa: S101  count(*) is
            self._total += n
            if self._by is not None and isinstance(value, int):
                self._groups[texts[value]] += n
