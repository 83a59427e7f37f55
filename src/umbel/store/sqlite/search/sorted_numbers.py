"""Tasks sorted by a number (a time, a duration or a count).

Only columns are sorted; tasks are read in that order, until the page is full. Partitions, and
their zones, are taken in the order of their bounds, more zones at a time each time, until none
that is left can hold a task that belongs on the page. Of a zone only those tasks are looked at
that an index over columns, or the search index, leaves over; where it leaves few of a whole
partition, these are sorted instead. See `sort_pieces` for both.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice, takewhile
from operator import attrgetter
from typing import NamedTuple

import apsw

from umbel.cluster.task import Task
from umbel.query.match import Test, compile_query
from umbel.store.sqlite.files.damage import BODY_DAMAGE, is_damage
from umbel.store.sqlite.files.row import CHANGED, Id, id_value
from umbel.store.sqlite.search.conditions import NO, to_sql
from umbel.store.sqlite.search.position import Position, position_of
from umbel.store.sqlite.search.reader import ReadPartition
from umbel.store.sqlite.search.sort_page import DeadlinePassed, PageRequest, SortedTask
from umbel.store.sqlite.search.sort_pieces import PartitionPlan, Piece, SortColumn
from umbel.store.sqlite.search.sorted_texts import with_key
from umbel.store.sqlite.text.body_prefilter import BodyPrefilter, body_prefilter
from umbel.store.sqlite.text.query_text_filter import query_text_filter
from umbel.store.sqlite.text.text_index import BLOCK_BITS


class _StoredTask(NamedTuple):
    uuid: Id
    state: int
    changed: float
    compressed: bytes


class _Best(NamedTuple):
    key: float
    position: Position
    task: Task | None


def by_number(request: PageRequest) -> Generator[SortedTask]:
    """The tasks of the page in order. Raises `DeadlinePassed`."""
    sorted_tasks: list[SortedTask] = []
    if request.after is None or request.after.value is not None:
        sorted_tasks = _Sorting(request).best()
        yield from sorted_tasks
    if request.order.field != "changed":  # which every task has
        yield from with_key(request.without_value(), None, sorted_tasks)


class _Sorting:
    def __init__(self, request: PageRequest) -> None:
        self._request = request
        self._costs = request.reader.costs
        self._column = SortColumn(request.order.field, -1.0 if request.order.descending else 1.0)
        self._sign = self._column.sign
        self._wanted = request.limit + 1
        self._best: list[_Best] = []
        self._plans: dict[int, PartitionPlan] = {}
        self._given_up: set[int] = set()
        text_filter = query_text_filter(request.query)
        self._prefilter: BodyPrefilter | None = (
            None if text_filter is None else body_prefilter(text_filter)
        )
        self._test: Test = compile_query(request.query, request.now)

    def best(self) -> list[SortedTask]:
        """The first `limit` and one more of those with a value."""
        with ExitStack() as stack:
            self._open(stack)
            pieces = self._sorted(self._whole())
            costs = self._costs
            size = costs.sort_zones_first
            while pieces := self._possible(pieces):
                bound = self._sign * pieces[0].bound
                try:
                    if pieces[0].is_whole:
                        opened = self._possible(self._opened(pieces[0]))
                        pieces = self._sorted([*opened, *pieces[1:]])
                        continue
                    taken = list(takewhile(lambda each: not each.is_whole, pieces[:size]))
                    self._take(taken)
                except apsw.InterruptError as error:
                    certain = [each for each in self._best if self._rank(each)[0] < bound]
                    raise DeadlinePassed(self._read(certain)) from error
                pieces = pieces[len(taken) :]
                if len(taken) == size:
                    size *= costs.sort_zones_growth
            return self._read(self._best)

    def _sorted(self, pieces: Iterable[Piece]) -> list[Piece]:
        return sorted(pieces, key=attrgetter("bound"), reverse=self._sign < 0)

    def _open(self, stack: ExitStack) -> None:
        request = self._request
        for number in request.reader.numbers():
            partition = stack.enter_context(request.reader.partition(number, request.deadline))
            if partition is None:
                continue
            try:
                bounds = to_sql(request.query, partition.value_dictionary, request.now, id_value)
            except Exception as error:
                self._give_up(number, error)
                continue
            if bounds.upper != NO:
                self._plans[number] = PartitionPlan(partition, bounds, request, self._column)

    def _rank(self, each: _Best) -> tuple[float, int, int]:
        return self._sign * each.key, -each.position.partition, -each.position.id

    def _possible(self, pieces: list[Piece]) -> list[Piece]:
        """Those that may hold a task which belongs on the page, of pieces best first."""
        if len(self._best) < self._wanted:
            return pieces
        worst, _, _ = self._rank(self._best[-1])
        end = bisect_right(pieces, worst, key=lambda piece: self._sign * piece.bound)
        return pieces[:end]

    def _give_up(self, number: int, error: Exception) -> None:
        """Go on without the rest of a partition that is damaged."""
        if not is_damage(error):
            raise error
        self._given_up.add(number)
        self._request.reader.note(number, error)

    # -- where to look -------------------------------------------------------------------

    def _whole(self) -> Iterator[Piece]:
        """All partitions, each as one piece."""
        for number, plan in self._plans.items():
            try:
                yield Piece(plan.bound(), number)
            except Exception as error:
                self._give_up(number, error)

    def _opened(self, piece: Piece) -> list[Piece]:
        try:
            return self._plans[piece.partition].opened(piece.bound)
        except Exception as error:
            self._give_up(piece.partition, error)
            return []

    # -- what is there -------------------------------------------------------------------

    def _take(self, pieces: list[Piece]) -> None:
        """Keep the best of these pieces; zones of one partition are asked together."""
        zones: dict[int, set[int]] = {}
        for piece in pieces:
            if piece.zone is not None:
                zones.setdefault(piece.partition, set()).add(piece.zone)
            elif self._possible([piece]):
                self._take_piece(piece)
        for number in sorted(zones, reverse=True):
            self._take_piece(self._plans[number].within(zones[number]))

    def _take_piece(self, piece: Piece) -> None:
        if piece.partition in self._given_up:
            return
        try:
            self._find(piece)
        except Exception as error:
            self._give_up(piece.partition, error)

    def _find(self, piece: Piece) -> None:
        rows = self._rows(piece)
        if piece.among is not None:
            among = piece.among
            rows = (row for row in rows if row[0] >> BLOCK_BITS in among)
        found = list(self._matching(piece.partition, rows))
        self._best = sorted(self._best + found, key=self._rank)[: self._wanted]

    def _rows(self, piece: Piece) -> Iterator[tuple[int, float]]:
        """Ids and values of the piece, sorted, none of them beyond the worst that was found."""
        value, after = self._column.sql, self._request.after
        word, compared, within = ("DESC", "<", ">=") if self._sign < 0 else ("ASC", ">", "<=")
        plan = self._plans[piece.partition]
        partition, bounds = plan.partition, plan.bounds
        conditions, parameters = [piece.condition, f"{value} IS NOT NULL"], [*piece.parameters]
        if len(self._best) == self._wanted:
            conditions.append(f"{value} {within} ?")
            parameters.append(self._best[-1].key)
        if after is not None and isinstance(after.value, float | int):
            last = position_of(after.arrival)
            older = "1" if partition.number < last.partition else "0"
            if partition.number == last.partition:
                older = f"task.id < {last.id}"
            conditions.append(f"({value} {compared} ? OR ({value} = ? AND {older}))")
            parameters += [after.value, after.value]
        conditions.append(f"({bounds.upper.sql})")
        parameters += bounds.upper.parameters
        limit = f" LIMIT {self._wanted}" if bounds.exact else ""
        return partition.connection.execute(
            f"SELECT task.id, {value} FROM {piece.source} WHERE {' AND '.join(conditions)}"
            f" ORDER BY {value} {word}, task.id DESC{limit}",
            parameters,
        )

    def _matching(self, number: int, rows: Iterator[tuple[int, float]]) -> Iterator[_Best]:
        """The first of them that match, no more than are wanted."""
        plan = self._plans[number]
        if plan.bounds.exact:
            for task_id, key in islice(rows, self._wanted):
                yield _Best(key, Position(number, task_id), None)
            return
        taken = 0
        while some := list(islice(rows, self._costs.candidates_together)):
            if self._request.deadline.passed():
                raise apsw.InterruptError
            stored = _stored(plan.partition, [task_id for task_id, _ in some])
            for task_id, key in some:
                task = self._task(plan, stored[task_id])
                if task is None:
                    continue
                yield _Best(key, Position(number, task_id), task)
                taken += 1
                if taken == self._wanted:
                    return

    def _task(self, plan: PartitionPlan, stored: _StoredTask) -> Task | None:
        """The task if it can be read and matches."""
        partition = plan.partition
        uuid, state, changed, compressed = stored
        try:
            if self._prefilter and not self._prefilter(
                partition.packed(compressed), plan.texts[state]
            ):
                return None
            task = partition.task(uuid, changed, compressed)
        except BODY_DAMAGE as error:
            partition.unread = error
            return None
        return task if self._test(task) else None

    def _read(self, best: list[_Best]) -> list[SortedTask]:
        """With the tasks that were not needed to tell whether they match."""
        sorted_tasks: list[SortedTask] = []
        for key, position, task in best:
            if task is None:
                try:
                    task = self._made(position)
                except Exception as error:
                    self._give_up(position.partition, error)
                    continue
            sorted_tasks.append(SortedTask(key, position, task))
        return sorted_tasks

    def _made(self, position: Position) -> Task:
        partition = self._plans[position.partition].partition
        uuid, _, changed, compressed = _stored(partition, [position.id])[position.id]
        return partition.task(uuid, changed, compressed)


def _stored(partition: ReadPartition, ids: Sequence[int]) -> dict[int, _StoredTask]:
    """Tasks of these ids as they are stored; one statement for all is several times as fast
    as one for each."""
    placeholders = ",".join(map(str, ids))
    rows = partition.connection.execute(
        f"SELECT task.id, uuid, state, {CHANGED}, z FROM task NOT INDEXED"
        f" CROSS JOIN body ON body.id = task.id WHERE task.id IN ({placeholders})"
    )
    stored = {task_id: _StoredTask(*rest) for task_id, *rest in rows}
    if len(stored) < len(ids):
        raise apsw.CorruptError(f"{partition.connection.filename} lacks bodies of tasks")
    return stored
