"""When a crontab is due, also on days on which clocks are changed.

Theory of operation. Beat reckons from the last run to the next time on the clock of the zone that
fits, and takes a time that stands twice on that day for the first of the two. So, as Celery does
(celery/schedules.py, `remaining_delta`; celery/utils/time.py, `ffwd` and `remaining`):

- A time that a day leaves out (02:30 on the last Sunday of March in Berlin) comes as much later as
  the clock was put forward: at 03:30. Others that were left out and lie before that are not due.
- Of an hour that comes twice, the second is skipped whole: an entry of every ten minutes rests for
  an hour and ten minutes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from umbel.beat.base import Crontab
from umbel.services.schedule.cron_fields import CronFields, cron_fields

#: 29 February falls on each day of the week within 40 years.
DAYS_MAX: Final = 41 * 366
_DAY: Final = timedelta(days=1)


def next_of_crontab(crontab: Crontab, after: float, zone: tzinfo) -> float | None:
    """The first time after `after` (Unix seconds) at which it is due; None if there is none within
    decades. Raises `BadSchedule`."""
    fields = cron_fields(crontab)
    local = datetime.fromtimestamp(after, zone)
    for wall in _walls(fields, local.replace(tzinfo=None)):
        found = wall.replace(tzinfo=zone).astimezone(UTC).timestamp()
        if found > after:
            return found
    return None


def _walls(fields: CronFields, after: datetime) -> Iterator[datetime]:
    """Times on the clock that fit, later than the minute of `after`."""
    day = after.date()
    if _fits(fields, day):
        yield from _times_after(fields, day, after.hour, after.minute)
    for each in _days(fields, day):
        for hour in fields.hours:
            for minute in fields.minutes:
                yield datetime(each.year, each.month, each.day, hour, minute)  # noqa: DTZ001


def _times_after(fields: CronFields, day: date, hour: int, minute: int) -> Iterator[datetime]:
    for each in fields.hours[bisect_right(fields.hours, hour - 1) :]:
        start = bisect_right(fields.minutes, minute) if each == hour else 0
        for late in fields.minutes[start:]:
            yield datetime(day.year, day.month, day.day, each, late)  # noqa: DTZ001


def _days(fields: CronFields, after: date) -> Iterator[date]:
    day = after
    for _ in range(DAYS_MAX):
        if day.year >= 9_998:
            return
        day += _DAY
        if _fits(fields, day):
            yield day


def _fits(fields: CronFields, day: date) -> bool:
    return (
        day.month in fields.months
        and day.day in fields.days
        and day.isoweekday() % 7 in fields.weekdays
    )
