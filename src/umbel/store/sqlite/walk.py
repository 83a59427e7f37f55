"""The tasks that match a query, in the order of first sight, either way.

One partition after the other, each by the cheapest access, in pieces, with a look at the
clock between them. What columns cannot decide is decided by `match` on the task itself, so
an answer never depends on the way that led to it.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, marks

from __future__ import annotations

import heapq
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

import apsw

from umbel.cluster.facts import unpack
from umbel.cluster.task import Task, project
from umbel.query.ast import Node
from umbel.query.match import compile_query
from umbel.query.sql import NO, Bounds, Condition, Parameter, all_of, to_sql
from umbel.store.sqlite import access, need
from umbel.store.sqlite.ranges import Range, Windows, ranges
from umbel.store.sqlite.reader import Deadline, Reader, ReadPartition
from umbel.store.sqlite.row import Id, id_text, id_value
from umbel.store.sqlite.textindex import Coverage, beginning, blocks, coverage
from umbel.store.sqlite.texts import texts

#: How many candidates of a text search are looked at together.
_CHUNK = 64
#: A query that finds at most so many tasks by columns is not put to the search index.
_FEW = 2_000
#: Bits of a position's number that are the id.
_ID_BITS = 32


class Position(NamedTuple):
    """Where a task stands in the order of first sight."""

    partition: int
    id: int

    @property
    def arrival(self) -> int:
        """The same as one number."""
        return self.partition << _ID_BITS | self.id


def position_of(arrival: int) -> Position:
    """The position that has this number."""
    return Position(arrival >> _ID_BITS, arrival & ((1 << _ID_BITS) - 1))


#: Before the first task, in either direction.
_BEFORE_NEWEST, _BEFORE_OLDEST = Position(1 << 20, 0), Position(0, 0)


class Found(NamedTuple):
    """A task that matches, by its id and packed facts. `made` is the task itself, if it
    had to be made to tell."""

    position: Position
    uuid: Id
    packed: bytes
    made: Task | None

    @property
    def task(self) -> Task:
        return self.made or project(id_text(self.uuid), unpack(self.packed))


class Value(NamedTuple):
    """Only tasks with exactly this text in this shared field."""

    field: str
    text: str


class Walk:
    """`after` is the position that was reached before, `numbers` the partitions to look at,
    if not all; without `bodies`, tasks need not be made. Use once.

    `reached` tells meanwhile down to which position everything was looked at, and
    `timed_out` whether the walk ended for want of time.
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
        value: Value | None = None,
        numbers: Iterable[int] | None = None,
        bodies: bool = True,
    ) -> None:
        self._reader = reader
        self._query = query
        self._now = now
        self._deadline = deadline
        self._descending = descending
        self._after = after
        self._value = value
        self._numbers = numbers
        self.bodies = bodies
        self._test = compile_query(query, now)
        self._need = need.need_of(query)
        self.reached = after or (_BEFORE_NEWEST if descending else _BEFORE_OLDEST)
        self.timed_out = False

    def found(self) -> Generator[Found]:
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
                self.timed_out = True
            if self.timed_out:
                return

    def _is_behind(self, number: int) -> bool:
        if self._after is None:
            return False
        last = self._after.partition
        return number > last if self._descending else number < last

    def _partition(self, partition: ReadPartition) -> Iterator[Found]:
        """The partition's share, by the cheapest way."""
        vocabulary = partition.vocabulary
        bounds = to_sql(self._query, vocabulary, self._now, id_value)
        fixed: dict[str, set[int]] = {}
        if self._value is not None:
            number = vocabulary.of(self._value.field).get(self._value.text)
            if number is None:
                return
            fixed = {self._value.field: {number}}
            only = Condition(f"{self._value.field} = {number}")
            bounds = all_of([bounds, Bounds(only, only)])
        low, high = self._span(partition)
        if bounds.upper == NO or low > high:
            return
        way = access.choose(self._query, vocabulary, high, fixed)
        asked = self._asked(partition) if not bounds.exact and way.expected > _FEW else None
        look = _Look(self, partition, bounds.upper, exact=bounds.exact)
        if way.within is not None:
            yield from look.within(way.within, (low, high))
        elif asked is not None:
            try:
                yield from look.by_text(asked, (low, high))
            except apsw.CorruptError:
                # Whoever writes makes the index anew; until then it is done without.
                partition.drop_text()
                low, high = self._rest(partition, low, high)
                yield from self._by_columns(look, partition, way, (low, high))
        else:
            yield from self._by_columns(look, partition, way, (low, high))

    def _asked(self, partition: ReadPartition) -> need.Ask | None:
        """What to ask of the search index, if there is one that helps."""
        if self._need is None or coverage(partition) is None:
            return None
        return need.ask(self._need, beginning(partition))

    def _by_columns(
        self, look: _Look, partition: ReadPartition, way: access.Access, span: Range
    ) -> Iterator[Found]:
        zones = access.zone_condition(self._query, self._now)
        spans = ranges(partition.connection, zones, *span)
        if spans and way.index is not None:
            spans = [(spans[0][0], spans[-1][1])]
        yield from look.by_columns(way, spans)

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

    # -- what a look reports -------------------------------------------------------------

    @property
    def descending(self) -> bool:
        return self._descending

    def time_is_up(self) -> bool:
        self.timed_out = self._deadline.passed()
        return self.timed_out

    def matches(self, task: Task) -> bool:
        return self._test(task)

    def may_match(self, text: str, state: str) -> bool:
        return self._need is None or need.holds(self._need, text, state)


class _Look:
    """One walk's look at one partition."""

    def __init__(
        self, walk: Walk, partition: ReadPartition, upper: Condition, *, exact: bool
    ) -> None:
        self._walk = walk
        self._partition = partition
        self._upper = upper
        self._exact = exact
        self._order = "DESC" if walk.descending else "ASC"
        self._states = partition.vocabulary.texts

    def within(self, ids: Condition, span: Range) -> Iterator[Found]:
        """Tasks among a few ids."""
        rows = self._select(f"id IN ({ids.sql}) AND", ids.parameters, span)
        yield from self._verified(rows)

    def by_columns(self, way: access.Access, spans: list[Range]) -> Iterator[Found]:
        """Tasks in these ranges, by an index or the table."""
        hint = f"INDEXED BY {way.index}" if way.index else "NOT INDEXED"
        required = f"{way.required} AND" if way.required else ""
        windows = Windows(spans, descending=self._walk.descending)
        for low, high in windows:
            found = False
            for each in self._verified(self._select(required, (), (low, high), hint)):
                found = True
                yield each
            self._reach(low if self._walk.descending else high)
            if self._walk.time_is_up():
                return
            if not found or way.index is not None:
                windows.grow()

    def by_text(self, asked: need.Ask, span: Range) -> Iterator[Found]:
        """Tasks in the blocks that the search index names, and those it does not cover."""
        streams = self._candidates(asked, span)
        merged = heapq.merge(*streams, reverse=self._walk.descending)
        for ids in _chunks(_distinct(merged)):
            marks = ",".join(map(str, ids))
            # So few that their bodies can be read in the same breath.
            rows = self._partition.connection.execute(
                "SELECT task.id, uuid, state, z FROM task CROSS JOIN body ON body.id = task.id"
                f" WHERE task.id IN ({marks}) AND ({self._upper.sql})"
                f" ORDER BY task.id {self._order}",
                self._upper.parameters,
            )
            yield from self._verified(rows)
            self._reach(ids[-1])
            if self._walk.time_is_up():
                return

    def _candidates(self, asked: need.Ask, span: Range) -> list[Iterable[int]]:
        partition, descending = self._partition, self._walk.descending
        covered = coverage(partition) or Coverage(0, ())
        low, high = span
        tail = range(max(low, covered.upto), high + 1)
        streams: list[Iterable[int]] = [
            reversed(tail) if descending else tail,
            sorted(covered.stale, reverse=descending),
        ]
        streams += blocks(partition, asked.expression, span, descending=descending)
        numbers = partition.vocabulary.ids("state", lambda state: state in asked.states)
        for number in numbers:
            streams.append(self._in_state(number, span))
        return streams

    def _in_state(self, number: int, span: Range) -> Iterator[int]:
        hint = "NOT INDEXED" if number >= access.SUCCESS_ID else "INDEXED BY task_state"
        rows = self._partition.connection.execute(
            f"SELECT id FROM task {hint} WHERE state = {number} AND"
            f" (state < {access.SUCCESS_ID} OR {number >= access.SUCCESS_ID})"
            f" AND id BETWEEN ? AND ? ORDER BY id {self._order}",
            span,
        )
        return (task_id for (task_id,) in rows)

    def _select(
        self, condition: str, parameters: tuple[Parameter, ...], span: Range, hint: str = ""
    ) -> apsw.Cursor:
        # Bodies are not joined here: SQLite would read them all before it sorts.
        return self._partition.connection.execute(
            f"SELECT id, uuid, state, NULL FROM task {hint}"
            f" WHERE {condition} ({self._upper.sql}) AND id BETWEEN ? AND ?"
            f" ORDER BY id {self._order}",
            (*parameters, *self._upper.parameters, *span),
        )

    def _verified(self, rows: apsw.Cursor) -> Iterator[Found]:
        partition, bodies = self._partition, self._walk.bodies
        for number, (task_id, uuid, state, body) in enumerate(rows):
            task, packed = None, b""
            if not self._exact:
                if number % _CHUNK == _CHUNK - 1 and self._walk.time_is_up():
                    return
                task = self._matching(uuid, body or partition.body(task_id), self._states[state])
                if task is None:
                    self._reach(task_id)
                    continue
            elif bodies:
                packed = partition.packed(partition.body(task_id))
            self._reach(task_id)
            yield Found(Position(partition.number, task_id), uuid, packed, task)

    def _matching(self, uuid: Id, z: bytes, state: str) -> Task | None:
        packed = self._partition.packed(z)
        if not self._walk.may_match(need.indexed(texts(packed)), state):
            return None
        task = self._partition.task(uuid, z)
        return task if self._walk.matches(task) else None

    def _reach(self, task_id: int) -> None:
        self._walk.reached = Position(self._partition.number, task_id)


def _distinct(ids: Iterable[int]) -> Iterator[int]:
    last = None
    for task_id in ids:
        if task_id != last:
            yield task_id
        last = task_id


def _chunks(ids: Iterator[int]) -> Iterator[list[int]]:
    while chunk := list(islice(ids, _CHUNK)):
        yield chunk
