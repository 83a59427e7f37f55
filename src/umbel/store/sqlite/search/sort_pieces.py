"""Pieces of a partition for a page sorted by a number: where to look, and in which order.

A partition is one piece with a bound (no value in it is beyond that) until it is the best; then
it is opened into its zones, each with a bound of its own, or into what an index over columns
or the search index leaves of it, where that is little. `sorted_numbers` takes pieces best first.

Example: sorted by runtime, longest first, with the bounds 90 s, 12 s and 3 s: when the page is full
of tasks of 20 s and more from the first zone, the other two are never read.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from array import array
from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

import apsw

from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.row import CHANGED
from umbel.store.sqlite.files.zone_map import ZONE_BITS
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.access_path import AccessPath
from umbel.store.sqlite.search.conditions import Bounds
from umbel.store.sqlite.search.read_partition import ReadPartition
from umbel.store.sqlite.search.sort_page import PageRequest
from umbel.store.sqlite.text.blocks import blocks_of
from umbel.store.sqlite.text.text_index import BLOCK_BITS


class Piece(NamedTuple):
    """Tasks of a partition whose value is not beyond `bound`: those of a zone, or those that
    a FROM clause and a condition give, of these only the ones in the blocks `among`; all of
    them, as long as neither is known (or of all its zones that are no pieces yet)."""

    bound: float
    partition: int
    zone: int | None = None
    source: str = ""
    condition: str = "1"
    parameters: tuple[Any, ...] = ()
    among: frozenset[int] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is a partition, or a rest of one, that was not opened yet."""
        return self.zone is None and not self.source


class SortColumn(NamedTuple):
    """The column that is sorted by, and in which direction: `sign` times a value grows."""

    field: str
    sign: float

    @property
    def sql(self) -> str:
        return CHANGED if self.field == "changed" else f"task.{self.field}"

    @property
    def first(self) -> float:
        """Before every value."""
        return -self.sign * float("inf")


class PartitionPlan:
    """A partition, what the query is there, and the texts of shared values. Once it is opened,
    of its zones only those tasks are read that `access` gives, or that are in `blocks`."""

    def __init__(
        self, partition: ReadPartition, bounds: Bounds, request: PageRequest, column: SortColumn
    ) -> None:
        self.partition = partition
        self.bounds = bounds
        self.texts: Mapping[int, str] = partition.value_dictionary.texts
        self._request = request
        self._column = column
        self._access: AccessPath | None = None
        self._blocks: dict[int, list[int]] | None = None
        #: Zones with their bounds that are not among the pieces yet, best first.
        self._left: list[tuple[int, float]] = []

    def bound(self) -> float:
        """What no value of the partition is beyond."""
        word, best = ("max", max) if self._column.sign < 0 else ("min", min)
        connection = self.partition.connection
        of_zones, last = only_row(
            connection, f"SELECT {word}({self._column.field}_{word}), max(id) FROM zone"
        )
        (rest,) = only_row(
            connection,
            f"SELECT {word}({self._column.sql}) FROM task NOT INDEXED WHERE id >= ?",
            (_first_without_zone(last),),
        )
        values = [value for value in (of_zones, rest) if value is not None]
        return best(values) if values else -self._column.first

    def opened(self, bound: float) -> list[Piece]:
        """The pieces of the partition, which has this bound, best first. Where they are many zones,
        the last piece is what is left, to be opened as the partition was."""
        if self._left:
            return self._best_zones()
        request, costs, number = self._request, self.partition.costs, self.partition.number
        newest = self.partition.newest_id()
        access = access_path.choose(request.query, self.partition.value_dictionary, newest, costs)
        blocks = None
        if not self.bounds.exact:
            blocks = blocks_of(self.partition, request.query, costs.sort_blocks)
        if blocks is not None and not blocks:
            return []
        in_order = self._in_order(access)
        if in_order is not None and blocks is None:
            return [in_order]
        has_few_keys = access.values <= costs.sort_index_keys
        most = costs.sort_index_rows if has_few_keys else costs.sort_many_keys_rows
        few = access.index is not None and access.expected <= most
        if few and (blocks is None or access.expected < len(blocks) << BLOCK_BITS):
            source = f"task INDEXED BY {access.index}"
            return [Piece(bound, number, None, source, access.required or "1", among=blocks)]
        if blocks is not None:
            self._blocks = {}
            for block in blocks:
                self._blocks.setdefault(block >> ZONE_BITS - BLOCK_BITS, []).append(block)
        elif access.index is not None and has_few_keys:
            self._access = access
        return self._zones(newest)

    def _in_order(self, access: AccessPath) -> Piece | None:
        """All of the query's tasks, where an index has them in order."""
        if self._column.field != "runtime":
            return None
        first, number = self._column.first, self.partition.number
        if access.required == access_path.UNSUCCESSFUL:
            condition = f"{access_path.UNSUCCESSFUL} AND runtime IS NOT NULL"
            return Piece(first, number, None, "task INDEXED BY task_unsuccessful", condition)
        if access_path.requires_retry(self._request.query):
            return Piece(first, number, None, "task INDEXED BY task_retried", access_path.RETRIED)
        return None

    def _zones(self, newest: int) -> list[Piece]:
        request, field = self._request, self._column.field
        descending = request.order.descending
        bound = f"{field}_max" if descending else f"{field}_min"
        zones = access_path.zone_condition(request.query, request.now)
        conditions = [f"{bound} IS NOT NULL", zones.sql if zones else "1"]
        parameters = list(zones.parameters) if zones else []
        if request.after is not None and isinstance(request.after.value, float | int):
            # The rest of these zones was on earlier pages.
            conditions.append(f"{field}_min <= ?" if descending else f"{field}_max >= ?")
            parameters.append(request.after.value)
        found: list[tuple[int, float]] = self.partition.connection.execute(  # type: ignore[assignment]
            f"SELECT id, {bound} FROM zone WHERE {' AND '.join(conditions)}"
            f" ORDER BY {bound} {'DESC' if descending else 'ASC'}",
            parameters,
        ).fetchall()
        blocks = self._blocks
        self._left = found if blocks is None else [each for each in found if each[0] in blocks]
        return [self._without_zone(newest), *self._best_zones()]

    def _best_zones(self) -> list[Piece]:
        """The best of the zones that are left, and these but for them as one piece."""
        most, number = self.partition.costs.sort_zones_opened, self.partition.number
        pieces = [Piece(bound, number, zone) for zone, bound in self._left[:most]]
        self._left = self._left[most:]
        return [*pieces, Piece(self._left[0][1], number)] if self._left else pieces

    def _without_zone(self, newest: int) -> Piece:
        (last,) = only_row(self.partition.connection, "SELECT max(id) FROM zone")
        blocks = self._blocks
        return Piece(
            self._column.first, self.partition.number, None, "task NOT INDEXED",
            "task.id BETWEEN ? AND ?", (_first_without_zone(last), newest),
            None if blocks is None else frozenset(chain.from_iterable(blocks.values())),
        )  # fmt: skip

    def within(self, zones: set[int]) -> Piece:
        """The tasks of these zones that are to be read."""
        number = self.partition.number
        if self._blocks is not None:
            blocks = frozenset(block for zone in zones for block in self._blocks[zone])
            return Piece(0.0, number, source=_BY_BLOCK, parameters=(_array(blocks),))
        part = (_array(frozenset(zones)),)
        if self._access is None:
            return Piece(0.0, number, source=_BY_ZONE, parameters=part)
        source = _neighbours(ZONE_BITS, f"INDEXED BY {self._access.index}")
        return Piece(0.0, number, None, source, self._access.required or "1", part)


def _first_without_zone(last: int | None) -> int:
    return 0 if last is None else (last + 1) << ZONE_BITS


def _neighbours(bits: int, hint: str = "NOT INDEXED") -> str:
    return (
        f"carray(?) AS part CROSS JOIN task {hint}"
        f" ON task.id BETWEEN part.value << {bits} AND (part.value << {bits}) + {(1 << bits) - 1}"
    )


_BY_BLOCK, _BY_ZONE = _neighbours(BLOCK_BITS), _neighbours(ZONE_BITS)


def _array(numbers: frozenset[int]) -> object:
    return apsw.carray(array("q", sorted(numbers)))
