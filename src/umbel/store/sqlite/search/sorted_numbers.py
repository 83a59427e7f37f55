"""Tasks sorted by a number (changed, received, started, finished, runtime).

Only columns are sorted; tasks are read in that order, until the page is full. Partitions, and
their zones, are taken in the order of their bounds, more zones at a time each time, until none
that is left can hold a task that belongs on the page. Of a zone only those tasks are looked at
that an index over columns, or the search index, leaves over; where it leaves few of a whole
partition, these are sorted instead.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, placeholders

from __future__ import annotations

from array import array
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain, islice, takewhile
from typing import Any, NamedTuple

import apsw

from umbel.cluster.task import Task
from umbel.query.match import Test, compile_query
from umbel.store.sqlite.files.damage import BODY_DAMAGE, is_damage
from umbel.store.sqlite.files.paths import only_row
from umbel.store.sqlite.files.row import CHANGED, Id, id_value
from umbel.store.sqlite.files.zone_map import ZONE_BITS
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import NO, Bounds, to_sql
from umbel.store.sqlite.search.position import Position, position_of
from umbel.store.sqlite.search.reader import ReadPartition
from umbel.store.sqlite.search.sort_page import OutOfTime, PageRequest, SortedTask
from umbel.store.sqlite.search.sorted_texts import with_key
from umbel.store.sqlite.text.blocks import blocks_of
from umbel.store.sqlite.text.body_prefilter import BodyPrefilter, body_prefilter
from umbel.store.sqlite.text.query_text_filter import query_text_filter
from umbel.store.sqlite.text.text_index import BLOCK_BITS


class _Piece(NamedTuple):
    """Tasks of a partition whose value is not beyond `bound`: those of a zone, or those that
    a FROM clause and a condition give; all of them, as long as neither is known."""

    bound: float
    partition: int
    zone: int | None = None
    source: str = ""
    condition: str = "1"
    parameters: tuple[Any, ...] = ()
    among: frozenset[int] | None = None


class _StoredTask(NamedTuple):
    uuid: Id
    state: int
    changed: float
    compressed: bytes


class _Best(NamedTuple):
    key: float
    position: Position
    task: Task | None


class _PartitionPlan:
    """A partition, what the query is there, and the texts of shared values. Of its zones only
    those tasks are looked at that `way` gives, or that are in `blocks`."""

    def __init__(self, partition: ReadPartition, bounds: Bounds) -> None:
        self.partition = partition
        self.bounds = bounds
        self.texts: Mapping[int, str] = partition.value_dictionary.texts
        self.access: access_path.AccessPath | None = None
        self.blocks: dict[int, list[int]] | None = None

    def within(self, zones: set[int]) -> _Piece:
        """Those tasks of these zones."""
        number = self.partition.number
        if self.blocks is not None:
            blocks = frozenset(block for zone in zones for block in self.blocks[zone])
            return _Piece(0.0, number, source=_BY_BLOCK, parameters=(_array(blocks),))
        part = (_array(frozenset(zones)),)
        if self.access is None:
            return _Piece(0.0, number, source=_BY_ZONE, parameters=part)
        source = _neighbours(ZONE_BITS, f"INDEXED BY {self.access.index}")
        return _Piece(0.0, number, None, source, self.access.required or "1", part)


def by_number(request: PageRequest) -> Generator[SortedTask]:
    """The tasks of the page in order. Raises `OutOfTime`."""
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
        self._field = request.order.field
        self._value = CHANGED if self._field == "changed" else f"task.{self._field}"
        self._sign = -1.0 if request.order.descending else 1.0
        self._wanted = request.limit + 1
        self._best: list[_Best] = []
        self._plans: dict[int, _PartitionPlan] = {}
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
            pieces = self._sorted(
                _Piece(bound, number)
                for number in self._plans
                if (bound := self._bound_of(number)) is not None
            )
            costs = self._costs
            size = costs.sort_zones_first
            while pieces := self._possible(pieces):
                bound = self._sign * pieces[0].bound
                try:
                    if _is_whole(pieces[0]):
                        opened = self._readable(pieces[0].partition, pieces[0].bound)
                        pieces = self._sorted([*opened, *pieces[1:]])
                        continue
                    taken = list(takewhile(lambda each: not _is_whole(each), pieces[:size]))
                    self._take(taken)
                except apsw.InterruptError as error:
                    certain = [each for each in self._best if self._rank(each)[0] < bound]
                    raise OutOfTime(self._read(certain)) from error
                pieces, size = pieces[len(taken) :], size * costs.sort_zones_growth
            return self._read(self._best)

    def _sorted(self, pieces: Iterable[_Piece]) -> list[_Piece]:
        return sorted(pieces, key=lambda piece: self._sign * piece.bound)

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
                self._plans[number] = _PartitionPlan(partition, bounds)

    def _rank(self, each: _Best) -> tuple[float, int, int]:
        return self._sign * each.key, -each.position.partition, -each.position.id

    def _possible(self, pieces: list[_Piece]) -> list[_Piece]:
        """Those that may hold a task which belongs on the page."""
        if len(self._best) < self._wanted:
            return pieces
        worst, _, _ = self._rank(self._best[-1])
        return [piece for piece in pieces if self._sign * piece.bound <= worst]

    def _give_up(self, number: int, error: Exception) -> None:
        """Go on without the rest of a partition that is damaged."""
        if not is_damage(error):
            raise error
        self._given_up.add(number)
        self._request.reader.note(number, error)

    # -- where to look -------------------------------------------------------------------

    def _bound_of(self, number: int) -> float | None:
        try:
            return self._bound(self._plans[number].partition)
        except Exception as error:
            self._give_up(number, error)
            return None

    def _readable(self, number: int, bound: float) -> list[_Piece]:
        try:
            return self._pieces(number, bound)
        except Exception as error:
            self._give_up(number, error)
            return []

    def _pieces(self, number: int, bound: float) -> list[_Piece]:
        plan, request, costs = self._plans[number], self._request, self._costs
        newest = plan.partition.newest_id()
        access = access_path.choose(request.query, plan.partition.value_dictionary, newest, costs)
        blocks = None
        if not plan.bounds.exact:
            blocks = blocks_of(plan.partition, request.query, costs.sort_blocks)
        if blocks is not None and not blocks:
            return []
        longest = self._longest(access)
        if longest is not None and blocks is None:
            return [longest._replace(partition=number)]
        most = (
            costs.sort_index_rows
            if access.values <= costs.sort_index_keys
            else costs.sort_many_keys_rows
        )
        few = access.index is not None and access.expected <= most
        if few and (blocks is None or access.expected < len(blocks) << BLOCK_BITS):
            source = f"task INDEXED BY {access.index}"
            return [_Piece(bound, number, None, source, access.required or "1", among=blocks)]
        if blocks is not None:
            plan.blocks = {}
            for block in blocks:
                plan.blocks.setdefault(block >> ZONE_BITS - BLOCK_BITS, []).append(block)
        elif access.index is not None and access.values <= costs.sort_index_keys:
            plan.access = access
        return self._zones(number, newest)

    def _longest(self, access: access_path.AccessPath) -> _Piece | None:
        """All of the query's tasks in their order, where an index has them so."""
        if self._field != "runtime":
            return None
        beyond = -self._sign * float("inf")
        if access.required == access_path.UNSUCCESSFUL:
            condition = f"{access_path.UNSUCCESSFUL} AND runtime IS NOT NULL"
            return _Piece(beyond, 0, None, "task INDEXED BY task_unsuccessful", condition)
        if access_path.requires_retry(self._request.query):
            return _Piece(beyond, 0, None, "task INDEXED BY task_retried", access_path.RETRIED)
        return None

    def _bound(self, partition: ReadPartition) -> float:
        """What no value of the partition is beyond."""
        beyond = -self._sign * float("inf")
        word, best = ("max", max) if self._sign < 0 else ("min", min)
        field = self._field
        of_zones, last = only_row(
            partition.connection, f"SELECT {word}({field}_{word}), max(id) FROM zone"
        )
        first = 0 if last is None else (last + 1) << ZONE_BITS
        (rest,) = only_row(
            partition.connection,
            f"SELECT {word}({self._value}) FROM task NOT INDEXED WHERE id >= ?",
            (first,),
        )
        values = [value for value in (of_zones, rest) if value is not None]
        return best(values) if values else -beyond

    def _zones(self, number: int, newest: int) -> list[_Piece]:
        field, request = self._field, self._request
        plan = self._plans[number]
        connection = plan.partition.connection
        descending = request.order.descending
        bound = f"{field}_max" if descending else f"{field}_min"
        zones = access_path.zone_condition(request.query, request.now)
        conditions = [f"{bound} IS NOT NULL", zones.sql if zones else "1"]
        parameters = list(zones.parameters) if zones else []
        if request.after is not None and isinstance(request.after.value, float | int):
            # The rest of these zones was on earlier pages.
            conditions.append(f"{field}_min <= ?" if descending else f"{field}_max >= ?")
            parameters.append(request.after.value)
        rows = connection.execute(
            f"SELECT id, {bound} FROM zone WHERE {' AND '.join(conditions)}", parameters
        )
        pieces = [
            _Piece(value, number, zone)
            for zone, value in rows
            if plan.blocks is None or zone in plan.blocks
        ]
        (last,) = only_row(connection, "SELECT max(id) FROM zone")
        first = 0 if last is None else (last + 1) << ZONE_BITS
        rest = _Piece(
            -self._sign * float("inf"), number, None, "task NOT INDEXED",
            "task.id BETWEEN ? AND ?", (first, newest),
            None if plan.blocks is None else frozenset(chain.from_iterable(plan.blocks.values())),
        )  # fmt: skip
        return [*pieces, rest]

    # -- what is there -------------------------------------------------------------------

    def _take(self, pieces: list[_Piece]) -> None:
        """Keep the best of these pieces; zones of one partition are asked together."""
        zones: dict[int, set[int]] = {}
        for piece in pieces:
            if piece.zone is not None:
                zones.setdefault(piece.partition, set()).add(piece.zone)
            elif self._possible([piece]):
                self._take_piece(piece)
        for number in sorted(zones, reverse=True):
            self._take_piece(self._plans[number].within(zones[number]))

    def _take_piece(self, piece: _Piece) -> None:
        if piece.partition in self._given_up:
            return
        try:
            self._find(piece)
        except Exception as error:
            self._give_up(piece.partition, error)

    def _find(self, piece: _Piece) -> None:
        rows = self._rows(piece)
        if piece.among is not None:
            among = piece.among
            rows = (row for row in rows if row[0] >> BLOCK_BITS in among)
        found = list(self._matching(piece.partition, rows))
        self._best = sorted(self._best + found, key=self._rank)[: self._wanted]

    def _rows(self, piece: _Piece) -> Iterator[tuple[int, float]]:
        """Ids and values of the piece, sorted, none of them beyond the worst that was found."""
        value, after = self._value, self._request.after
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

    def _task(self, plan: _PartitionPlan, stored: _StoredTask) -> Task | None:
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


def _is_whole(piece: _Piece) -> bool:
    """Whether it is not known yet where in its partition to look."""
    return piece.zone is None and not piece.source


def _neighbours(bits: int, hint: str = "NOT INDEXED") -> str:
    return (
        f"carray(?) AS part CROSS JOIN task {hint}"
        f" ON task.id BETWEEN part.value << {bits} AND (part.value << {bits}) + {(1 << bits) - 1}"
    )


_BY_BLOCK, _BY_ZONE = _neighbours(BLOCK_BITS), _neighbours(ZONE_BITS)


def _array(numbers: frozenset[int]) -> object:
    return apsw.carray(array("q", sorted(numbers)))
