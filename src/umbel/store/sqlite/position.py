"""Where a task stands in the order of first sight, and what is found there."""

from __future__ import annotations

from typing import NamedTuple

from umbel.cluster.facts import unpack
from umbel.cluster.task import Task, project
from umbel.store.sqlite.row import Id, id_text

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
    """A task that matches, by its id, packed facts and last change. `made` is the task
    itself, if it had to be made to tell."""

    position: Position
    uuid: Id
    packed: bytes
    changed: float
    made: Task | None

    @property
    def task(self) -> Task:
        return self.made or project(id_text(self.uuid), unpack(self.packed), self.changed)
