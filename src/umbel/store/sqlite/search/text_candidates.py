"""Candidates of a text search in one partition: the tasks in the blocks that the search index
names, those that it does not cover, and those in states that the query's words name.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import NamedTuple

import apsw

from umbel.store.sqlite.files.stored_numbers import SUCCESS_ID
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import Condition
from umbel.store.sqlite.search.id_ranges import Range
from umbel.store.sqlite.search.read_partition import ReadPartition
from umbel.store.sqlite.text.text_filter import IndexQuery
from umbel.store.sqlite.text.text_index import (
    BLOCK_BITS,
    Coverage,
    Hits,
    expanded,
    first_of,
    hits,
)


class Candidates(NamedTuple):
    """Ids of tasks, each once and in order. `sifted`: by an index over columns, so that all but a
    few fulfil `upper`."""

    ids: Iterator[int]
    sifted: bool


class TextCandidates:
    """`upper` holds for every match."""

    def __init__(self, partition: ReadPartition, upper: Condition, *, descending: bool) -> None:
        self._partition = partition
        self._costs = partition.costs
        self._upper = upper
        self._descending = descending
        self._order = "DESC" if descending else "ASC"

    def within(
        self,
        index_query: IndexQuery,
        access: access_path.AccessPath,
        covered: Coverage,
        span: Range,
    ) -> Candidates:
        """Those with ids within `span`."""
        found = hits(self._partition, index_query.expression, span, descending=self._descending)
        blocks, sifted = found.blocks, False
        if access.index is not None and not index_query.states:
            first = list(islice(found.blocks, self._costs.blocks_read_whole))
            blocks, sifted = chain(first, found.blocks), len(first) == self._costs.blocks_read_whole
        within = (
            self._by_index(access, blocks, span)
            if sifted
            else expanded(blocks, span, descending=self._descending)
        )
        streams = [within, *self._streams(found, covered, index_query.states, span)]
        ids = _distinct(heapq.merge(*streams, reverse=self._descending))
        return Candidates(ids, sifted)

    def _by_index(
        self, access: access_path.AccessPath, blocks: Iterator[int], span: Range
    ) -> Iterator[int]:
        """The ids in these blocks that the index gives as well."""
        required = f"{access.required} AND" if access.required else ""
        sql = (
            f"SELECT id FROM task INDEXED BY {access.index} WHERE {required}"
            f" ({self._upper.sql}) AND id BETWEEN ? AND ?"
            f" AND id >> {BLOCK_BITS} IN (SELECT value FROM carray(?)) ORDER BY id {self._order}"
        )
        while some := array("q", islice(blocks, self._costs.blocks_read_whole)):
            low, high = sorted((some[0], some[-1]))
            window = max(span[0], first_of(low)), min(span[1], first_of(high + 1) - 1)
            rows = self._partition.connection.execute(
                sql, (*self._upper.parameters, *window, apsw.carray(some))
            )
            yield from [task_id for (task_id,) in rows]

    def _streams(
        self, found: Hits, covered: Coverage, states: frozenset[str], span: Range
    ) -> list[Iterable[int]]:
        """Ids of candidates outside the blocks, each stream in order."""
        descending = self._descending
        low, high = span
        tail = range(max(low, covered.upto), high + 1)
        apart = {task_id for task_id in (*covered.stale, *found.changed) if low <= task_id <= high}
        streams: list[Iterable[int]] = [
            reversed(tail) if descending else tail,
            sorted(apart, reverse=descending),
        ]
        numbers = self._partition.value_dictionary.ids("state", lambda state: state in states)
        return streams + [self._in_state(number, span) for number in numbers]

    def _in_state(self, number: int, span: Range) -> Iterator[int]:
        hint = "NOT INDEXED" if number >= SUCCESS_ID else "INDEXED BY task_state"
        rows = self._partition.connection.execute(
            f"SELECT id FROM task {hint} WHERE state = {number} AND"
            f" (state < {SUCCESS_ID} OR {number >= SUCCESS_ID})"
            f" AND id BETWEEN ? AND ? ORDER BY id {self._order}",
            span,
        )
        return (task_id for (task_id,) in rows)


def _distinct(ids: Iterable[int]) -> Iterator[int]:
    last = None
    for task_id in ids:
        if task_id != last:
            yield task_id
        last = task_id
