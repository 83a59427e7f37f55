"""Clocks that a test sets."""

from __future__ import annotations

import time


class SetClock:
    """All time stands until the test moves it; somebody set the wall clock `ahead_s` on."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.time = now
        self.ahead_s = 0.0

    def now(self) -> float:
        return self.time + self.ahead_s

    def monotonic(self) -> float:
        return self.time


class SetWallClock:
    """Wall time as the test sets it; durations are real."""

    def __init__(self, now: float) -> None:
        self.time = now

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return time.monotonic()


class AheadClock:
    """The machine's own clock, put forward by `ahead_s`; durations are real."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return time.time() + self.ahead_s

    def monotonic(self) -> float:
        return time.monotonic()
