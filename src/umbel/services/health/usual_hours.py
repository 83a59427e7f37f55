"""What is usual for a task name: at this hour of other days, or in the hours before. That is asked
once in some minutes, for new names alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Generic, TypeVar

from umbel.clock import Clock
from umbel.services.health.facts import RECENT_S, USUAL_DAYS, USUAL_HOURS

#: How long what was usual is taken for usual, seconds.
USUAL_EVERY_S: Final = 600.0
#: Steps in which it is asked, seconds.
USUAL_STEP_S: Final = 600.0
#: Where time was too short it is asked again after so long, seconds: reading tasks costs.
TRY_AGAIN_S: Final = 60.0
DAY_S: Final = 86_400.0
_HOUR_S: Final = 3_600.0
#: The hour about the present one: so long before, and after, the same time of another day, seconds.
_BEFORE_S: Final = 2_700.0
_AFTER_S: Final = 900.0

T = TypeVar("T")
#: The spans to compare with, by the time that it is and when the history begins (Unix seconds).
Spans = Callable[[float, float | None], Iterator[tuple[float, float]]]
#: What the names had between two times (Unix seconds); None where time was too short to say.
AskNames = Callable[[Sequence[str], float, float], Mapping[str, T] | None]


class UsualHours(Generic[T]):
    """What names had in each of some `spans`. One thread at a time."""

    def __init__(self, clock: Clock, spans: Spans) -> None:
        self._clock = clock
        self._spans = spans
        self._of: dict[str, tuple[float, tuple[T, ...]]] = {}
        self._not_before = float("-inf")

    def of(
        self, names: Sequence[str], now: float, oldest: float | None, ask: AskNames[T]
    ) -> Mapping[str, tuple[T, ...]]:
        """By name what each span had in which there was anything; spans before `oldest` (the
        beginning of the history) are not asked about. Names of which that is not known are left
        out."""
        at = self._clock.monotonic()
        self._of = {n: each for n, each in self._of.items() if at - each[0] < USUAL_EVERY_S}
        new = [name for name in names if name not in self._of]
        if new and at >= self._not_before:
            found = _ask_each(new, self._spans(now, oldest), ask)
            if found is None:
                self._not_before = at + TRY_AGAIN_S
            else:
                self._of |= {name: (at, tuple(values)) for name, values in found.items()}
        return {name: self._of[name][1] for name in names if name in self._of}


def _ask_each(
    names: Sequence[str], spans: Iterator[tuple[float, float]], ask: AskNames[T]
) -> dict[str, list[T]] | None:
    found: dict[str, list[T]] = {name: [] for name in names}
    for start, end in spans:
        answer = ask(names, start, end)
        if answer is None:
            return None
        for name in names:
            if name in answer:
                found[name].append(answer[name])
    return found


def hours_of_days_before(now: float, oldest: float | None) -> Iterator[tuple[float, float]]:
    """This hour of each of the days before, as far as the history goes back."""
    for day in range(1, USUAL_DAYS + 1):
        then = now - day * DAY_S
        if oldest is not None and oldest <= then - _BEFORE_S:
            yield then - _BEFORE_S, then + _AFTER_S


def hours_before(now: float, oldest: float | None) -> Iterator[tuple[float, float]]:
    """Each of the hours before the recent time, as far as the history goes back. They end with a
    step, since a step is given whole."""
    last = (now - RECENT_S) // USUAL_STEP_S * USUAL_STEP_S
    for hour in range(1, USUAL_HOURS + 1):
        start = last - hour * _HOUR_S
        if oldest is not None and oldest <= start:
            yield start, start + _HOUR_S
