"""A sorted page: what is requested of it, and what it is made of."""

from __future__ import annotations

from typing import NamedTuple

from umbel.cluster.task import Task
from umbel.query.ast import And, Has, Node, Not
from umbel.store.base import Order
from umbel.store.cursors import SortPosition
from umbel.store.sqlite.search.position import Position, position_of
from umbel.store.sqlite.search.reader import Deadline, Reader
from umbel.store.sqlite.search.scan import Scan

Key = str | float | None


class SortedTask(NamedTuple):
    """A task of the page, with the value it is sorted by."""

    key: Key
    position: Position
    task: Task


class PageRequest(NamedTuple):
    """A page of at most `limit` tasks that match `query` at `now`, those behind `after`."""

    reader: Reader
    query: Node
    now: float
    order: Order
    after: SortPosition | None
    limit: int
    deadline: Deadline

    def without_value(self) -> Scan:
        """The tasks that come last, as they have nothing to be sorted by."""
        after = self.after
        return Scan(
            self.reader,
            And((self.query, Not(Has(self.order.field)))),
            self.now,
            self.deadline,
            after=position_of(after.arrival) if after is not None and after.value is None else None,
        )


class DeadlinePassed(Exception):
    """`sorted_tasks` are what is certain to be on the page so far."""

    def __init__(self, sorted_tasks: list[SortedTask]) -> None:
        super().__init__()
        self.sorted_tasks = sorted_tasks
