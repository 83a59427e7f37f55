"""A semaphore that is handed on in the order in which it was asked for.

That of `threading` goes to whoever comes just when it is free, so a thread that takes it again and
again leaves others waiting until their time is up.
"""

from __future__ import annotations

import threading
from collections import deque


class FifoSemaphore:
    """So many threads have it at once. Any thread."""

    def __init__(self, size: int) -> None:
        self._lock = threading.Lock()
        self._free = size
        self._waiting: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._lock:
            return len(self._waiting)

    def acquire(self, timeout_s: float) -> bool:
        """Whether it could be had in time."""
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        mine.wait(timeout_s)
        with self._lock:
            if not mine.is_set():
                self._waiting.remove(mine)
            return mine.is_set()

    def release(self) -> None:
        """Hand it to whoever waits longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
