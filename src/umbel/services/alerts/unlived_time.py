"""Time of which rules know nothing since the clock was set: it was leapt over, or only just now is
it told how late it is.

Theory of operation. Nothing happens in an hour that the clock of this server was set on by, and
what workers tell still bears their own time. Neither is an absence. So the time that was leapt over
counts as time that passed unseen, and so does as much as most workers' clocks are off from this
one. In the first minute nothing is judged: what was heard last bears the time before.
"""

from __future__ import annotations

from typing import Final

from umbel.clock import AHEAD_S, Clock
from umbel.clock_leaps import ClockLeaps

#: How long nothing is judged after the clock was set, seconds.
SETTLES_S: Final = 60.0
#: How long it is remembered which time was leapt over, seconds: more than a rule looks back.
_KEPT_S: Final = 400 * 86_400.0
_LEAPS_MAX: Final = 100


class UnlivedTime:
    """One thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._leaps = ClockLeaps(clock)
        self._spans: list[tuple[float, float]] = []
        self._set_at: float | None = None

    def note(self) -> None:
        """See whether the clock was set since."""
        leap_s, now = self._leaps.since_last(), self._clock.now()
        if leap_s:
            self._set_at = self._clock.monotonic()
        if leap_s > 0:
            self._spans.append((now - leap_s, now))
        # What lies ahead after it was set back is still to be lived through.
        self._spans = [each for each in self._spans if now - _KEPT_S < each[1] <= now + AHEAD_S]
        del self._spans[:-_LEAPS_MAX]

    @property
    def is_settling(self) -> bool:
        """Whether it was set only just now."""
        return self._set_at is not None and self._clock.monotonic() - self._set_at < SETTLES_S

    def spans(self) -> tuple[tuple[float, float], ...]:
        """From and to which times it leapt, Unix seconds."""
        return tuple(self._spans)
