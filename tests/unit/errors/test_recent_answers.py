"""Answers that may be a little old."""

from __future__ import annotations

from tests.support.clocks import SetClock
from umbel.services.errors.recent_answers import RecentAnswers


def test_an_answer_is_asked_for_again_when_it_is_too_old() -> None:
    clock = SetClock()
    recent: RecentAnswers[int] = RecentAnswers(clock, 10)

    first = recent.get("a", 60, lambda: 1)
    clock.time += 59
    still = recent.get("a", 60, lambda: 2)
    clock.time += 1
    again = recent.get("a", 60, lambda: 3)

    assert (first, still, again) == (1, 1, 3)


def test_what_was_not_found_is_not_kept() -> None:
    recent: RecentAnswers[int] = RecentAnswers(SetClock(), 10)

    assert recent.get("a", 60, lambda: None) is None
    assert recent.get("a", 60, lambda: 2) == 2


def test_what_must_be_new_is_always_asked_for() -> None:
    recent: RecentAnswers[int] = RecentAnswers(SetClock(), 10)

    assert [recent.get("a", 0, lambda: 1), recent.get("a", 0, lambda: 2)] == [1, 2]


def test_the_oldest_of_too_many_are_forgotten() -> None:
    recent: RecentAnswers[int] = RecentAnswers(SetClock(), 2)
    for number, key in enumerate("abc"):
        recent.get(key, 60, lambda number=number: number)  # type: ignore[misc]

    assert recent.get("c", 60, lambda: 9) == 2
    assert recent.get("a", 60, lambda: 9) == 9
