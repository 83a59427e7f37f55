"""A day of times at which entries are due, and what became of them."""

from __future__ import annotations

from typing import Any

from umbel.beat.base import Crontab, Entry, Interval, Schedule
from umbel.services.schedule.due_strip import AFTER_S, BEFORE_S, BUCKET_S, COUNT, due_strip
from umbel.services.schedule.rows import DueStrip, JudgedTick

#: 2026-01-05, a Monday, 12:20 UTC.
NOW = 1_767_571_200.0 + 12 * 3_600 + 20 * 60
HOUR = 3_600.0


def strip(
    schedule: Schedule, ticks: list[JudgedTick], period_s: float = HOUR, **more: Any
) -> DueStrip:
    entry = Entry(name="e", task="t", schedule=schedule, source="application", **more)
    return due_strip([(entry, period_s, tuple(ticks))], NOW, ())


def ran(at: float) -> JudgedTick:
    return JudgedTick(due=at, verdict="on-time")


def counts(found: DueStrip, at: float) -> tuple[int, int, int, int, int]:
    """Due, missed, late, unknown and coming, in the bucket of a moment."""
    index = int((at - found.start) // BUCKET_S)
    of_all = (found.due, found.missed, found.late, found.unknown, found.coming)
    return tuple(each[index] for each in of_all)  # type: ignore[return-value]


def test_a_day_has_96_quarters_of_an_hour_a_quarter_of_them_to_come() -> None:
    found = strip(Crontab("0"), [])

    assert COUNT == len(found.due) == 96
    assert found.start <= NOW - BEFORE_S < found.start + BUCKET_S
    assert sum(found.coming) == sum(found.due) == AFTER_S / HOUR


def test_what_is_to_come_in_the_quarter_of_now_did_not_run_yet() -> None:
    ten_minutes_ago, in_five_minutes = NOW - 600.0, NOW + 300.0
    found = strip(Crontab("10,25"), [ran(ten_minutes_ago)])

    assert counts(found, ten_minutes_ago)[0] == 1
    assert counts(found, in_five_minutes) == (1, 0, 0, 0, 1)


def test_what_is_not_known_did_not_run() -> None:
    at = NOW - HOUR
    found = strip(Crontab("20"), [JudgedTick(due=at, verdict="unknown")])

    assert counts(found, at) == (1, 0, 0, 1, 0)


def test_of_frequent_entries_there_is_what_went_wrong_alone() -> None:
    ticks = [ran(NOW - 30.0), JudgedTick(due=NOW - 20.0, verdict="missed")]
    found = strip(Interval(10.0), ticks, period_s=10.0)

    assert found.frequent == 1
    assert (sum(found.due), sum(found.missed), sum(found.coming)) == (1, 1, 0)


def test_a_disabled_entry_has_nothing_to_come() -> None:
    found = strip(Crontab("0"), [ran(NOW - 1_200.0)], enabled=False)

    assert (sum(found.due), sum(found.coming)) == (1, 0)
