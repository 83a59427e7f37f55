"""When retention is looked after."""

from __future__ import annotations

from umbel.services.ingest.trim_timer import EVERY_S, TrimTimer
from umbel.store.base import Retention


def test_it_is_due_at_the_start_and_then_every_minute() -> None:
    timer = TrimTimer(Retention(max_bytes=10**10))

    assert [timer.is_due(at) for at in (0.0, 1.0, EVERY_S - 1, EVERY_S)] == [
        True, False, False, True,
    ]  # fmt: skip


def test_narrow_bounds_are_looked_after_when_much_came_in() -> None:
    timer = TrimTimer(Retention(max_bytes=1_000_000))
    timer.is_due(0.0)

    timer.add(10, 40_000)
    assert not timer.is_due(1.0)
    timer.add(10, 20_000)
    assert timer.is_due(2.0)
    assert not timer.is_due(3.0)


def test_a_short_age_is_looked_after_more_often() -> None:
    timer = TrimTimer(Retention(max_age_s=100.0))
    timer.is_due(0.0)

    assert not timer.is_due(4.0)
    assert timer.is_due(5.0)
