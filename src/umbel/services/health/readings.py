"""What queues and workers were like at earlier gatherings, kept in memory.

A rule that speaks of time (a queue that grows, a worker that starts nothing) needs more than one
reading. `Readings` remembers what this process itself has read, so it begins with the first page
that asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final, Generic, TypeVar

from umbel.services.health.facts import QueueReading, WorkerReading

#: How far back readings are remembered, seconds.
REMEMBERED_S: Final = 3_600.0
#: Between two readings that are remembered lies so long at least, seconds.
APART_S: Final = 8.0
#: The most queues and workers of which they are remembered.
SUBJECTS_MAX: Final = 1_000

_Reading = TypeVar("_Reading", QueueReading, WorkerReading)


class Readings(Generic[_Reading]):
    """The last readings by name. One thread at a time."""

    def __init__(self) -> None:
        self._of: dict[str, deque[_Reading]] = {}

    def add(self, name: str, reading: _Reading) -> tuple[_Reading, ...]:
        """Remember one; all of that name, oldest first. Two that follow each other quickly are
        one: the later stands for both."""
        readings = self._of.pop(name, None) or deque[_Reading]()
        self._of[name] = readings
        while readings and readings[0].at < reading.at - REMEMBERED_S:
            readings.popleft()
        # A clock that was set back begins anew.
        if readings and readings[-1].at > reading.at:
            readings.clear()
        if len(readings) > 1 and reading.at - readings[-2].at < APART_S:
            readings.pop()
        readings.append(reading)
        while len(self._of) > SUBJECTS_MAX:
            del self._of[next(iter(self._of))]
        return tuple(readings)

    def drop_but(self, names: Iterable[str]) -> None:
        """Forget all others."""
        there = set(names)
        for name in [each for each in self._of if each not in there]:
            del self._of[name]
