"""A time budget that several questions to a store share."""

from __future__ import annotations

from umbel.clock import Clock

#: No question is asked with less, seconds.
QUESTION_MIN_S = 0.02


class TimeBudget:
    """`budget_s` seconds from now on. One thread at a time."""

    def __init__(self, clock: Clock, budget_s: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + budget_s

    @property
    def left_s(self) -> float:
        """What is left, at least `QUESTION_MIN_S`."""
        return max(QUESTION_MIN_S, self._end - self._clock.monotonic())

    @property
    def is_over(self) -> bool:
        return self._clock.monotonic() >= self._end

    def share_s(self, questions: int) -> float:
        """What one question may take if so many, it among them, are still to be asked."""
        return max(QUESTION_MIN_S, self.left_s / max(1, questions))
