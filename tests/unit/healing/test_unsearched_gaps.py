"""Each gap is searched once when it is over, whatever happens to our clock."""

from __future__ import annotations

from umbel.services.healing.unsearched_gaps import UnsearchedGaps
from umbel.store.base import KeptGap

T = 1_800_000_000.0


def gap(start: float, end: float) -> KeptGap:
    return KeptGap(start, end, "collector-away", collector="c")


def test_a_gap_is_searched_once_when_it_is_over() -> None:
    gaps = UnsearchedGaps(T)
    known = [gap(T, T + 10)]

    taken = [gaps.take(known, now) for now in (T + 11, T + 13, T + 14)]

    assert taken == [[], [(T, T + 10)], []]


def test_a_gap_of_long_before_the_start_is_not_searched() -> None:
    assert UnsearchedGaps(T).take([gap(T - 9_000, T - 8_000)], T + 5) == []


def test_a_gap_that_grew_is_searched_again() -> None:
    gaps = UnsearchedGaps(T)
    gaps.take([gap(T, T + 10)], T + 20)

    assert gaps.take([gap(T, T + 30)], T + 40) == [(T, T + 30)]


def test_a_gap_after_the_clock_was_set_back_is_searched_at_once() -> None:
    gaps = UnsearchedGaps(T)
    before = gap(T + 3_600, T + 3_610)
    gaps.take([before], T + 3_620)

    assert gaps.take([before, gap(T + 20, T + 30)], T + 40) == [(T + 20, T + 30)]


def test_a_gap_that_lies_in_the_future_is_searched_before_now() -> None:
    gaps = UnsearchedGaps(T + 3_600)

    ((start, end),) = gaps.take([gap(T + 3_600, T + 3_605)], T + 30)

    assert start < T
    assert end == T + 30
