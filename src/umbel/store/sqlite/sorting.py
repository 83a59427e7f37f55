"""Pages sorted by a field.

Texts (name, state, worker) are few, so a page takes the tasks of one value after the other.
Numbers (received, started, runtime) are sought where they can be: zones in the order of
their bounds, until none that is left can hold a task that belongs on the page. Where a
query finds few tasks anyway, all are found and sorted. Tasks without a value come last.
"""

# ruff: noqa: S608  what is put into statements is our own: columns, numbers, marks

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from typing import NamedTuple

import apsw

from umbel.cluster.task import Task
from umbel.query.ast import And, Has, Node, Not
from umbel.query.match import Test, compile_query
from umbel.query.sql import NO, Parameter, to_sql
from umbel.store.base import Order, Page
from umbel.store.cursors import Place, write_cursor
from umbel.store.sqlite import access, need
from umbel.store.sqlite.files import only_row
from umbel.store.sqlite.reader import Deadline, Reader, ReadPartition
from umbel.store.sqlite.row import id_value
from umbel.store.sqlite.rows import seen_at, trimmed
from umbel.store.sqlite.vocabulary import Vocabulary
from umbel.store.sqlite.walk import Position, Value, Walk, position_of
from umbel.store.sqlite.zones import ZONE_BITS

_TEXTS = frozenset({"name", "state", "worker"})
#: A query that finds at most so many tasks has them all found and sorted.
_FEW = 10_000


Rank = Callable[["Placed"], tuple[float, int, int]]


Key = str | float | None


class Placed(NamedTuple):
    """A task of the page, with the value it is sorted by."""

    key: Key
    position: Position
    task: Task


def sorted_page(
    reader: Reader,
    query: Node,
    now: float,
    order: Order,
    after: Place | None,
    limit: int,
    deadline: Deadline,
) -> Page:
    """A page of `Store.search` in an order other than `seen`."""
    asked = _Asked(reader, query, now, order, after, limit, deadline)
    try:
        if _finds_few(asked):
            return _of_all(asked)
        stream = _by_text(asked) if order.field in _TEXTS else _by_number(asked)
        with closing(stream):
            placed = list(islice(stream, limit + 1))
    except _OutOfTime as out:
        return _page(asked, out.placed, complete=False)
    except apsw.InterruptError:
        return Page((), None, complete=False)
    return _page(asked, placed, complete=True)


class _Asked(NamedTuple):
    reader: Reader
    query: Node
    now: float
    order: Order
    after: Place | None
    limit: int
    deadline: Deadline


class _OutOfTime(Exception):
    """`placed` is what is certain to be on the page so far."""

    def __init__(self, placed: list[Placed]) -> None:
        super().__init__()
        self.placed = placed


def _page(asked: _Asked, placed: list[Placed], *, complete: bool) -> Page:
    shown = placed[: asked.limit]
    more = len(placed) > asked.limit or not complete
    cursor = None
    if more and shown:
        last = shown[-1]
        cursor = write_cursor(Place(last.key, last.position.arrival), asked.order)
    return Page(tuple(trimmed(each.task) for each in shown), cursor, complete=complete)


# -- few tasks: find all, sort -----------------------------------------------------------


def _finds_few(asked: _Asked) -> bool:
    expected = 0
    for number in asked.reader.numbers():
        with asked.reader.partition(number, asked.deadline) as partition:
            if partition is None:
                continue
            vocabulary, newest = partition.vocabulary, partition.newest_id()
            bounds = to_sql(asked.query, vocabulary, asked.now, id_value)
            if bounds.upper == NO:
                continue
            if not bounds.exact and need.need_of(asked.query) is not None:
                continue
            expected += access.choose(asked.query, vocabulary, newest, {}).expected
            if expected > _FEW:
                return False
    return True


def _of_all(asked: _Asked) -> Page:
    field, descending = asked.order.field, asked.order.descending
    walk = Walk(asked.reader, asked.query, asked.now, asked.deadline)
    found: list[tuple[Key, Position, Task]] = []
    with closing(walk.found()) as matching:
        for each in matching:
            task = trimmed(each.task)
            found.append((getattr(task, field), each.position, task))
    placed = [Placed(*each) for each in found]
    # Three stable sorts: newest first, then by value, then those without a value last.
    placed.sort(key=lambda each: each.position, reverse=True)
    placed.sort(key=lambda each: _comparable(each.key), reverse=descending)
    placed.sort(key=lambda each: each.key is None)
    if asked.after is not None:
        placed = [each for each in placed if _comes_after(each, asked.after, descending)]
    page = _page(asked, placed[: asked.limit + 1], complete=True)
    if not walk.timed_out:
        return page
    return Page(page.items, None, complete=False, reached=seen_at(asked.reader, walk.reached))


def _comparable(key: Key) -> tuple[float, str]:
    return (0.0, key) if isinstance(key, str) else (key or 0.0, "")


def _comes_after(placed: Placed, place: Place, descending: bool) -> bool:
    if placed.key is None or place.value is None:
        if placed.key is not None:
            return False
        return place.value is not None or placed.position.arrival < place.arrival
    if placed.key == place.value:
        return placed.position.arrival < place.arrival
    return (_comparable(placed.key) > _comparable(place.value)) != descending


# -- texts: one value after the other ----------------------------------------------------


def _by_text(asked: _Asked) -> Generator[Placed]:
    field, after = asked.order.field, asked.after
    values = _values(asked)
    placed: list[Placed] = []
    for text in sorted(values, reverse=asked.order.descending):
        here = after is not None and after.value == text
        if after is not None and not here and _is_before(text, after, asked.order):
            continue
        walk = Walk(
            asked.reader, asked.query, asked.now, asked.deadline,
            after=position_of(after.arrival) if here and after is not None else None,
            value=Value(field, text), numbers=values[text],
        )  # fmt: skip
        yield from _placed(walk, text, placed)
    yield from _without_value(asked, placed)


def _is_before(text: str, after: Place, order: Order) -> bool:
    """Whether the tasks with this value were on earlier pages."""
    return after.value is None or (text < str(after.value)) != order.descending


def _values(asked: _Asked) -> dict[str, list[int]]:
    """Every text of the field that the query leaves possible, and the partitions with it."""
    values: dict[str, list[int]] = {}
    for number in asked.reader.numbers():
        with asked.reader.partition(number, asked.deadline) as partition:
            if partition is not None:
                for text in _possible(asked, partition.vocabulary):
                    values.setdefault(text, []).append(number)
    return values


def _possible(asked: _Asked, vocabulary: Vocabulary) -> list[str]:
    if to_sql(asked.query, vocabulary, asked.now, id_value).upper == NO:
        return []
    field = asked.order.field
    return [
        text
        for text, number in vocabulary.of(field).items()
        if vocabulary.counts.get(number, 0) > 0
    ]


def _placed(walk: Walk, key: Key, placed: list[Placed]) -> Iterator[Placed]:
    with closing(walk.found()) as matching:
        for found in matching:
            each = Placed(key, found.position, found.task)
            placed.append(each)
            yield each
    if walk.timed_out:
        raise _OutOfTime(placed)


def _without_value(asked: _Asked, placed: list[Placed]) -> Iterator[Placed]:
    after = asked.after
    walk = Walk(
        asked.reader,
        And((asked.query, Not(Has(asked.order.field)))),
        asked.now,
        asked.deadline,
        after=position_of(after.arrival) if after is not None and after.value is None else None,
    )
    yield from _placed(walk, None, placed)


# -- numbers: zone after zone ------------------------------------------------------------


class _Piece(NamedTuple):
    """Tasks of a partition whose value is not beyond `bound`."""

    bound: float
    partition: int
    low: int
    high: int
    by_index: str | None = None
    required: str = "1"


def _by_number(asked: _Asked) -> Generator[Placed]:
    placed: list[Placed] = []
    if asked.after is None or asked.after.value is not None:
        placed = _best(asked)
        yield from placed
    yield from _without_value(asked, placed)


def _best(asked: _Asked) -> list[Placed]:
    """The first `limit` and one more of those with a value."""
    sign = -1.0 if asked.order.descending else 1.0
    best: list[Placed] = []

    def rank(each: Placed) -> tuple[float, int, int]:
        assert isinstance(each.key, float | int)  # noqa: S101  only numbers come here
        return sign * each.key, -each.position.partition, -each.position.id

    with ExitStack() as stack:
        partitions = {
            number: partition
            for number in asked.reader.numbers()
            if (partition := stack.enter_context(asked.reader.partition(number, asked.deadline)))
        }
        pieces = [piece for each in partitions.values() for piece in _pieces(asked, each)]
        pieces.sort(key=lambda piece: sign * piece.bound)
        for piece in pieces:
            if len(best) > asked.limit and sign * piece.bound > rank(best[-1])[0]:
                break
            try:
                if asked.deadline.passed():
                    raise _OutOfTime(_certain(best, sign * piece.bound, rank))
                worst = best[-1].key if len(best) > asked.limit else None
                best += _of_piece(asked, partitions[piece.partition], piece, worst)
            except apsw.InterruptError as error:
                raise _OutOfTime(_certain(best, sign * piece.bound, rank)) from error
            best.sort(key=rank)
            del best[asked.limit + 1 :]
    return best


def _certain(best: list[Placed], bound: float, rank: Rank) -> list[Placed]:
    """Those before which no task that was not looked at can come."""
    return [each for each in best if rank(each)[0] < bound]


def _pieces(asked: _Asked, partition: ReadPartition) -> Iterator[_Piece]:
    field, descending = asked.order.field, asked.order.descending
    newest = partition.newest_id()
    beyond = float("inf") if descending else float("-inf")
    way = access.choose(asked.query, partition.vocabulary, newest, {})
    if way.index is not None:
        # So few that SQLite sorts them faster than zones are read.
        yield _Piece(beyond, partition.number, 0, newest, way.index, way.required or "1")
        return
    bound = f"{field}_max" if descending else f"{field}_min"
    zones = access.zone_condition(asked.query, asked.now)
    conditions = [f"{bound} IS NOT NULL", zones.sql if zones else "1"]
    parameters = list(zones.parameters) if zones else []
    if asked.after is not None and isinstance(asked.after.value, float | int):
        # The rest of these zones was on earlier pages.
        conditions.append(f"{field}_min <= ?" if descending else f"{field}_max >= ?")
        parameters.append(asked.after.value)
    rows = partition.connection.execute(
        f"SELECT id, {bound} FROM zone WHERE {' AND '.join(conditions)}",
        parameters,
    )
    for zone, value in rows:
        yield _Piece(value, partition.number, zone << ZONE_BITS, ((zone + 1) << ZONE_BITS) - 1)
    (last,) = only_row(partition.connection, "SELECT max(id) FROM zone")
    first = 0 if last is None else (last + 1) << ZONE_BITS
    yield _Piece(beyond, partition.number, first, newest)


def _of_piece(
    asked: _Asked, partition: ReadPartition, piece: _Piece, worst: Key
) -> Iterator[Placed]:
    """The first tasks of the piece, none of them behind `worst`."""
    field, after = asked.order.field, asked.after
    word, compared, within = ("DESC", "<", ">=") if asked.order.descending else ("ASC", ">", "<=")
    bounds = to_sql(asked.query, partition.vocabulary, asked.now, id_value)
    if bounds.upper == NO:
        return
    conditions = f"({bounds.upper.sql}) AND {field} IS NOT NULL AND id BETWEEN ? AND ?"
    parameters: list[Parameter] = [*bounds.upper.parameters, piece.low, piece.high]
    if isinstance(worst, float | int):
        conditions += f" AND {field} {within} ?"
        parameters.append(worst)
    if after is not None and isinstance(after.value, float | int):
        last = position_of(after.arrival)
        older = "1" if partition.number < last.partition else "0"
        if partition.number == last.partition:
            older = f"id < {last.id}"
        conditions += f" AND ({field} {compared} ? OR ({field} = ? AND {older}))"
        parameters += [after.value, after.value]
    hint = "NOT INDEXED"
    if piece.by_index is not None:
        hint = f"INDEXED BY {piece.by_index}"
        conditions += f" AND {piece.required}"
    rows = partition.connection.execute(
        f"SELECT id, uuid, {field} FROM task {hint} WHERE {conditions}"
        f" ORDER BY {field} {word}, id DESC",
        parameters,
    )
    test = None if bounds.exact else compile_query(asked.query, asked.now)
    yield from islice(_matching(partition, rows, test), asked.limit + 1)


def _matching(partition: ReadPartition, rows: apsw.Cursor, test: Test | None) -> Iterator[Placed]:
    for task_id, uuid, key in rows:
        task = partition.task(uuid, partition.body(task_id))
        if test is None or test(task):
            yield Placed(key, Position(partition.number, task_id), task)
