"""When an entry is due: the times of a span, and the next ones with what clocks do to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from typing import Final

import msgspec

from umbel.beat.base import (
    AT_MAX,
    INTERVAL_MAX_S,
    Clocked,
    Crontab,
    Entry,
    Interval,
    OwnSchedule,
    Schedule,
    Solar,
)
from umbel.errors import ZoneUnknown
from umbel.services.schedule.cron_fields import BadSchedule, cron_fields
from umbel.services.schedule.crontab_ticks import next_of_crontab
from umbel.services.schedule.interval_ticks import next_of_interval
from umbel.services.schedule.solar_events import EVENTS, next_of_sun
from umbel.services.time_zones import zone_of

#: The most times that are reckoned at once.
TICKS_MAX: Final = 1_500
#: So long before a time its zone's clock may have been changed, seconds.
_BEFORE_S: Final = 86_400.0


class NextRun(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which an entry is due (Unix seconds), `local` on the clock of its zone (ISO 8601
    with its offset). `jump` says what a change of that clock does to it."""

    at: float
    local: str
    jump: str = ""


def why_never(schedule: Schedule) -> str:
    """Why nobody but its scheduler knows when it is due; empty where it is known."""
    try:
        _zone(schedule)
        if isinstance(schedule, Crontab):
            cron_fields(schedule)
    except BadSchedule as error:
        return f"Its crontab cannot be read: {error.sentence}"
    except ZoneUnknown as error:
        return error.message
    if isinstance(schedule, Interval) and not 0 <= schedule.every_s <= INTERVAL_MAX_S:
        return f"Nothing is due every {schedule.every_s:g} seconds."
    if isinstance(schedule, OwnSchedule) and not schedule.name:
        return "What it has as its schedule is none."
    if isinstance(schedule, OwnSchedule):
        return f"Only its own class {schedule.name} knows when it is due."
    if isinstance(schedule, Solar) and schedule.event not in EVENTS:
        return f"The sun has no event {schedule.event[:40]!r}."
    return ""


def following(schedule: Schedule, after: float) -> float | None:
    """The first time after `after` (Unix seconds); of an interval, after a run at that time. None
    if it is due no more, or nobody knows."""
    if why_never(schedule) or not 0 <= after <= AT_MAX:
        return None
    found = _following(schedule, after)
    return found if found is not None and found <= AT_MAX else None


def _following(schedule: Schedule, after: float) -> float | None:
    match schedule:
        case Crontab():
            return next_of_crontab(schedule, after, _zone(schedule))
        case Interval():
            return next_of_interval(schedule, after, _zone(schedule))
        case Solar():
            return next_of_sun(schedule, after)
        case Clocked(at=at):
            return at if at > after else None
        case _:
            return None


def ticks(entry: Entry, after: float, until: float, limit: int = TICKS_MAX) -> tuple[float, ...]:
    """The times after `after` up to `until` at which it is due, the first `limit`; of an interval,
    with a run at `after`."""
    return tuple(_ticks(entry, after, until, limit))


def _ticks(entry: Entry, after: float, until: float, limit: int) -> Iterator[float]:
    at: float | None = after
    if entry.starts is not None:
        at = max(after, entry.starts - 0.001)
    until = min(until, entry.ends if entry.ends is not None else until)
    for _ in range(limit):
        at = None if at is None else following(entry.schedule, at)
        if at is None or at > until:
            return
        yield at


def next_runs(entry: Entry, now: float, last_run: float | None, count: int) -> tuple[NextRun, ...]:
    """The next `count` times. An interval goes on from `last_run`; one that is overdue is due now,
    and one of which no run is known after its whole length. One that runs once has one at most."""
    if not entry.enabled or (entry.one_off and entry.runs):
        return ()
    count = min(count, 1) if entry.one_off else count
    begin = now
    found: list[float] = []
    last_run = entry.since if last_run is None else last_run
    if isinstance(entry.schedule, Interval) and last_run is not None:
        begin = following(entry.schedule, last_run) or now
        begin = max(now, begin, entry.starts or now)
        if entry.ends is not None and begin > entry.ends:
            return ()
        found.append(begin)
    found += ticks(entry, begin, float("inf"), count - len(found))
    before = [now, *found]
    return tuple(
        run_at(entry.schedule, at, jump=_jump(entry.schedule, at, before[index]))
        for index, at in enumerate(found)
    )


def run_at(schedule: Schedule, at: float, jump: str = "") -> NextRun:
    """That time, on the clock of the schedule's zone."""
    local = datetime.fromtimestamp(at, _zone(schedule))
    return NextRun(at=at, local=local.isoformat(timespec="seconds"), jump=jump)


def zone_name(schedule: Schedule) -> str:
    """The zone by whose clock it goes; UTC where it goes by none."""
    return schedule.zone if isinstance(schedule, Crontab | Interval) else "UTC"


def _zone(schedule: Schedule) -> tzinfo:
    return zone_of(zone_name(schedule))


def _jump(schedule: Schedule, at: float, before: float) -> str:
    """What the last change of the clock did to a time that goes by the clock."""
    if not isinstance(schedule, Crontab):
        return ""
    zone = _zone(schedule)
    local = datetime.fromtimestamp(at, zone)
    earlier = datetime.fromtimestamp(max(before, at - _BEFORE_S), zone)
    shift = (local.utcoffset() or timedelta()) - (earlier.utcoffset() or timedelta())
    if not shift:
        return ""
    minutes = abs(round(shift.total_seconds() / 60))
    way = "forward" if shift > timedelta() else "back"
    change = f"Clocks go {way} by {minutes} min before this run"
    fields = cron_fields(schedule)
    if local.hour not in fields.hours or local.minute not in fields.minutes:
        return f"{change}: its own time does not exist on that day, so it comes later."
    if way == "back":
        return f"{change}: times that come twice run once."
    return f"{change}."
