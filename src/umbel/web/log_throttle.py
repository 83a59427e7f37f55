"""Log throttle: warnings that strangers can cause must not fill a disk."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable


class LogThrottle(logging.Filter):
    """Lets each warning (by its format string) pass once in `every_s` seconds; the next one says
    how many were left out. Errors always pass."""

    def __init__(
        self, every_s: float = 60.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._every_s = every_s
        self._monotonic = monotonic
        self._last_passed: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        now = self._monotonic()
        at, left_out = self._last_passed.get(record.msg, (-math.inf, 0))
        if now - at < self._every_s:
            self._last_passed[record.msg] = (at, left_out + 1)
            return False
        self._last_passed[record.msg] = (now, 0)
        if left_out:
            record.msg += f" (And {left_out} times more since.)"
        return True
