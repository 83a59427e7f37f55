"""Schedules in words."""

from __future__ import annotations

import pytest

from umbel.beat.base import Clocked, Crontab, Interval, OwnSchedule, Schedule, Solar
from umbel.services.schedule.words import as_written, in_words


def crontab(text: str) -> Crontab:
    minute, hour, day, month, weekday = text.split()
    return Crontab(minute, hour, weekday, day, month)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("* * * * *", "every minute"),
        ("*/5 * * * *", "every 5 minutes"),
        ("0 * * * *", "every hour"),
        ("15 */4 * * *", "at minute 15 of every 4 hours"),
        ("7,37 * * * *", "at minutes 7 and 37 of every hour"),
        ("0 4 * * *", "every day at 04:00"),
        ("0 8 * * mon-fri", "every weekday at 08:00"),
        ("*/15 8-17 * * *", "every 15 minutes from 08:00 to 17:59"),
        ("0 8-18/2 * * *", "every 2 hours from 08:00 to 18:00"),
        ("0 6,18 * * 0,6", "every Saturday and Sunday at 06:00 and 18:00"),
        ("30 2 1 * *", "on the 1st of every month at 02:30"),
        ("0 0 1 1,7 *", "on the 1st in January and July at 00:00"),
        ("*/7 3 * * *", "every 7 minutes from 03:00 to 03:59"),
    ],
)
def test_a_crontab_is_told_as_people_say_it(text: str, words: str) -> None:
    assert in_words(crontab(text)) == words
    assert as_written(crontab(text)) == text


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Interval(60.0), "every minute"),
        (Interval(5_400.0), "every 90 minutes"),
        (Interval(0.5), "every 0.5 seconds"),
        (Solar("dusk_civil", -33.9, 151.2), "at dusk civil in 33.9 S 151.2 E"),
        (Clocked(0.0), "once, at 1970-01-01 00:00:00 UTC"),
        (OwnSchedule("rrule"), "by its own class rrule"),
    ],
)
def test_other_schedules_are_told_too(schedule: Schedule, words: str) -> None:
    assert in_words(schedule) == words


def test_a_crontab_that_nobody_can_read_stands_as_it_is_written() -> None:
    assert in_words(crontab("99 * * * *")) == "99 * * * *"
