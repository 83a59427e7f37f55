"""Which ids of a partition to look at, in pieces that are quick to look through."""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import apsw

from umbel.query.ast import Node
from umbel.store.sqlite.costs import Costs
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.zone_map import ZONE_BITS
from umbel.store.sqlite.search.access_path import AccessPath, zone_condition
from umbel.store.sqlite.search.conditions import Condition
from umbel.store.sqlite.search.read_partition import ReadPartition

#: Ids of the windows in which tasks are counted.
_COUNTED_TOGETHER: Final = 1 << 16
#: Inclusive bounds of ids.
Range = tuple[int, int]


def ranges(
    connection: apsw.Connection, zones: Condition | None, low: int, high: int
) -> list[Range]:
    """The ids from `low` to `high` that lie in zones that fulfil the condition, or in none
    yet; lowest first, neighbours joined."""
    if zones is None:
        return [(low, high)] if low <= high else []
    found = [
        (zone << ZONE_BITS, ((zone + 1) << ZONE_BITS) - 1)
        for (zone,) in connection.execute(
            f"SELECT id FROM zone WHERE {zones.sql} ORDER BY id",
            zones.parameters,
        )
    ]
    (last,) = only_row(connection, "SELECT max(id) FROM zone")
    found.append((0 if last is None else (last + 1) << ZONE_BITS, high))
    within = ((max(first, low), min(end, high)) for first, end in found)
    return joined(span for span in within if span[0] <= span[1])


def joined(spans: Iterable[Range], gap: int = 0) -> list[Range]:
    """These ranges, which come lowest first; those with no more ids than `gap` between them as
    one."""
    found: list[Range] = []
    for first, end in spans:
        if found and first - found[-1][1] <= gap + 1:
            found[-1] = found[-1][0], end
        else:
            found.append((first, end))
    return found


def counting_windows(
    partition: ReadPartition, query: Node, now: float, access: AccessPath
) -> Windows:
    """The ids among which the query's tasks are counted, the newest first. Where an index leads to
    few, zones cost more than they save."""
    newest, costs = partition.newest_id(), partition.costs
    if access.finds_few(costs):
        whole = ranges(partition.connection, None, 1, newest)
        return Windows(whole, costs, descending=True, size=costs.scan_window_largest)
    spans = ranges(partition.connection, zone_condition(query, now), 1, newest)
    return Windows(spans, costs, descending=True, size=_COUNTED_TOGETHER)


class Windows:
    """Cuts ranges into windows. The first is small, so that a full page comes at once;
    `grow` makes the following ones larger, `shrink` smaller."""

    def __init__(
        self, ranges: list[Range], costs: Costs, *, descending: bool, size: int | None = None
    ) -> None:
        self._ranges = ranges
        self._descending = descending
        self._smallest, self._largest = costs.scan_window_first, costs.scan_window_largest
        self.size = self._smallest if size is None else size

    def __iter__(self) -> Iterator[Range]:
        for low, high in reversed(self._ranges) if self._descending else self._ranges:
            while low <= high:
                if self._descending:
                    first = max(low, high - self.size + 1)
                    yield first, high
                    high = first - 1
                else:
                    last = min(high, low + self.size - 1)
                    yield low, last
                    low = last + 1

    def grow(self) -> None:
        self.size = min(self.size * 4, self._largest)

    def shrink(self) -> None:
        self.size = max(self.size // 2, self._smallest)
