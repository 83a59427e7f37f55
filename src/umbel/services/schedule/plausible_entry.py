"""Entries as a store has them, within what can be reckoned and written: whoever may write to a
store may write anything, and one entry takes nothing from the others.
"""

from __future__ import annotations

from math import isfinite
from typing import Final

import msgspec

from umbel.beat.base import AT_MAX, Clocked, Entry, Interval, OwnSchedule, Schedule, Solar
from umbel.bounded_json import strict_scalar

#: The greatest whole number that every reader of JSON has exactly.
_WHOLE_MAX: Final = 2**53


def plausible(entry: Entry) -> Entry:
    """The same where all of it can be; what cannot is None, and a schedule that cannot be one has
    no name."""
    return msgspec.structs.replace(
        entry,
        schedule=_schedule(entry.schedule),
        priority=_whole(entry.priority),
        runs=_whole(entry.runs),
        expires_s=_seconds(entry.expires_s),
        starts=_moment(entry.starts),
        ends=_moment(entry.ends),
        last_run=_moment(entry.last_run),
        since=_moment(entry.since),
    )


def _schedule(given: Schedule) -> Schedule:
    match given:
        case Interval(every_s=every_s) if not isfinite(every_s):
            return OwnSchedule("")
        case Clocked(at=at) if _moment(at) is None:
            return OwnSchedule("")
        case Solar(latitude=north, longitude=east) if not (abs(north) <= 90 and abs(east) <= 180):
            return OwnSchedule("")
        case _:
            columns = msgspec.structs.asdict(given)
            plain = {name: strict_scalar(each) for name, each in columns.items()}
            return msgspec.structs.replace(given, **plain)


def _whole(number: int | None) -> int | None:
    if number is None or isinstance(number, bool):
        return None
    return number if abs(number) <= _WHOLE_MAX else None


def _seconds(length_s: float | None) -> float | None:
    return length_s if length_s is not None and 0 <= length_s <= AT_MAX else None


def _moment(at: float | None) -> float | None:
    return at if at is not None and 0 <= at <= AT_MAX else None
