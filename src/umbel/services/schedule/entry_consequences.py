"""What follows of a change of an entry: its next runs, and what a person should have read before.

Schedulers reckon from an entry's last run, so one whose new schedule would have been due since is
sent at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from umbel.beat.base import Clocked, Crontab, Entry, EntryEdit
from umbel.services.phrases import span
from umbel.services.schedule.entry_judge import period_of
from umbel.services.schedule.rows import ScheduleRow
from umbel.services.schedule.ticks import NextRun, next_runs, run_at, ticks, why_never
from umbel.services.time_zones import zone_of

#: So many of the next runs are told of a plan.
NEXT_RUNS: Final = 5
#: django-celery-beat loads a crontab of a single hour so many hours before it, and older ones at
#: once.
LOADED_HOURS: Final = 2
LOADED_EARLY: Final = (
    "may send it before its time: at once, or two hours before, when newer versions of "
    "django-celery-beat load it"
)


def overdue_since(after: Entry, last_run: float | None, now: float) -> float | None:
    """The first time since its last run at which an entry would have been due, by the schedule that
    it is given: beat reckons from that run on, so it sends the entry at once, as soon as it reads
    it. None if there is none."""
    if last_run is None or not after.enabled or why_never(after.schedule):
        return None
    return next(iter(ticks(after, last_run, now, 1)), None)


def planned_runs(
    after: Entry, last_run: float | None, overdue: float | None, now: float
) -> tuple[NextRun, ...]:
    coming = next_runs(after, now, last_run, NEXT_RUNS)
    if overdue is None or not _is_read_at_once(after, now) or (coming and coming[0].at <= now):
        return coming
    return (run_at(after.schedule, now), *coming[: NEXT_RUNS - 1])


def consequences_of(
    entry: Entry,
    after: Entry,
    written: EntryEdit,
    row: ScheduleRow,
    overdue: float | None,
    now: float,
) -> list[str]:
    found: list[str] = []
    if overdue is not None:
        sends = "sends it at once" if _is_read_at_once(after, now) else LOADED_EARLY
        found.append(
            f"By that it was due {span(now - overdue)} ago and has not run since, so beat {sends}."
        )
    schedule = after.schedule
    if written.enabled and isinstance(schedule, Clocked) and schedule.at <= now:
        found.append(
            f"Its time was {span(now - schedule.at)} ago: beat sends it at once, or disables it "
            "again if it has not been started anew since the entry ran."
        )
    if written.enabled is False:
        found.append("Beat sends it no more; what waits in queues is run all the same.")
    if written.enabled and (never := why_never(after.schedule)):
        found.append(never)
    elif written.enabled and entry.source == "redbeat" and overdue is None:
        found.append("If it was due meanwhile, beat sends it once, at once.")
    if entry.in_code and written.enabled is False and entry.source == "redbeat":
        found.append(
            "The application's beat_schedule has it too: when beat is started anew, RedBeat "
            "enables it again. To keep it from running, take it out of the code."
        )
    if entry.in_code and written.enabled is None:
        found.append(
            "The application's beat_schedule has it too: when beat starts, it writes that over "
            "what you change here."
        )
    period_s = period_of(after, now)
    if written.schedule is not None and period_s and (row.runtime_p95 or 0.0) > period_s:
        found.append(
            f"It takes {span(row.runtime_p95 or 0.0)} (p95) and would come every "
            f"{span(period_s)}: its runs would overlap."
        )
    return found


def _is_read_at_once(after: Entry, now: float) -> bool:
    """Source: django_celery_beat/schedulers.py (`_get_crontab_exclude_query`, 2.8 and later)."""
    schedule = after.schedule
    if after.source != "django" or not isinstance(schedule, Crontab) or not schedule.hour.isdigit():
        return True
    hour = datetime.fromtimestamp(now, zone_of(schedule.zone)).hour
    apart = (int(schedule.hour) - hour) % 24
    return min(apart, 24 - apart) <= LOADED_HOURS
