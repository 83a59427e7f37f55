"""Joined bodies (see `joined_bodies`), and a cache of them: the least recently used go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import cached_property
from typing import Final

#: What the cache may hold: some four thousand tasks.
_CACHE_BYTES: Final = 6 * 2**20
_ASCII: Final = bytes(range(128))

#: File, and number of the group.
_Key = tuple[object, int]
#: Ids of tasks with their compressed bodies.
Rows = list[tuple[int, bytes]]


class JoinedBodies:
    """Packed facts of several tasks, one behind the other, with ASCII in lower case."""

    def __init__(self, lowered: bytes) -> None:
        self.lowered = lowered

    @cached_property
    def beyond_ascii(self) -> bytes:
        """All bytes that are not ASCII, in order: a tenth, most of which are no texts."""
        return self.lowered.translate(None, _ASCII)


class JoinedBodiesCache:
    """For all threads and files of a process. Each group is held with the rows of which it was
    made."""

    def __init__(self, most_bytes: int = _CACHE_BYTES) -> None:
        self.most_bytes = most_bytes
        self._lock = threading.Lock()
        self._groups: OrderedDict[_Key, tuple[Rows, JoinedBodies]] = OrderedDict()
        #: What it holds, in bytes.
        self.size_bytes = 0

    def get(self, key: _Key, rows: Rows) -> JoinedBodies | None:
        """What was put for exactly these rows."""
        with self._lock:
            found = self._groups.get(key)
            if found is None or found[0] != rows:
                return None
            self._groups.move_to_end(key)
            return found[1]

    def put(self, key: _Key, rows: Rows, joined: JoinedBodies) -> None:
        """Instead of what there was."""
        with self._lock:
            self._remove(key)
            self._groups[key] = rows, joined
            self.size_bytes += _size(rows, joined)
            while self.size_bytes > self.most_bytes:
                self._remove(next(iter(self._groups)))

    def _remove(self, key: _Key) -> None:
        removed = self._groups.pop(key, None)
        if removed is not None:
            self.size_bytes -= _size(*removed)

    def clear(self) -> None:
        with self._lock:
            self._groups.clear()
            self.size_bytes = 0


def _size(rows: Rows, joined: JoinedBodies) -> int:
    # A tenth for what is beyond ASCII, and some hundred bytes for each row's objects.
    return len(joined.lowered) * 11 // 10 + sum(len(compressed) + 150 for _, compressed in rows)
