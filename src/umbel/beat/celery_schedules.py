"""Celery's schedule objects as values. Source: celery/schedules.py."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import Any, Final

from umbel.beat.base import Clocked, Crontab, Interval, OwnSchedule, Schedule, Solar

#: Modules whose classes are due when their base classes are.
_OF_CELERY: Final = frozenset({"celery.schedules", "django_celery_beat.tzcrontab"})
_LOCALTIME: Final = Path("/etc/localtime")


def schedule_of(given: object, zone: str, *, relative: bool = False) -> Schedule:
    """What an entry has as its schedule: seconds, a time span, or an object of Celery's. `zone` is
    the application's."""
    from celery import schedules

    if isinstance(given, timedelta):
        return Interval(given.total_seconds(), relative, zone)
    if isinstance(given, int | float):
        return Interval(float(given), relative, zone)
    kind = type(given)
    if kind.__module__ not in _OF_CELERY:
        return _clocked(given) or OwnSchedule(kind.__qualname__[:200])
    if isinstance(given, schedules.crontab):
        return _crontab(given, zone)
    if isinstance(given, schedules.solar):
        return Solar(str(given.event), float(given.lat), float(given.lon))
    if isinstance(given, schedules.schedule):
        return Interval(float(given.seconds), bool(given.relative), zone)
    return OwnSchedule(kind.__qualname__[:200])


def zone_name(zone: tzinfo) -> str:
    """The name of a zone in the IANA database, as `Celery.timezone` has it."""
    key = getattr(zone, "key", None) or getattr(zone, "zone", None)
    if key is not None:
        return str(key)
    return "UTC" if str(zone).upper() in {"UTC", "UTC+00:00"} else _of_this_machine()


def _of_this_machine() -> str:
    """Celery's own `LocalTimezone` has no name."""
    parts = str(_LOCALTIME.resolve()).partition("zoneinfo/")
    return parts[2] or "UTC"


def _crontab(given: Any, zone: str) -> Crontab:
    own = vars(given).get("tz")  # set by django-celery-beat alone
    return Crontab(
        minute=_field(given._orig_minute),
        hour=_field(given._orig_hour),
        day_of_week=_field(given._orig_day_of_week),
        day_of_month=_field(given._orig_day_of_month),
        month_of_year=_field(given._orig_month_of_year),
        zone=zone_name(own) if own is not None else zone,
    )


def _field(written: object) -> str:
    if isinstance(written, str) or not isinstance(written, Iterable):
        return str(written)
    return ",".join(map(str, sorted(written)))


def _clocked(given: Any) -> Schedule | None:
    """django-celery-beat's class of a single time, which needs Django to be imported."""
    if type(given).__module__ != "django_celery_beat.clockedschedule":
        return None
    return Clocked(float(given.clocked_time.timestamp()))
