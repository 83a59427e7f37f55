"""A schedule in words: `every weekday at 08:00`, `every 5 minutes`, `at sunset in 52 N 13 E`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from umbel.beat.base import (
    INTERVAL_MAX_S,
    Clocked,
    Crontab,
    Interval,
    OwnSchedule,
    Schedule,
    Solar,
)
from umbel.services.phrases import number
from umbel.services.schedule.cron_fields import BadSchedule, CronFields, cron_fields

_WEEKDAYS: Final = (
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
)  # fmt: skip
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
#: So many times of a day are listed; more are told by their fields.
_TIMES_MAX: Final = 4
_UNITS: Final = ((604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"))


def in_words(schedule: Schedule) -> str:
    """For people, without the zone, which stands beside it."""
    match schedule:
        case Crontab():
            return _crontab(schedule)
        case Interval():
            return f"every {_length(schedule.every_s)}"
        case Solar():
            return f"at {schedule.event.replace('_', ' ')} in {_coordinates(schedule)}"
        case Clocked(at=at):
            return f"once, at {datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
        case OwnSchedule(name=name):
            return f"by its own class {name}" if name else "by no schedule that can be read"


def as_written(schedule: Schedule) -> str:
    """As its source has it: `*/5 8-17 * * mon-fri` in the order of crontab(5); empty where the
    words say all."""
    if not isinstance(schedule, Crontab):
        return ""
    s = schedule
    return f"{s.minute} {s.hour} {s.day_of_month} {s.month_of_year} {s.day_of_week}"


def _length(seconds: float) -> str:
    """`5 minutes`, `hour`, `90 seconds`."""
    for unit_s, name in _UNITS:
        if INTERVAL_MAX_S >= seconds >= unit_s and seconds % unit_s == 0:
            count = round(seconds / unit_s)
            return name if count == 1 else number(count, name)
    return "second" if seconds == 1 else f"{seconds:g} seconds"


def _coordinates(solar: Solar) -> str:
    north = f"{abs(solar.latitude):g} {'N' if solar.latitude >= 0 else 'S'}"
    return f"{north} {abs(solar.longitude):g} {'E' if solar.longitude >= 0 else 'W'}"


def _crontab(crontab: Crontab) -> str:
    try:
        fields = cron_fields(crontab)
    except BadSchedule:
        return as_written(crontab)
    days, times = _days(fields), _times(fields)
    if not days:
        # `every day at 08:00`, but `every 5 minutes`.
        return f"every day {times}" if times.startswith("at ") and ":" in times else times
    return f"{days} {times}" if times.startswith("at ") else f"{times}, {days}"


def _times(fields: CronFields) -> str:
    minutes, hours = fields.minutes, fields.hours
    if len(minutes) * len(hours) <= _TIMES_MAX:
        return f"at {_list([f'{hour:02}:{minute:02}' for hour in hours for minute in minutes])}"
    if len(minutes) == 1:
        return _on_the_minute(minutes[0], hours)
    step = _step(minutes)
    often = _every("minute", step) if step else f"at minutes {_list(_cut(minutes))}"
    if step and minutes[0] >= step:
        often += f" from minute {minutes[0]}"
    if len(hours) == 24:
        return often if step else f"{often} of every hour"
    return f"{often} {_hours(hours, 59)}"


def _on_the_minute(minute: int, hours: Sequence[int]) -> str:
    past = f"at minute {minute} of " if minute else ""
    step = _step(hours)
    if step is None:
        return f"{past}every hour {_hours(hours, minute)}"
    often = f"{past}{_every('hour', step)}"
    if hours[0] < step and hours[-1] + step >= 24:
        return often
    return f"{often} from {hours[0]:02}:{minute:02} to {hours[-1]:02}:{minute:02}"


def _every(unit: str, step: int) -> str:
    return f"every {unit}" if step == 1 else f"every {step} {unit}s"


def _hours(hours: Sequence[int], last_minute: int) -> str:
    """Which hours of a day, after what happens in each."""
    if hours[-1] - hours[0] == len(hours) - 1:
        return f"from {hours[0]:02}:00 to {hours[-1]:02}:{last_minute:02}"
    step = _step(hours)
    if step and hours[0] < step and hours[-1] + step >= 24:
        return f"of {_every('hour', step)}"
    return f"in the hours {_list(_cut([f'{hour:02}' for hour in hours]))}"


def _days(fields: CronFields) -> str:
    """On which days; empty for every day."""
    parts = []
    if len(fields.weekdays) < 7:
        parts.append(_weekdays(fields.weekdays))
    if len(fields.days) < 31:
        parts.append(f"on the {_list(_cut([_ordinal(day) for day in fields.days]))}")
    if len(fields.months) < 12:
        months = [_MONTHS[month - 1] for month in fields.months]
        parts.append(f"in {_range(months) if _is_run(fields.months) else _list(months)}")
    elif len(fields.days) < 31:
        parts.append("of every month")
    return " ".join(parts)


def _weekdays(days: Sequence[int]) -> str:
    if tuple(days) == (1, 2, 3, 4, 5):
        return "every weekday"
    if tuple(days) == (0, 6):
        return "every Saturday and Sunday"
    monday_first = sorted(days, key=lambda day: (day - 1) % 7)
    return f"every {_list([_WEEKDAYS[day] for day in monday_first])}"


def _step(numbers: Sequence[int]) -> int | None:
    """How far apart these are, if evenly and three at least."""
    step = numbers[1] - numbers[0] if len(numbers) > 2 else 0
    even = tuple(range(numbers[0], numbers[-1] + 1, step)) if step else ()
    return step if even == tuple(numbers) else None


def _is_run(numbers: Sequence[int]) -> bool:
    return numbers[-1] - numbers[0] == len(numbers) - 1


def _range(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _cut(items: Sequence[object], most: int = 8) -> list[str]:
    shown = [str(each) for each in items[:most]]
    return shown if len(items) <= most else [*shown, f"{len(items) - most} more"]


def _list(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _ordinal(day: int) -> str:
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
