"""Tasks sorted by a text (name, state, worker, queue): there are few values, so a page takes the
tasks of one after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

from umbel.store.base import Order
from umbel.store.cursors import SortPosition
from umbel.store.sqlite.files.row import id_value
from umbel.store.sqlite.files.value_dictionary import ValueDictionary
from umbel.store.sqlite.search.conditions import NO, to_sql
from umbel.store.sqlite.search.position import position_of
from umbel.store.sqlite.search.scan import FieldValue, Scan
from umbel.store.sqlite.search.sort_page import DeadlinePassed, Key, PageRequest, SortedTask


def by_text(request: PageRequest) -> Generator[SortedTask]:
    """All tasks in order. Raises `DeadlinePassed`."""
    field, after = request.order.field, request.after
    values = _values(request)
    sorted_tasks: list[SortedTask] = []
    for text in sorted(values, reverse=request.order.descending):
        here = after is not None and after.value == text
        if after is not None and not here and _is_before(text, after, request.order):
            continue
        scan = Scan(
            request.reader, request.query, request.now, request.deadline,
            after=position_of(after.arrival) if here and after is not None else None,
            value=FieldValue(field, text), numbers=values[text],
        )  # fmt: skip
        yield from with_key(scan, text, sorted_tasks)
    yield from with_key(request.without_value(), None, sorted_tasks)


def _is_before(text: str, after: SortPosition, order: Order) -> bool:
    """Whether the tasks with this value were on earlier pages."""
    return after.value is None or (text < str(after.value)) != order.descending


def _values(request: PageRequest) -> dict[str, list[int]]:
    """Every text of the field that the query leaves possible, and the partitions with it."""
    values: dict[str, list[int]] = {}
    for number in request.reader.numbers():
        with request.reader.partition(number, request.deadline) as partition:
            if partition is not None:
                for text in _possible(request, partition.value_dictionary):
                    values.setdefault(text, []).append(number)
    return values


def _possible(request: PageRequest, value_dictionary: ValueDictionary) -> list[str]:
    if to_sql(request.query, value_dictionary, request.now, id_value).upper == NO:
        return []
    field = request.order.field
    return [
        text
        for text, number in value_dictionary.numbers_of(field).items()
        if value_dictionary.counts.get(number, 0) > 0
    ]


def with_key(scan: Scan, key: Key, sorted_tasks: list[SortedTask]) -> Iterator[SortedTask]:
    """What the scan finds, with the same key; added to `sorted_tasks` as well."""
    with closing(scan.matches()) as matching:
        for found in matching:
            each = SortedTask(key, found.position, found.task)
            sorted_tasks.append(each)
            yield each
    if scan.timed_out:
        raise DeadlinePassed(sorted_tasks)
