"""Time, so that everything else can be given another one.

All times in Umbel are Unix seconds, float, UTC, until they meet a person.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """`now()` is wall time (Unix seconds); `monotonic()` measures durations (seconds)."""

    def now(self) -> float: ...
    def monotonic(self) -> float: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()
