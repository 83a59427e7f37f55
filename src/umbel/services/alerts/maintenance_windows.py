"""When a silence holds: once, or again every day or week at the same time of the day in a zone, so
that a window at 02:00 in Berlin is there in summer and in winter. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from umbel.errors import ZoneUnknown
from umbel.services.time_zones import zone_of
from umbel.store.alerts import Silence

DAY_S: Final = 86_400.0
#: A maintenance window comes again after a day or a week, seconds.
REPEATS_S: Final = (DAY_S, 7 * DAY_S)


class Occurrence(NamedTuple):
    """One time that a silence holds, from `start` to `until` (Unix seconds)."""

    start: float
    until: float


def occurrence(silence: Silence, now: float) -> Occurrence | None:
    """The one that holds at `now`, or the next; None where it never holds again."""
    if now >= silence.end:
        return None
    # The first time is as it was given, also within the hour that comes twice.
    if silence.repeat_s is None or now < silence.until:
        return Occurrence(silence.start, min(silence.until, silence.end))
    zone, length_s = _zone(silence.zone), silence.until - silence.start
    first = datetime.fromtimestamp(silence.start, zone).replace(tzinfo=None)
    local = datetime.fromtimestamp(now, zone).replace(tzinfo=None)
    step = timedelta(seconds=silence.repeat_s)
    last = (local - first) // step
    # Where clocks were put back or forward, the one before may still hold.
    for number in range(max(0, last - 1), last + 3):
        start = (first + number * step).replace(tzinfo=zone).timestamp()
        if now < start + length_s:
            if start >= silence.end:
                return None
            return Occurrence(start, min(start + length_s, silence.end))
    return None


def holds(silence: Silence, now: float) -> bool:
    """Whether nobody is sent anything at `now`."""
    found = occurrence(silence, now)
    return found is not None and found.start <= now < found.until


def _zone(name: str) -> tzinfo:
    try:
        return zone_of(name)
    except ZoneUnknown:  # of another machine
        return UTC
