"""Rows of the store in memory: tasks with their events, and their positions in an order."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from umbel.cluster.facts import Facts, pack
from umbel.cluster.task import Task
from umbel.store.base import Order
from umbel.store.cursors import SortPosition, sort_value


class MemoryRow(msgspec.Struct, frozen=True):
    """A task as the store has it: all its events, its change number, and when it came first."""

    arrival: int
    seq: int
    facts: Facts
    task: Task


def arrival_of(row: MemoryRow) -> int:
    return row.arrival


def seq_of(row: MemoryRow) -> int:
    return row.seq


def packed_size(rows: Iterable[MemoryRow]) -> int:
    return sum(len(pack(row.facts)) for row in rows)


def without_body(task: Task) -> Task:
    return msgspec.structs.replace(task, traceback=None, attempts=(), notes=())


def position_of(row: MemoryRow, order: Order) -> SortPosition:
    value = row.arrival if order.field == "seen" else sort_value(row.task, order.field)
    return SortPosition(value=value, arrival=row.arrival)


def sorted_rows(rows: list[MemoryRow], order: Order) -> list[MemoryRow]:
    """In order: by value, missing values last; ties by arrival, newest first."""
    positioned = [(position_of(row, order), row) for row in rows]
    positioned.sort(key=lambda pair: pair[1].arrival, reverse=True)
    with_value = [pair for pair in positioned if pair[0].value is not None]
    with_value.sort(key=lambda pair: pair[0].sort_key(), reverse=order.descending)
    return [row for _, row in with_value] + [
        row for position, row in positioned if position.value is None
    ]


def comes_after(position: SortPosition, other: SortPosition, order: Order) -> bool:
    """Whether `position` stands behind `other` in this order."""
    if position.value == other.value:
        return position.arrival < other.arrival
    if position.value is None or other.value is None:
        return position.value is None
    if order.descending:
        return position.sort_key() < other.sort_key()
    return position.sort_key() > other.sort_key()
