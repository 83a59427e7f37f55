"""The cache of open tasks: those that have not ended, as they are stored, so that their next
event finds them at once. Least recently used out first; bounded in number and in bytes.
"""

from __future__ import annotations

from typing import NamedTuple

from umbel.store.sqlite.write.batch import StoredTask
from umbel.store.sqlite.write.write_partition import WritePartition

_TASKS_MAX = 12_000
#: Most tasks take less than a kilobyte; arguments may take a hundred times that.
_BYTES_MAX = 24 * 2**20


class LocatedTask(NamedTuple):
    """A stored task, and the partition that has it."""

    partition: WritePartition
    stored: StoredTask


class OpenTasksCache:
    """By task id. For the thread that writes."""

    def __init__(self, tasks_max: int = _TASKS_MAX, bytes_max: int = _BYTES_MAX) -> None:
        self._tasks_max = tasks_max
        self._bytes_max = bytes_max
        self._tasks: dict[str, LocatedTask] = {}
        self._size_bytes = 0
        self.get = self._tasks.get

    def update(self, tasks: dict[str, LocatedTask | None]) -> None:
        """Take in these; forget those that are None, which have ended."""
        cached = self._tasks
        for uuid, task in tasks.items():
            before = cached.pop(uuid, None)
            if before is not None:
                self._size_bytes -= len(before.stored.packed)
            if task is not None:
                cached[uuid] = task
                self._size_bytes += len(task.stored.packed)
        if self._is_over():
            for uuid in list(cached):
                self._forget(uuid)
                if not self._is_over():
                    break

    def _is_over(self) -> bool:
        return len(self._tasks) > self._tasks_max or self._size_bytes > self._bytes_max

    def _forget(self, uuid: str) -> None:
        self._size_bytes -= len(self._tasks.pop(uuid).stored.packed)

    def forget(self, partition: WritePartition) -> None:
        """Forget the tasks of a partition that was removed, or changed by others."""
        gone = [uuid for uuid, task in self._tasks.items() if task.partition is partition]
        for uuid in gone:
            self._forget(uuid)
