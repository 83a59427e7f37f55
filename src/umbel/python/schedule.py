"""Beat's entries: when they are due and what became of it, sent now, and changed. See `workers` for
`events`."""

from __future__ import annotations

from typing import get_args

from umbel.python.source_argument import on_source
from umbel.python.sources import Source
from umbel.services.control.task_sender import SentTask
from umbel.services.schedule.entry_changes import EntryChange, WantedEntry
from umbel.services.schedule.rows import EntryDetail, ScheduleList
from umbel.services.schedule.schedules import ROWS_MAX, ScheduleOrder


@on_source
def schedule(
    source: Source, /, contains: str = "", order: ScheduleOrder = "trouble", limit: int = ROWS_MAX
) -> ScheduleList:
    """Beat's entries in `items`, those with trouble first: `id`, `words`, `next` (Unix seconds),
    `bars` (a letter for each of the last 60 times), `last` with its `verdict` and `reason`,
    `counts`. `beat` tells whether beat is silent, `sources` where entries stand and why one cannot
    be read.

    Raises `ValueError` for an order or number that cannot be, and what the source raises.
    """
    if order not in get_args(ScheduleOrder):
        raise ValueError(f"order is trouble, name or next, not {order!r}.")
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= ROWS_MAX:
        raise ValueError(f"limit is a number from 1 to {ROWS_MAX}, not {limit!r}.")
    return source.schedule(contains, order, limit)


@on_source
def schedule_entry(source: Source, /, entry: str) -> EntryDetail:
    """One entry by its `id` or name: `ticks` are its last 60 times with reasons, `next_runs` the
    ten to come. Raises `EntryUnknown`."""
    return source.entry(entry)


@on_source
def run_entry(source: Source, /, entry: str, reason: str = "") -> SentTask:
    """Send an entry's task now, as beat would. Raises `EntryUnknown`, and what `task_send_task`
    raises."""
    return source.run_entry(entry, reason or None)


@on_source
def change_entry(
    source: Source,
    /,
    entry: str,
    *,
    enabled: bool | None = None,
    crontab: str | None = None,
    zone: str | None = None,
    every_s: float | None = None,
    args: list[object] | None = None,
    kwargs: dict[str, object] | None = None,
    dry_run: bool = False,
    reason: str = "",
) -> EntryChange:
    """Enable, disable or edit an entry of django-celery-beat or RedBeat; with `dry_run` say what
    would be. What is not given stays. Raises `EntryUnknown`, `ActionRefused`, `NotPermitted`,
    `ScheduleUnavailable`."""
    edit = WantedEntry(
        enabled=enabled, crontab=crontab, zone=zone, every_s=every_s, args=args, kwargs=kwargs
    )
    return source.change_entry(entry, edit, dry_run=dry_run, reason=reason or None)
