"""Tasks that have not ended, as they are stored, so that their next event finds them at
once. A bounded number: the one that was longest without an event gives way."""

from __future__ import annotations

from typing import NamedTuple

from umbel.store.sqlite.partition import Known, WritePartition

_TASKS_MAX = 12_000


class Place(NamedTuple):
    """Where a task lives, and what is stored of it."""

    partition: WritePartition
    known: Known


class Recent:
    def __init__(self, tasks_max: int = _TASKS_MAX) -> None:
        self._tasks_max = tasks_max
        self._places: dict[str, Place] = {}
        self.get = self._places.get

    def remember(self, places: dict[str, Place | None]) -> None:
        """Keep these; forget those that are None."""
        known = self._places
        for uuid, place in places.items():
            known.pop(uuid, None)
            if place is not None:
                known[uuid] = place
        excess = len(known) - self._tasks_max
        if excess > 0:
            for uuid in list(known)[:excess]:
                del known[uuid]

    def forget(self, partition: WritePartition) -> None:
        """The partition is no more."""
        gone = [uuid for uuid, place in self._places.items() if place.partition is partition]
        for uuid in gone:
            del self._places[uuid]
