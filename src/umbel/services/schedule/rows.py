"""What is told of beat's entries."""

from __future__ import annotations

from typing import Literal

import msgspec

from umbel.beat.base import Entry, SourceName
from umbel.services.schedule.ticks import NextRun

#: What became of a time at which an entry was due: `waiting` was sent and not yet begun for too
#: long, `missed` never ran, of `unknown` nobody knows.
Verdict = Literal["on-time", "late", "waiting", "missed", "unknown"]


class JudgedTick(msgspec.Struct, frozen=True, kw_only=True):
    """A time at which an entry was `due` (Unix seconds), and what became of it. `late_s` is from
    then to the start of its task, or its sending where it has not begun; `reason` says why it is
    not on time. `overlaps`: it began before the run before had ended; `doubled`: so many more
    tasks were sent for the same time; `by_hand`: somebody sent it from Umbel, and beat did not."""

    due: float
    verdict: Verdict
    reason: str = ""
    late_s: float | None = None
    task_id: str | None = None
    state: str | None = None
    sent: float | None = None
    started: float | None = None
    finished: float | None = None
    runtime: float | None = None
    overlaps: bool = False
    doubled: int = 0
    by_hand: bool = False


class RunCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the times that were judged were what."""

    on_time: int = 0
    late: int = 0
    waiting: int = 0
    missed: int = 0
    unknown: int = 0
    overlapping: int = 0
    doubled: int = 0
    failed: int = 0


class ScheduleRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry, in words, and what became of its last 60 times: a letter each in `bars`, oldest
    first (`o` on time, `l` late, `w` waiting, `m` missed, `u` unknown, `f` failed, `d` sent more
    than once, `v` overlapping the run before), and `dues` in Unix seconds. `last` is the last of
    them. `id` names the entry in addresses. `written` is its crontab, `zone` the one by whose clock
    it goes (empty: none). `next` is None where it is disabled, over or unknown (`why_never` says).
    `period_s` is how far its times are apart now, `late_s` the median of its last runs,
    `runtime_p95` in seconds. `extra` runs belong to none of its times, `note` says what cannot be
    known of it. `judged` is False while its history was not read yet."""

    id: str
    entry: Entry
    words: str
    written: str
    zone: str
    why_never: str = ""
    next: float | None = None
    period_s: float | None = None
    bars: str = ""
    dues: tuple[int, ...] = ()
    last: JudgedTick | None = None
    counts: RunCounts = RunCounts()
    late_s: float | None = None
    runtime_p95: float | None = None
    queue: str | None = None
    extra: int = 0
    note: str = ""
    judged: bool = True


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """Where entries stand: how many it has, or why it cannot be read."""

    name: SourceName
    title: str
    entries: int = 0
    trouble: str = ""
    remedy: str = ""


class BeatState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether beat sends. `last_sent` is the last task of any entry; `silent_since`: nothing came
    since, though entries were due (`overdue` times)."""

    last_sent: float | None = None
    silent_since: float | None = None
    overdue: int = 0
    sentence: str = ""


class DueStrip(msgspec.Struct, frozen=True, kw_only=True):
    """A day in buckets of `bucket_s` from `start` (Unix seconds): how often entries were or are
    due, and how many of these times were missed, are late, are not known, or are still to come; all
    others ran. Of entries that are due more than once in a bucket (`frequent` of them) only what
    was missed or late is in it. `gaps` are spans in which nobody would have seen a run."""

    start: float
    bucket_s: int
    due: tuple[int, ...]
    missed: tuple[int, ...]
    late: tuple[int, ...]
    unknown: tuple[int, ...]
    coming: tuple[int, ...]
    frequent: int = 0
    gaps: tuple[tuple[float, float], ...] = ()


class ScheduleList(msgspec.Struct, frozen=True, kw_only=True):
    """Entries, those with trouble first, then by name; `total` of them match. `complete` is False
    while the history of some was not read yet."""

    items: tuple[ScheduleRow, ...]
    total: int
    now: float
    sources: tuple[SourceState, ...]
    beat: BeatState
    strip: DueStrip
    complete: bool = True


class EntryDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One entry with its last 60 times (oldest first), its next runs, and `warnings` in sentences.
    `revision` changes with whatever its source has of it."""

    row: ScheduleRow
    ticks: tuple[JudgedTick, ...]
    next_runs: tuple[NextRun, ...]
    warnings: tuple[str, ...]
    now: float
    revision: str = ""
