"""A scan of one partition: candidates are read, and those that match are given.

Candidates come by columns (an index, or the table itself in windows) or by the search
index, which names blocks of neighbours. Where a query has both, whichever names fewer leads,
and the other sorts out what it leads to.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

import apsw

from umbel.cluster.task import Task
from umbel.query.match import Test
from umbel.store.sqlite.files.damage import BODY_DAMAGE
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.row import CHANGED, Id
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import YES, Condition, Parameter
from umbel.store.sqlite.search.id_ranges import Range, Windows
from umbel.store.sqlite.search.position import Match, Position
from umbel.store.sqlite.search.reader import Deadline, ReadPartition
from umbel.store.sqlite.search.text_candidates import TextCandidates
from umbel.store.sqlite.text.body_prefilter import BodyPrefilter
from umbel.store.sqlite.text.joined_bodies import joined_bodies
from umbel.store.sqlite.text.joined_prefilter import JoinedPrefilter
from umbel.store.sqlite.text.text_filter import IndexQuery
from umbel.store.sqlite.text.text_index import Coverage

#: Tasks of which it is asked how many the columns leave over.
_SAMPLED: Final = 64
#: Tasks told by their bytes, some microseconds each, between two looks at the clock.
_BETWEEN_CLOCK: Final = 32


class ScanOptions(NamedTuple):
    """`test` and `prefilter` are what each candidate is put to, `joined_prefilter` many together.
    Without `bodies` tasks that match by columns are not read."""

    test: Test
    prefilter: BodyPrefilter | None
    joined_prefilter: JoinedPrefilter | None
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
        """Tasks of a short range, each read. Most texts are in none of so few tasks, so bodies are
        told many together, until a task matches: then there may be more."""
        passes = self._options.joined_prefilter
        if passes is None or not self._columns_leave_most(span):
            yield from self._each(span)
            return
        descending = self._options.descending
        for part, joined in joined_bodies(self._partition, span, descending=descending):
            first, last = part
            found = False
            if joined is None or passes(joined):
                for match in self._each(part):
                    found = True
                    yield match
            if self._is_over(first if descending else last):
                return
            if found:
                yield from self._each((span[0], first - 1) if descending else (last + 1, span[1]))
                return

    def _columns_leave_most(self, span: Range) -> bool:
        """Whether most tasks at the range's beginning fulfil the condition over columns."""
        if self._upper == YES:
            return True
        low, high = span
        if self._options.descending:
            low = max(low, high - _SAMPLED + 1)
        else:
            high = min(high, low + _SAMPLED - 1)
        (left,) = only_row(
            self._partition.connection,
            "SELECT count(*) FROM task NOT INDEXED"
            f" WHERE id BETWEEN ? AND ? AND ({self._upper.sql})",
            (low, high, *self._upper.parameters),
        )
        return bool(left * 2 > high - low)

    def _each(self, span: Range) -> Iterator[Match]:
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
        candidates = TextCandidates(
            self._partition, self._upper, descending=self._options.descending
        ).within(index_query, access, covered, span)
        by_bytes: bool | None = candidates.sifted or None
        for ids in _chunks(candidates.ids, self._costs.candidates_together):
            if by_bytes is None:
                undecided = access.index is None and not index_query.states
                by_bytes = undecided and self._columns_leave_most(span)
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


def _chunks(ids: Iterator[int], size: int) -> Iterator[list[int]]:
    while chunk := list(islice(ids, size)):
        yield chunk
