"""Where a task stands in the order of first sight, and what is found there."""

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


class Found(NamedTuple):
    """Where a task is that matches. `made` is the task itself, if it was asked for or had to
    be made to tell."""

    position: Position
    made: Task | None

    @property
    def task(self) -> Task:
        if self.made is None:
            raise RuntimeError("This walk was not asked for the tasks themselves.")
        return self.made
