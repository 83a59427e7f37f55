"""Pages sorted by a field.

Where a query finds few tasks, all are found and sorted; else see `sorted_texts` and
`sorted_numbers`. Tasks without a value come last.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice

import apsw

from umbel.cluster.task import Task
from umbel.query.ast import Node
from umbel.store.base import Order, Page
from umbel.store.cursors import Place, write_cursor
from umbel.store.sqlite.files.row import id_value
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import NO, to_sql
from umbel.store.sqlite.search.page_rows import seen_at, trimmed
from umbel.store.sqlite.search.position import Position
from umbel.store.sqlite.search.reader import Deadline, Reader, ReadPartition
from umbel.store.sqlite.search.scan import Walk
from umbel.store.sqlite.search.sort_page import Asked, Key, OutOfTime, Placed
from umbel.store.sqlite.search.sorted_numbers import by_number
from umbel.store.sqlite.search.sorted_texts import by_text
from umbel.store.sqlite.text.blocks import blocks_of
from umbel.store.sqlite.text.text_index import BLOCK_BITS

_TEXTS = frozenset({"name", "state", "worker"})
#: A query that finds at most so many tasks has them all found and sorted.
_FEW = 1_000
#: The same for candidates of a text search, most of which are no matches.
_FEW_CANDIDATES = 4_096


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
    asked = Asked(reader, query, now, order, after, limit, deadline)
    try:
        if _finds_few(asked):
            return _of_all(asked)
        stream = by_text(asked) if order.field in _TEXTS else by_number(asked)
        with closing(stream):
            placed = list(islice(stream, limit + 1))
    except OutOfTime as out:
        return _page(asked, out.placed, complete=False)
    except apsw.InterruptError:
        return Page((), None, complete=False)
    return _page(asked, placed, complete=True)


def _page(asked: Asked, placed: list[Placed], *, complete: bool) -> Page:
    shown = placed[: asked.limit]
    more = len(placed) > asked.limit or not complete
    cursor = None
    if more and shown:
        last = shown[-1]
        cursor = write_cursor(Place(last.key, last.position.arrival), asked.order)
    return Page(tuple(trimmed(each.task) for each in shown), cursor, complete=complete)


def _finds_few(asked: Asked) -> bool:
    expected = 0
    for number in asked.reader.numbers():
        with asked.reader.partition(number, asked.deadline) as partition:
            if partition is not None:
                expected += _expected(asked, partition)
            if expected > _FEW:
                return False
    return True


def _expected(asked: Asked, partition: ReadPartition) -> int:
    """About how many tasks there are to find."""
    vocabulary, newest = partition.vocabulary, partition.newest_id()
    bounds = to_sql(asked.query, vocabulary, asked.now, id_value)
    if bounds.upper == NO:
        return 0
    expected = access_path.choose(asked.query, vocabulary, newest, {}).expected
    if bounds.exact or expected <= _FEW or asked.order.field not in _TEXTS:
        return expected
    blocks = blocks_of(partition, asked.query, _FEW_CANDIDATES >> BLOCK_BITS)
    return expected if blocks is None else 0


def _of_all(asked: Asked) -> Page:
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
