"""Tasks that have not ended, as they are stored, so that their next event finds them at
once. A bounded number, and bounded in bytes: the one that was longest without an event gives
way."""

from __future__ import annotations

from typing import NamedTuple

from umbel.store.sqlite.write.write_partition import Known, WritePartition

_TASKS_MAX = 12_000
#: Most tasks take less than a kilobyte; arguments may take a hundred times that.
_BYTES_MAX = 24 * 2**20


class Place(NamedTuple):
    """Where a task lives, and what is stored of it."""

    partition: WritePartition
    known: Known


class Recent:
    def __init__(self, tasks_max: int = _TASKS_MAX, bytes_max: int = _BYTES_MAX) -> None:
        self._tasks_max = tasks_max
        self._bytes_max = bytes_max
        self._places: dict[str, Place] = {}
        self._size_bytes = 0
        self.get = self._places.get

    def remember(self, places: dict[str, Place | None]) -> None:
        """Keep these; forget those that are None."""
        known = self._places
        for uuid, place in places.items():
            before = known.pop(uuid, None)
            if before is not None:
                self._size_bytes -= len(before.known.packed)
            if place is not None:
                known[uuid] = place
                self._size_bytes += len(place.known.packed)
        if self._is_over():
            for uuid in list(known):
                self._forget(uuid)
                if not self._is_over():
                    break

    def _is_over(self) -> bool:
        return len(self._places) > self._tasks_max or self._size_bytes > self._bytes_max

    def _forget(self, uuid: str) -> None:
        self._size_bytes -= len(self._places.pop(uuid).known.packed)

    def forget(self, partition: WritePartition) -> None:
        """The partition is no more."""
        gone = [uuid for uuid, place in self._places.items() if place.partition is partition]
        for uuid in gone:
            self._forget(uuid)
