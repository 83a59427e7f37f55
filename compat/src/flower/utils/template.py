"""How Flower's pages write times, names and lists."""

from __future__ import annotations

import re
import time as clock
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

KEYWORDS_UP = ("ssl", "uri", "url", "uuid", "eta")
KEYWORDS_DOWN = ("args", "kwargs")
UUID_REGEX = re.compile(r"^[\w]{8}(-[\w]{4}){3}-[\w]{12}$")
_DAY_S: Final = 86_400


def format_time(time: float, tz: tzinfo | None) -> str:
    """Unix seconds as date, time and zone."""
    return datetime.fromtimestamp(float(time), tz=tz).strftime("%Y-%m-%d %H:%M:%S.%f %Z")


def humanize(obj: Any, type: str | None = None, length: int | None = None) -> Any:  # noqa: A002
    """The value as a person reads it: names with spaces, lists with commas; with type `time` or
    `natural-time` (also `time-Europe/Paris`) Unix seconds as a time. Texts longer than `length` are
    cut."""
    if obj is None:
        obj = ""
    elif type and type.startswith("time"):
        obj = format_time(float(obj), _zone(type, "time")) if obj else ""
    elif type and type.startswith("natural-time"):
        obj = _natural(float(obj), _zone(type, "natural-time"))
    elif type == "duration":
        obj = format_duration(obj)
    elif isinstance(obj, str) and not UUID_REGEX.match(obj):
        obj = _words(obj)
    elif isinstance(obj, list):
        obj = _listed(obj)
    if length is not None and len(obj) > length:
        obj = obj[: length - 4] + " ..."
    return obj


def format_duration(seconds: float | None) -> str:
    """Seconds in the unit that suits them."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.2f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02}m {rest:02}s" if hours else f"{minutes}m {rest:02}s"


def format_count(value: float | None) -> str:
    """A number with commas."""
    return f"{value or 0:,}"


def _words(text: str) -> str:
    text = text.replace("-", " ").replace("_", " ")
    text = re.sub("|".join(KEYWORDS_UP), lambda found: found[0].upper(), text)
    return text if text in KEYWORDS_DOWN else text[:1].upper() + text[1:]


def _listed(values: list[Any]) -> Any:
    if all(isinstance(value, int | float | str) for value in values):
        return ", ".join(map(str, values))
    return values


def _zone(type_: str, prefix: str) -> tzinfo:
    name = type_.removeprefix(prefix).lstrip("-")
    if name:
        # Upper and lower case are the same in a zone's name.
        names = {each.casefold(): each for each in available_timezones()}
        return ZoneInfo(names.get(name.casefold(), name))
    from celery import current_app

    return getattr(current_app, "timezone", None) or UTC


def _natural(moment: float, tz: tzinfo) -> str:
    ago = clock.time() - moment
    if ago >= _DAY_S:
        return format_time(moment, tz)
    seconds = int(abs(ago))
    if seconds == 0:
        return "now"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // _DAY_S
    number, unit, one = (
        (days, "day", "a day") if days
        else (hours, "hour", "an hour") if hours
        else (minutes, "minute", "a minute") if minutes
        else (seconds, "second", "a second")
    )  # fmt: skip
    span = one if number == 1 else f"{number} {unit}s"
    return f"{span} ago" if ago > 0 else f"{span} from now"
