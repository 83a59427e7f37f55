"""`search`: one page of tasks and its cursor, by a scan, or sorted for any order but `seen`."""

from __future__ import annotations

from contextlib import closing
from itertools import islice

from umbel.query.ast import Node
from umbel.store.base import Order, Page
from umbel.store.cursors import SortPosition, read_cursor, write_cursor
from umbel.store.sqlite.search.page_rows import seen_at, without_details
from umbel.store.sqlite.search.position import Position, position_of
from umbel.store.sqlite.search.reader import Deadline, Reader
from umbel.store.sqlite.search.scan import Scan
from umbel.store.sqlite.search.sorting import sorted_page


def search(
    reader: Reader,
    query: Node,
    *,
    now: float,
    order: Order,
    cursor: str | None,
    limit: int,
    deadline: Deadline,
) -> Page:
    """See `Store.search`."""
    if limit < 1:
        raise ValueError(f"a page holds at least one task, not {limit}")
    after = None if cursor is None else read_cursor(cursor, order)
    if order.field != "seen":
        return sorted_page(reader, query, now, order, after, limit, deadline)
    scan = Scan(
        reader,
        query,
        now,
        deadline,
        descending=order.descending,
        after=None if after is None else position_of(after.arrival),
    )
    with closing(scan.matches()) as matching:
        found = list(islice(matching, limit + 1))
    items = tuple(without_details(each.task) for each in found[:limit])
    if len(found) > limit:
        return Page(items, _cursor(found[limit - 1].position, order))
    if not scan.timed_out:
        return Page(items, None)
    return Page(
        items,
        _cursor(scan.reached, order),
        complete=False,
        reached=seen_at(reader, scan.reached),
    )


def _cursor(position: Position, order: Order) -> str:
    return write_cursor(SortPosition(position.arrival, position.arrival), order)
