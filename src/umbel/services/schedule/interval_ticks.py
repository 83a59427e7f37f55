"""When an interval is due after a run.

Source: celery/schedules.py (`schedule`), celery/utils/time.py (`remaining`, `delta_resolution`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from umbel.beat.base import Interval

_DAY_S: Final = 86_400.0
#: Nothing comes more often, whatever is written, seconds.
SHORTEST_S: Final = 0.01


def next_of_interval(interval: Interval, last_run: float, zone: tzinfo) -> float:
    """The time at which it is due after its last run (Unix seconds)."""
    every_s = max(SHORTEST_S, interval.every_s)
    if not interval.relative:
        return last_run + every_s
    start = datetime.fromtimestamp(last_run, zone)
    end = _whole(_later(start, every_s, zone), every_s)
    found = end.astimezone(UTC).timestamp()
    return found if found > last_run else last_run + every_s


def _later(start: datetime, every_s: float, zone: tzinfo) -> datetime:
    """Days are those of the calendar, shorter times go by on every clock alike."""
    if every_s >= _DAY_S:
        return start + timedelta(seconds=every_s)
    return datetime.fromtimestamp(start.timestamp() + every_s, zone)


def _whole(moment: datetime, every_s: float) -> datetime:
    """The beginning of its day, hour or minute, as long as the interval is longer than that."""
    if every_s >= _DAY_S:
        return moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if every_s >= 3_600:
        return moment.replace(minute=0, second=0, microsecond=0)
    if every_s >= 60:
        return moment.replace(second=0, microsecond=0)
    return moment.replace(microsecond=0)
