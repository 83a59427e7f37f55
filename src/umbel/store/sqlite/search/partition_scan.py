"""A scan of one partition: candidates are read, and those that match are given.

Candidates come by columns (an index, or the table itself in windows) or by the search
index, which names blocks of neighbours. Where a query has both, whichever names fewer leads,
and the other sorts out what it leads to.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Final, NamedTuple

import apsw

from umbel.cluster.task import Task
from umbel.query.match import Test
from umbel.store.sqlite.files.damage import BODY_DAMAGE
from umbel.store.sqlite.files.row import CHANGED, Id
from umbel.store.sqlite.files.stored_numbers import SUCCESS_ID
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import Condition, Parameter
from umbel.store.sqlite.search.id_ranges import Range, Windows
from umbel.store.sqlite.search.position import Match, Position
from umbel.store.sqlite.search.reader import Deadline, ReadPartition
from umbel.store.sqlite.text.body_prefilter import BodyPrefilter
from umbel.store.sqlite.text.text_filter import IndexQuery
from umbel.store.sqlite.text.text_index import (
    BLOCK_BITS,
    Coverage,
    Hits,
    expanded,
    first_of,
    hits,
)

#: Tasks told by their bytes, some microseconds each, between two looks at the clock.
_BETWEEN_CLOCK: Final = 32


class ScanOptions(NamedTuple):
    """`test` and `prefilter` are what each candidate is put to. Without `bodies` tasks that match
    by columns are not read."""

    test: Test
    prefilter: BodyPrefilter | None
    descending: bool
    bodies: bool


class Progress:
    """How far a scan has come, and whether it ran out of time."""

    def __init__(self, reached: Position, deadline: Deadline) -> None:
        self.reached = reached
        self.timed_out = False
        self._deadline = deadline

    def time_is_up(self) -> bool:
        self.timed_out = self._deadline.passed()
        return self.timed_out


class PartitionScan:
    """`upper` holds for every match, and with `exact` for nothing else."""

    def __init__(
        self,
        partition: ReadPartition,
        options: ScanOptions,
        progress: Progress,
        upper: Condition,
        *,
        exact: bool,
    ) -> None:
        self._partition = partition
        self._costs = partition.costs
        self._options = options
        self._progress = progress
        self._upper = upper
        self._exact = exact
        self._order = "DESC" if options.descending else "ASC"
        self._states = partition.value_dictionary.texts

    def within(self, ids: Condition, span: Range) -> Iterator[Match]:
        """Tasks among a few ids."""
        rows = self._select(f"id IN ({ids.sql}) AND", ids.parameters, span)
        yield from self._verified(rows)

    def by_columns(self, access: access_path.AccessPath, spans: list[Range]) -> Iterator[Match]:
        """Tasks in these ranges, by an index or the table."""
        hint = f"INDEXED BY {access.index}" if access.index else "NOT INDEXED"
        required = f"{access.required} AND" if access.required else ""
        size = self._costs.scan_window_largest if access.finds_few(self._costs) else None
        windows = Windows(spans, self._costs, descending=self._options.descending, size=size)
        for low, high in windows:
            found = False
            for each in self._verified(self._select(required, (), (low, high), hint)):
                found = True
                yield each
            if self._is_over(low if self._options.descending else high):
                return
            if not found or access.index is not None:
                windows.grow()

    def whole(self, span: Range) -> Iterator[Match]:
        """Tasks of a short range, each read."""
        yield from self._verified(self._with_bodies("task.id BETWEEN ? AND ?", span))
        self._is_over(span[0] if self._options.descending else span[1])

    def by_text(
        self,
        index_query: IndexQuery,
        access: access_path.AccessPath,
        covered: Coverage,
        span: Range,
    ) -> Iterator[Match]:
        """Tasks in the blocks that the search index names, and those it does not cover."""
        by_bytes = access.index is None and not index_query.states
        for ids in _chunks(
            self._candidates(index_query, access, covered, span), self._costs.candidates_together
        ):
            wanted = self._passing(ids) if by_bytes else ids
            if wanted:
                placeholders = ",".join(map(str, wanted))
                yield from self._verified(self._with_bodies(f"task.id IN ({placeholders})", ()))
            if self._is_over(ids[-1]):
                return

    def _passing(self, ids: list[int]) -> list[int]:
        """Those of these tasks that their bytes do not rule out. Where columns leave most of them
        over, to read bodies alone first is a fifth cheaper."""
        partition, prefilter = self._partition, self._options.prefilter
        if prefilter is None:
            return ids
        found: list[int] = []
        for task_id, compressed in partition.connection.execute(
            "SELECT id, z FROM body WHERE id IN (SELECT value FROM carray(?))",
            (apsw.carray(array("q", ids)),),
        ):
            try:
                if prefilter(partition.packed(compressed), None):
                    found.append(task_id)
            except BODY_DAMAGE as error:
                partition.unread = error
        return found

    def _candidates(
        self,
        index_query: IndexQuery,
        access: access_path.AccessPath,
        covered: Coverage,
        span: Range,
    ) -> Iterator[int]:
        """Ids, each once and in order."""
        found = hits(
            self._partition, index_query.expression, span, descending=self._options.descending
        )
        blocks, sifted = found.blocks, False
        if access.index is not None and not index_query.states:
            first = list(islice(found.blocks, self._costs.blocks_read_whole))
            blocks, sifted = chain(first, found.blocks), len(first) == self._costs.blocks_read_whole
        within = (
            self._by_index(access, blocks, span)
            if sifted
            else expanded(blocks, span, descending=self._options.descending)
        )
        streams = [within, *self._streams(found, covered, index_query.states, span)]
        return _distinct(heapq.merge(*streams, reverse=self._options.descending))

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
        descending = self._options.descending
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

    def _select(
        self, condition: str, parameters: tuple[Parameter, ...], span: Range, hint: str = ""
    ) -> apsw.Cursor:
        # Bodies are not joined here: SQLite would read them all before it sorts.
        return self._partition.connection.execute(
            f"SELECT id, uuid, state, {CHANGED}, NULL FROM task {hint}"
            f" WHERE {condition} ({self._upper.sql}) AND id BETWEEN ? AND ?"
            f" ORDER BY id {self._order}",
            (*parameters, *self._upper.parameters, *span),
        )

    def _with_bodies(self, condition: str, parameters: tuple[Parameter, ...]) -> apsw.Cursor:
        # So few that their bodies can be read in the same breath.
        return self._partition.connection.execute(
            f"SELECT task.id, uuid, state, {CHANGED}, z FROM task NOT INDEXED"
            " CROSS JOIN body ON body.id = task.id"
            f" WHERE {condition} AND ({self._upper.sql}) ORDER BY task.id {self._order}",
            (*parameters, *self._upper.parameters),
        )

    def _verified(self, rows: Iterable[_Row]) -> Iterator[Match]:
        matching = self._read(rows) if self._exact else self._tested(rows)
        for found in matching:
            self._progress.reached = found.position
            yield found

    def _read(self, rows: Iterable[_Row]) -> Iterator[Match]:
        """All of them, for the columns decided alone."""
        partition, bodies = self._partition, self._options.bodies
        for task_id, uuid, _, changed, body in rows:
            task = None
            if bodies:
                task = self._made(uuid, changed, body or partition.body(task_id))
                if task is None:
                    continue
            yield Match(Position(partition.number, task_id), task)

    def _made(self, uuid: Id, changed: float, compressed: bytes) -> Task | None:
        """The task; None if its body cannot be read."""
        try:
            return self._partition.task(uuid, changed, compressed)
        except BODY_DAMAGE as error:
            self._partition.unread = error
            return None

    def _tested(self, rows: Iterable[_Row]) -> Iterator[Match]:
        """Those that match; ends early when time is up."""
        partition, packed, states = self._partition, self._partition.packed, self._states
        prefilter, test = self._options.prefilter, self._options.test
        unlike = 0
        for task_id, uuid, state, changed, body in rows:
            compressed = body or partition.body(task_id)
            task = None
            try:
                if prefilter is None or prefilter(packed(compressed), states[state]):
                    task = partition.task(uuid, changed, compressed)
                elif unlike < _BETWEEN_CLOCK:
                    unlike += 1
                    continue
            except BODY_DAMAGE as error:
                partition.unread = error
            if task is not None and test(task):
                yield Match(Position(partition.number, task_id), task)
            unlike = 0
            if self._progress.time_is_up():  # a costly query takes milliseconds for each
                self._reach(task_id)
                return

    def _is_over(self, task_id: int) -> bool:
        """Whether time is up; if it was not before, all is looked at up to `task_id`."""
        if self._progress.timed_out:
            return True
        self._reach(task_id)
        return self._progress.time_is_up()

    def _reach(self, task_id: int) -> None:
        self._progress.reached = Position(self._partition.number, task_id)


#: id, uuid, state, last change, and the body if it was read.
_Row = tuple[int, Id, int, float, bytes | None]


def _distinct(ids: Iterable[int]) -> Iterator[int]:
    last = None
    for task_id in ids:
        if task_id != last:
            yield task_id
        last = task_id


def _chunks(ids: Iterator[int], size: int) -> Iterator[list[int]]:
    while chunk := list(islice(ids, size)):
        yield chunk
