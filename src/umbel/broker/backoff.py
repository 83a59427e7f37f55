"""Exponential backoff with jitter: how long to wait before a broker is tried again."""

from __future__ import annotations

from collections.abc import Callable
from random import random


class Backoff:
    """Waits that double from `first_s` to `longest_s`, each cut by up to half at random, so
    that many who lost the same peer do not come back in the same moment."""

    def __init__(
        self,
        first_s: float = 0.25,
        longest_s: float = 10.0,
        chance: Callable[[], float] = random,
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._chance = chance
        self._next_s = first_s

    def delay_s(self) -> float:
        """How long to wait now; longer with each call until `reset`."""
        delay_s = self._next_s
        self._next_s = min(self._longest_s, delay_s * 2)
        return delay_s * (1 - 0.5 * self._chance())

    def reset(self) -> None:
        """The attempt succeeded: the next failure begins with a short wait again."""
        self._next_s = self._first_s
