"""When the oldest tasks are to be removed: now and then, and sooner when much came in."""

from __future__ import annotations

from typing import Final

from umbel.store.base import Retention

#: Seconds between two looks at the bounds where they are wide.
EVERY_S: Final = 60.0
#: Where they are narrow: after this part of what may stay has come in, or of the time.
_SHARE: Final = 0.05


class TrimTimer:
    """Due at once at first. Times are on the monotonic clock; one thread uses it."""

    def __init__(self, retention: Retention) -> None:
        self._retention = retention
        self._every_s = EVERY_S
        if retention.max_age_s is not None:
            self._every_s = min(EVERY_S, retention.max_age_s * _SHARE)
        self._next: float | None = None
        self._tasks = 0
        self._bytes = 0

    def add(self, tasks: int, size_bytes: int) -> None:
        """So much came in: at most so many tasks, that take about so many bytes."""
        self._tasks += tasks
        self._bytes += size_bytes

    def is_due(self, now: float) -> bool:
        """Whether it is time; then the next time is reckoned from `now`."""
        if self._next is not None and now < self._next and not self._is_much():
            return False
        self._next = now + self._every_s
        self._tasks = self._bytes = 0
        return True

    def _is_much(self) -> bool:
        tasks, size = self._retention.max_tasks, self._retention.max_bytes
        return (tasks is not None and self._tasks > tasks * _SHARE) or (
            size is not None and self._bytes > size * _SHARE
        )
