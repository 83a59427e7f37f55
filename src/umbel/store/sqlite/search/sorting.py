"""Pages sorted by a field.

Where a query finds few tasks, all are found and sorted; else see `sorted_texts` and
`sorted_numbers`. A text that is only in the body (arguments, result, routing key) has no order
anywhere: all tasks that are found are read, the newest first, for as long as there is time, and
the page says how far that was. Tasks without a value come last.
"""

from __future__ import annotations

from contextlib import closing
from itertools import islice

import apsw

from umbel.query.ast import Node
from umbel.store.base import Order, Page
from umbel.store.cursors import SortPosition, sort_value, write_cursor
from umbel.store.sqlite.files.columns import IN_BODY, SHARED
from umbel.store.sqlite.files.row import id_value
from umbel.store.sqlite.search import access_path
from umbel.store.sqlite.search.conditions import NO, to_sql
from umbel.store.sqlite.search.page_rows import seen_at, without_details
from umbel.store.sqlite.search.reader import Deadline, Reader, ReadPartition
from umbel.store.sqlite.search.scan import Scan
from umbel.store.sqlite.search.sort_page import DeadlinePassed, Key, PageRequest, SortedTask
from umbel.store.sqlite.search.sorted_numbers import by_number
from umbel.store.sqlite.search.sorted_texts import by_text
from umbel.store.sqlite.text.blocks import blocks_of
from umbel.store.sqlite.text.text_index import BLOCK_BITS

_TEXTS = frozenset(SHARED)
#: Tasks that are kept beside a page's until they are sorted, and all but the page's forgotten.
_UNSORTED_MAX = 1_000


def sorted_page(
    reader: Reader,
    query: Node,
    now: float,
    order: Order,
    after: SortPosition | None,
    limit: int,
    deadline: Deadline,
) -> Page:
    """A page of `Store.search` in an order other than `seen`."""
    request = PageRequest(reader, query, now, order, after, limit, deadline)
    try:
        if order.field in IN_BODY or _finds_few(request):
            return _of_all(request)
        stream = by_text(request) if order.field in _TEXTS else by_number(request)
        with closing(stream):
            sorted_tasks = list(islice(stream, limit + 1))
    except DeadlinePassed as out:
        return _page(request, out.sorted_tasks, complete=False)
    except apsw.InterruptError:
        return Page((), None, complete=False)
    return _page(request, sorted_tasks, complete=True)


def _page(request: PageRequest, sorted_tasks: list[SortedTask], *, complete: bool) -> Page:
    shown = sorted_tasks[: request.limit]
    more = len(sorted_tasks) > request.limit or not complete
    cursor = None
    if more and shown:
        last = shown[-1]
        cursor = write_cursor(SortPosition(last.key, last.position.arrival), request.order)
    return Page(tuple(without_details(each.task) for each in shown), cursor, complete=complete)


def _finds_few(request: PageRequest) -> bool:
    expected = 0
    for number in request.reader.numbers():
        with request.reader.partition(number, request.deadline) as partition:
            if partition is not None:
                expected += _expected(request, partition)
            if expected > request.reader.costs.sort_all_rows:
                return False
    return True


def _expected(request: PageRequest, partition: ReadPartition) -> int:
    """About how many tasks there are to find."""
    costs = partition.costs
    value_dictionary, newest = partition.value_dictionary, partition.newest_id()
    bounds = to_sql(request.query, value_dictionary, request.now, id_value)
    if bounds.upper == NO:
        return 0
    expected = access_path.choose(request.query, value_dictionary, newest, costs).expected
    if bounds.exact or expected <= costs.sort_all_rows or request.order.field not in _TEXTS:
        return expected
    blocks = blocks_of(partition, request.query, costs.sort_all_candidates >> BLOCK_BITS)
    return expected if blocks is None else 0


def _of_all(request: PageRequest) -> Page:
    scan = Scan(request.reader, request.query, request.now, request.deadline)
    page = _page(request, _best_of(request, scan), complete=True)
    if not scan.timed_out:
        return page
    return Page(page.items, None, complete=False, reached=seen_at(request.reader, scan.reached))


def _best_of(request: PageRequest, scan: Scan) -> list[SortedTask]:
    """The first `limit` and one more of all that the scan finds, in order."""
    wanted = request.limit + 1
    best: list[SortedTask] = []
    with closing(scan.matches()) as matching:
        for each in matching:
            key = sort_value(each.task, request.order.field)
            sorted_task = SortedTask(key, each.position, without_details(each.task))
            if request.after is None or _comes_after(
                sorted_task, request.after, request.order.descending
            ):
                best.append(sorted_task)
            if len(best) >= wanted + _UNSORTED_MAX:
                best = _in_order(best, request.order)[:wanted]
    return _in_order(best, request.order)[:wanted]


def _in_order(tasks: list[SortedTask], order: Order) -> list[SortedTask]:
    # Three stable sorts: newest first, then by value, then those without a value last.
    tasks = sorted(tasks, key=lambda each: each.position, reverse=True)
    tasks.sort(key=lambda each: _comparable(each.key), reverse=order.descending)
    tasks.sort(key=lambda each: each.key is None)
    return tasks


def _comparable(key: Key) -> tuple[float, str]:
    return (0.0, key) if isinstance(key, str) else (key or 0.0, "")


def _comes_after(sorted_tasks: SortedTask, position: SortPosition, descending: bool) -> bool:
    if sorted_tasks.key is None or position.value is None:
        if sorted_tasks.key is not None:
            return False
        return position.value is not None or sorted_tasks.position.arrival < position.arrival
    if sorted_tasks.key == position.value:
        return sorted_tasks.position.arrival < position.arrival
    return (_comparable(sorted_tasks.key) > _comparable(position.value)) != descending
