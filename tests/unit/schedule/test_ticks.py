"""When entries are due, and what a change of clocks does to it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from umbel.beat.base import Clocked, Crontab, Entry, Interval, OwnSchedule, Schedule, Solar
from umbel.services.schedule.cron_fields import FIELD_MAX, BadSchedule, cron_fields
from umbel.services.schedule.ticks import following, next_runs, ticks, why_never


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def entry(schedule: Schedule, **more: object) -> Entry:
    return Entry(name="e", task="t", schedule=schedule, source="application", **more)  # type: ignore[arg-type]


def locals_of(schedule: Schedule, now: str, count: int = 3) -> list[str]:
    return [each.local for each in next_runs(entry(schedule), at(now), None, count)]


def test_a_time_that_a_day_leaves_out_comes_later_on_that_day() -> None:
    nightly = entry(Crontab("30", "2", zone="Europe/Berlin"))

    before, on, after = next_runs(nightly, at("2026-03-27T12:00"), None, 3)

    assert before.local == "2026-03-28T02:30:00+01:00"
    assert on.local == "2026-03-29T03:30:00+02:00"
    assert "forward by 60 min" in on.jump
    assert "does not exist" in on.jump
    assert after.local == "2026-03-30T02:30:00+02:00"
    assert after.jump == before.jump == ""


def test_an_hour_that_comes_twice_runs_once() -> None:
    often = Crontab("0,30", zone="Europe/Berlin")

    assert locals_of(often, "2026-10-25T00:10", 2) == [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T03:00:00+01:00",
    ]
    jumps = [each.jump for each in next_runs(entry(often), at("2026-10-25T00:10"), None, 2)]
    assert jumps[0] == ""
    assert "times that come twice run once" in jumps[1]


def test_an_interval_goes_on_from_its_last_run_and_what_is_overdue_is_due_now() -> None:
    every = entry(Interval(600.0))

    assert [e.at for e in next_runs(every, 1_000.0, 900.0, 2)] == [1_500.0, 2_100.0]
    assert [e.at for e in next_runs(every, 9_000.0, 900.0, 2)] == [9_000.0, 9_600.0]
    assert [e.at for e in next_runs(every, 1_000.0, None, 1)] == [1_600.0]


def test_nothing_is_due_before_an_entry_starts_or_after_it_ends() -> None:
    minutely = entry(Crontab(), starts=600.0, ends=720.0)

    assert ticks(minutely, 0.0, 10_000.0) == (600.0, 660.0, 720.0)


def test_an_entry_that_is_disabled_or_over_is_due_no_more() -> None:
    assert next_runs(entry(Crontab(), enabled=False), 0.0, None, 5) == ()
    assert following(Clocked(100.0), 50.0) == 100.0
    assert following(Clocked(100.0), 100.0) is None


def test_the_sun_is_reckoned_for_a_place() -> None:
    """Berlin, 21 June 2026: it rises at 02:43 UTC; in Tromso it does not set."""
    rises = following(Solar("sunrise", 52.52, 13.405), at("2026-06-21T00:00"))
    sets = following(Solar("sunset", 69.65, 18.96), at("2026-06-21T00:00"))

    assert rises == pytest.approx(at("2026-06-21T02:43"), abs=90)
    assert sets is not None
    assert sets > at("2026-07-20T00:00")


@pytest.mark.parametrize(
    ("schedule", "word"),
    [
        (Crontab("99"), "from 0 to 59"),
        (Crontab(day_of_month="30", month_of_year="2"), "None of these days"),
        (Crontab(zone="Mars/Base"), "no time zone"),
        (Solar("moonrise", 0, 0), "no event"),
        (OwnSchedule("rrule"), "rrule"),
    ],
)
def test_what_nobody_can_reckon_says_why(schedule: Schedule, word: str) -> None:
    assert word in why_never(schedule)
    assert following(schedule, 0.0) is None


def test_a_text_without_end_is_refused() -> None:
    with pytest.raises(BadSchedule, match="longer than"):
        cron_fields(Crontab("1," * FIELD_MAX))


def test_rare_days_are_found() -> None:
    leap_monday = Crontab("0", "0", "1", "29", "2")

    assert locals_of(leap_monday, "2026-01-01T00:00", 1) == ["2044-02-29T00:00:00+00:00"]


def test_an_entry_that_runs_once_has_one_next_run_and_none_after_it() -> None:
    once = entry(Crontab("0"), one_off=True, runs=0)
    done = entry(Crontab("0"), one_off=True, runs=1)

    assert len(next_runs(once, 1_000.0, None, 10)) == 1
    assert next_runs(done, 1_000.0, 900.0, 10) == ()
