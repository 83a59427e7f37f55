"""The fields of a crontab as sets of numbers, in Celery's syntax, however long the text is.

Source: celery/schedules.py (`crontab_parser`), which this agrees with but for texts that it reads
by chance (`1-5/2x`): they are refused.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from umbel.beat.base import Crontab

#: The longest text of a field, characters, and the longest list in it.
FIELD_MAX: Final = 500
WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_DAYS_IN: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART: Final = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d{1,3}))?", re.ASCII)


class BadSchedule(ValueError):
    """A text that is no schedule, with the sentence that says why; `field` is the one at fault."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field


class CronFields(NamedTuple):
    """Each field's numbers, sorted; Sunday is 0."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    weekdays: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]


@lru_cache(4_096)
def cron_fields(crontab: Crontab) -> CronFields:
    """Raises `BadSchedule`; also where its days never come, such as 30 February."""
    found = CronFields(
        _numbers(crontab.minute, "minute", 0, 59),
        _numbers(crontab.hour, "hour", 0, 23),
        _numbers(crontab.day_of_week, "day_of_week", 0, 6),
        _numbers(crontab.day_of_month, "day_of_month", 1, 31),
        _numbers(crontab.month_of_year, "month_of_year", 1, 12),
    )
    if not any(day <= _DAYS_IN[month - 1] for month in found.months for day in found.days):
        raise BadSchedule("None of these days is in any of these months.", "day_of_month")
    return found


def _numbers(text: str, field: str, low: int, high: int) -> tuple[int, ...]:
    if len(text) > FIELD_MAX:
        raise BadSchedule(f"{field} is longer than {FIELD_MAX} characters.", field)
    found: set[int] = set()
    for part in text.split(","):
        found.update(_part(part.strip(), field, low, high))
    return tuple(sorted(found))


def _part(part: str, field: str, low: int, high: int) -> range | list[int]:
    match = _PART.fullmatch(part)
    if match is None:
        raise BadSchedule(f"{field} cannot be {part[:40]!r}: write *, */5, 1-5 or 1,3.", field)
    star, first, last, step = match.groups()
    if step is not None and int(step) == 0:
        raise BadSchedule(f"{field} cannot go on in steps of 0.", field)
    if star:
        return range(low, high + 1, int(step or 1))
    begin = _number(first, field, low, high)
    if last is None:
        if step is not None and first.isdigit():
            raise BadSchedule(f"{field} takes steps after * or a range, not a number.", field)
        # Celery lets a step after a single name go unread.
        return [begin]
    end = _number(last, field, low, high)
    whole = [*range(begin, high + 1), *range(low, end + 1)] if end < begin else None
    return (whole or range(begin, end + 1))[:: int(step or 1)]


def _number(word: str, field: str, low: int, high: int) -> int:
    number = int(word) if word.isdigit() and len(word) < 4 else _named(word, field)
    if number is None or not low <= number <= high:
        raise BadSchedule(f"{field} goes from {low} to {high}, not {word[:40]!r}.", field)
    return number


def _named(word: str, field: str) -> int | None:
    start = word[:3].lower()
    if field == "day_of_week" and start in WEEKDAYS:
        return WEEKDAYS.index(start)
    if field == "month_of_year" and start in MONTHS:
        return MONTHS.index(start) + 1
    return None
