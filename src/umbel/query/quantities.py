"""Numbers, durations and times as people write them, and back.

A duration is a number of seconds or a number with a unit, several in a row if wanted
(`200ms`, `5s`, `1h30m`, `3d`). A time is `now`, a signed duration from now (`-2h`), a date
with or without a clock and an offset (`2026-11-22`, `2026-11-22T10:00+01:00`), or Unix
seconds. Without an offset it is read in the zone that the reader brings. Where clocks are set
back, an hour comes twice: what is written then begins with the first and ends with the second.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from typing import Final

import msgspec

from umbel.errors import QueryError
from umbel.query.ast import Moment
from umbel.query.lexer import Word
from umbel.query.spelling import nearest

#: Seconds in each unit, by the names that are understood.
UNITS: Final[dict[str, float]] = {
    **dict.fromkeys(("us", "µs", "μs"), 1e-6),
    "ms": 1e-3,
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
    **dict.fromkeys(("w", "week", "weeks"), 604_800.0),
}
_DAY_S: Final = 86_400.0
_NUMBER_MAX: Final = 1e12
_SHORT_UNITS: Final = (("w", 604_800.0), ("d", 86_400.0), ("h", 3_600.0), ("m", 60.0))

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_QUANTITY: Final = re.compile(r"(\d+(?:\.\d+)?)([^\W\d_]*)", re.ASCII)
_UNIT_LETTERS: Final = re.compile(r"[^\W\d_]*")
_UNIX: Final = re.compile(r"\d{9,12}|\d{1,12}\.\d+", re.ASCII)
_DATE: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,6}))?)?)?"
    r" ?(?P<zone>[Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


class Time(msgspec.Struct, frozen=True):
    """A time as written: its beginning, where it is the end of something (`until`: the same,
    but for an hour that comes twice), and the end of the written unit (`after`: of a day, a
    minute, a second; the same for a time relative to now)."""

    moment: Moment
    until: Moment
    after: Moment
    is_day: bool = False


def number(word: Word) -> float:
    """A count. Raises `QueryError`."""
    if not _NUMBER.fullmatch(word.text):
        raise QueryError(f"{_shown(word)} is not a number.", position=word.start, end=word.end)
    return _bounded(float(word.text), word)


def duration(word: Word) -> float:
    """A duration in seconds. Raises `QueryError`."""
    return _bounded(_seconds(word.text, word), word)


def time(word: Word, zone: tzinfo = UTC) -> Time:
    """A point in time; one without an offset is in `zone`. Raises `QueryError`."""
    text = word.text
    if text.lower() == "now":
        return _point(Moment(relative=0.0))
    if text[:1] in ("-", "+") and text[1:2].isdigit():
        seconds = _bounded(_seconds(text[1:], word), word)
        return _point(Moment(relative=-seconds if text[0] == "-" else seconds))
    if _UNIX.fullmatch(text):
        second = Moment(absolute=float(text))
        return Time(second, second, Moment(absolute=float(text) + 1.0))
    date = _DATE.fullmatch(text)
    if date is None:
        raise _no_time(word)
    return _absolute(date, word, zone)


def _point(moment: Moment) -> Time:
    return Time(moment, moment, moment)


def _absolute(date: re.Match[str], word: Word, zone: tzinfo) -> Time:
    hour, minute, second, fraction = date.group("hour", "minute", "second", "fraction")
    try:
        read = datetime(
            int(date[1]), int(date[2]), int(date[3]), int(hour or 0), int(minute or 0),
            int(second or 0), int((fraction or "").ljust(6, "0")), _zone(date["zone"], zone),
        )  # fmt: skip
        unit = timedelta(seconds=1.0 if second else 60.0 if hour else _DAY_S)
        first, last = _both(read)
        # A day ends with the calendar, whatever its length; a minute by the clock.
        after = _both(read + unit)[0] if hour is None else last + unit.total_seconds()
    except (ValueError, OverflowError) as error:
        raise QueryError(
            f"{_shown(word)} is no time: {error}.", position=word.start, end=word.end
        ) from error
    if first < 0:
        message = f"{_shown(word)} lies before 1970, where times begin."
        raise QueryError(message, position=word.start, end=word.end)
    moment, until, end = (Moment(absolute=at) for at in (first, last, after))
    return Time(moment, until, end, is_day=hour is None)


def _both(read: datetime) -> tuple[float, float]:
    """The first and the last moment at which a clock shows this: two, where it is set back
    (or forward: then those that it would be by the old time and by the new)."""
    timestamps = [read.replace(fold=fold).timestamp() for fold in (0, 1)]
    return min(timestamps), max(timestamps)


def _zone(text: str | None, zone: tzinfo) -> tzinfo:
    if text is None:
        return zone
    if text in "Zz":
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))


def _seconds(text: str, word: Word) -> float:
    if _NUMBER.fullmatch(text):
        return float(text)
    total, index = 0.0, 0
    while index < len(text):
        part = _NUMBER.match(text, index)
        letters = _UNIT_LETTERS.match(text, part.end()) if part else None
        if part is None or letters is None or not letters[0]:
            message = (
                f"{_shown(word)} is not a duration. Write a number and a unit, such as 200ms, "
                "5s, 1m, 2h or 3d."
            )
            raise QueryError(message, position=word.start, end=word.end)
        unit = UNITS.get(letters[0].lower())
        if unit is None:
            raise QueryError(
                f"There is no unit {letters[0][:20]}; units are ms, s, m, h, d and w.",
                position=word.start,
                end=word.end,
                suggestion=nearest(letters[0], UNITS),
            )
        total += float(part[0]) * unit if unit >= 1 else float(part[0]) / round(1 / unit)
        index = letters.end()
    return total


def _no_time(word: Word) -> QueryError:
    suggestion = None
    if _QUANTITY.match(word.text) and word.text[-1:].isalpha():
        suggestion = f"-{word.text}" if len(word.text) < 12 else None
    return QueryError(
        f"{_shown(word)} is not a time. Write -2h, now, 2026-11-22, 2026-11-22T10:00 or Unix "
        "seconds.",
        position=word.start,
        end=word.end,
        suggestion=suggestion,
    )


def _bounded(value: float, word: Word) -> float:
    if not math.isfinite(value) or value > _NUMBER_MAX:
        raise QueryError(f"{_shown(word)} is too large.", position=word.start, end=word.end)
    return value


def _shown(word: Word) -> str:
    return word.text if len(word.text) <= 40 else word.text[:39] + "…"


def number_text(value: float) -> str:
    """The number as `number` reads it, exactly."""
    text = format(Decimal(repr(value)), "f")
    return text.removesuffix(".0")


def duration_text(seconds: float) -> str:
    """The duration as `duration` reads it, exactly, in the largest unit that divides it."""
    for unit, length in _SHORT_UNITS:
        if seconds >= length and seconds % length == 0:
            return f"{number_text(seconds / length)}{unit}"
    thousands = round(seconds * 1_000)
    if 0 < seconds < 1 and thousands / 1_000 == seconds:
        return f"{thousands}ms"
    return f"{number_text(seconds)}s"


def time_text(moment: Moment) -> str:
    """The moment as `time` reads it, exactly."""
    if moment.relative is not None:
        if moment.relative == 0:
            return "now"
        return f"{'-' if moment.relative < 0 else '+'}{duration_text(abs(moment.relative))}"
    seconds = moment.absolute or 0.0
    if seconds % 1 == 0 and seconds < 253_402_300_800:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}Z"
    return number_text(seconds) if seconds % 1 else f"{seconds:.1f}"
