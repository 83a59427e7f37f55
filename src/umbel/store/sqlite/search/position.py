"""Positions: where a task stands in the order of first sight; and tasks that match, with their
positions."""

from __future__ import annotations

from typing import NamedTuple

from umbel.cluster.task import Task

#: Bits of a position's number that are the id.
_ID_BITS = 32


class Position(NamedTuple):
    """Where a task stands in the order of first sight."""

    partition: int
    id: int

    @property
    def arrival(self) -> int:
        """The same as one number."""
        return self.partition << _ID_BITS | self.id


def position_of(arrival: int) -> Position:
    """The position that has this number."""
    return Position(arrival >> _ID_BITS, arrival & ((1 << _ID_BITS) - 1))


class Match(NamedTuple):
    """A task that matches, by its position. `read` is the task itself, where the scan was to read
    it, or had to in order to know whether it matches."""

    position: Position
    read: Task | None

    @property
    def task(self) -> Task:
        if self.read is None:
            raise RuntimeError("This scan does not read tasks.")
        return self.read
