"""A lock for threads that goes round by person: however many of one person's threads wait, who
comes next waits for one of them at most."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque


class FairLock:
    """Any thread. Nobody's thread may acquire it twice."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: str | None = None
        self._waiting: OrderedDict[str, deque[threading.Event]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._lock:
            return sum(map(len, self._waiting.values()))

    def acquire(self, who: str, timeout_s: float | None = None) -> bool:
        """Take it in the name of `who`; whether that was possible in time."""
        with self._lock:
            if self._holder is None:
                self._holder = who
                return True
            mine = threading.Event()
            self._waiting.setdefault(who, deque()).append(mine)
        mine.wait(timeout_s)
        with self._lock:
            if not mine.is_set():
                self._remove(who, mine)
            return mine.is_set()

    def release(self) -> None:
        """Hand it to the next person; who had it comes after the others."""
        with self._lock:
            if self._holder is not None and self._holder in self._waiting:
                self._waiting.move_to_end(self._holder)
            self._holder = next(iter(self._waiting), None)
            if self._holder is None:
                return
            turn = self._waiting[self._holder][0]
            self._remove(self._holder, turn)
            turn.set()

    def _remove(self, who: str, turn: threading.Event) -> None:
        self._waiting[who].remove(turn)
        if not self._waiting[who]:
            del self._waiting[who]
