"""Answers of a store that may be a little old (a cache with a time to live).

Pages ask for the same list again every few seconds. When an error was first seen changes hardly
ever, and how often it failed in a week not by much.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from umbel.clock import Clock

V = TypeVar("V")


class RecentAnswers(Generic[V]):
    """Keeps each answer for some seconds, the last `most` of them. Any thread."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()

    def get(self, key: Hashable, keep_s: float, ask: Callable[[], V | None]) -> V | None:
        """The answer that was given within `keep_s` seconds, else what `ask` gives now, which is
        kept unless it is None."""
        now = self._clock.monotonic()
        with self._lock:
            found = self._answers.get(key)
        if found is not None and now - found[0] < keep_s:
            return found[1]
        answer = ask()
        if answer is not None:
            with self._lock:
                self._answers[key] = now, answer
                self._answers.move_to_end(key)
                while len(self._answers) > self._most:
                    self._answers.popitem(last=False)
        return answer
