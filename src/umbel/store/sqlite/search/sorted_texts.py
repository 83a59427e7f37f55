"""Tasks sorted by a text (name, state, worker): there are few values, so a page takes the
tasks of one after the other."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing

from umbel.store.base import Order
from umbel.store.cursors import Place
from umbel.store.sqlite.files.row import id_value
from umbel.store.sqlite.files.value_dictionary import Vocabulary
from umbel.store.sqlite.search.conditions import NO, to_sql
from umbel.store.sqlite.search.position import position_of
from umbel.store.sqlite.search.scan import Value, Walk
from umbel.store.sqlite.search.sort_page import Asked, Key, OutOfTime, Placed


def by_text(asked: Asked) -> Generator[Placed]:
    """All tasks in order. Raises `OutOfTime`."""
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
        yield from keyed(walk, text, placed)
    yield from keyed(asked.without_value(), None, placed)


def _is_before(text: str, after: Place, order: Order) -> bool:
    """Whether the tasks with this value were on earlier pages."""
    return after.value is None or (text < str(after.value)) != order.descending


def _values(asked: Asked) -> dict[str, list[int]]:
    """Every text of the field that the query leaves possible, and the partitions with it."""
    values: dict[str, list[int]] = {}
    for number in asked.reader.numbers():
        with asked.reader.partition(number, asked.deadline) as partition:
            if partition is not None:
                for text in _possible(asked, partition.vocabulary):
                    values.setdefault(text, []).append(number)
    return values


def _possible(asked: Asked, vocabulary: Vocabulary) -> list[str]:
    if to_sql(asked.query, vocabulary, asked.now, id_value).upper == NO:
        return []
    field = asked.order.field
    return [
        text
        for text, number in vocabulary.of(field).items()
        if vocabulary.counts.get(number, 0) > 0
    ]


def keyed(walk: Walk, key: Key, placed: list[Placed]) -> Iterator[Placed]:
    """What the walk finds, with the same key; added to `placed` as well."""
    with closing(walk.found()) as matching:
        for found in matching:
            each = Placed(key, found.position, found.task)
            placed.append(each)
            yield each
    if walk.timed_out:
        raise OutOfTime(placed)
