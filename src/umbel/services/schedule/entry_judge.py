"""One entry with its runs as a row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import Final

import msgspec

from umbel.beat.base import Entry, Interval, Schedule
from umbel.cluster.task import FAILURE
from umbel.services.schedule.judgement import JUDGED_MAX, counted, judged
from umbel.services.schedule.reasons import Surroundings
from umbel.services.schedule.rows import JudgedTick, ScheduleRow
from umbel.services.schedule.runs import EntryRun
from umbel.services.schedule.ticks import following, next_runs, ticks, why_never, zone_name
from umbel.services.schedule.words import as_written, in_words

#: The last runs of which late and runtime are told.
RECENT: Final = 20
#: No further back, seconds.
WINDOW_MAX_S: Final = 400 * 86_400.0
_ALIKE: Final = (
    "Several entries send this task with the same arguments: whose run is whose is not known."
)
_UNSENT: Final = (
    "Senders do not tell of this task (task_send_sent_event), so when beat sent it is not known."
)


class JudgedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A row, and what it was made of."""

    row: ScheduleRow
    ticks: tuple[JudgedTick, ...]
    runs: tuple[float, ...] = ()


def entry_id(entry: Entry) -> str:
    """`django:nightly`."""
    return f"{entry.source}:{entry.name}"


def revision_of(entry: Entry) -> str:
    """Digits that change when anything but its last run does."""
    steady = msgspec.structs.replace(entry, last_run=None, runs=None, since=None)
    return hashlib.sha256(msgspec.json.encode(steady)).hexdigest()[:16]


def period_of(entry: Entry, now: float) -> float | None:
    """How far its times are apart now, seconds: the median of the next ones."""
    if isinstance(entry.schedule, Interval):
        return None if why_never(entry.schedule) else entry.schedule.every_s
    return _period(entry.schedule, now // 3_600 * 3_600)


@lru_cache(8_192)
def _period(schedule: Schedule, begin: float) -> float | None:
    found: list[float] = []
    at = following(schedule, begin)
    while at is not None and len(found) < 8:
        found.append(at)
        at = following(schedule, at)
    apart = [late - early for early, late in pairwise(found)]
    return median(apart) if apart else None


def window_s(entry: Entry, period_s: float | None, now: float) -> float:
    """How far back its last 60 times reach, seconds, about."""
    span_s = (period_s or 86_400.0) * (JUDGED_MAX + 2)
    if isinstance(entry.schedule, Interval):
        return min(WINDOW_MAX_S, span_s)
    while span_s < WINDOW_MAX_S and len(ticks(entry, now - span_s, now, JUDGED_MAX)) < JUDGED_MAX:
        span_s *= 1.5
    return min(WINDOW_MAX_S, span_s)


def unread_row(entry: Entry, now: float) -> ScheduleRow:
    """The row of an entry whose history was not read yet."""
    never = why_never(entry.schedule)
    coming = next_runs(entry, now, entry.last_run, 1) if not never else ()
    return ScheduleRow(
        id=entry_id(entry),
        entry=entry,
        words=in_words(entry.schedule),
        written=as_written(entry.schedule),
        zone=zone_name(entry.schedule) if as_written(entry.schedule) else "",
        why_never=never,
        next=coming[0].at if coming else None,
        period_s=period_of(entry, now),
        queue=entry.queue,
        judged=False,
    )


def judge_entry(
    entry: Entry, runs: Sequence[EntryRun], around: Surroundings, *, is_alike: bool
) -> JudgedEntry:
    """What its runs (oldest first) make of an entry."""
    row = unread_row(entry, around.now)
    found = judged(entry, runs, around, row.period_s)
    last = found.ticks[-1] if found.ticks else None
    row = msgspec.structs.replace(
        row,
        bars="".join(map(_letter, found.ticks)),
        dues=tuple(int(tick.due) for tick in found.ticks),
        last=last,
        counts=counted(found.ticks),
        late_s=_median([tick.late_s for tick in found.ticks[-RECENT:]]),
        runtime_p95=_p95([tick.runtime for tick in found.ticks]),
        queue=entry.queue or next((run.queue for run in reversed(runs) if run.queue), None),
        extra=found.extra,
        note=_note(around, runs, is_alike=is_alike),
        next=_next(entry, runs, row, around.now),
        judged=True,
    )
    return JudgedEntry(
        row=row, ticks=found.ticks, runs=tuple(run.at for run in runs if not run.by_hand)
    )


def last_run_of(entry: Entry, last: JudgedTick | None) -> float | None:
    """When it last ran, by its scheduler or by the history."""
    seen = last.sent if last is not None and not last.by_hand else None
    return max((at for at in (seen, entry.last_run) if at is not None), default=None)


def _next(entry: Entry, runs: Sequence[EntryRun], row: ScheduleRow, now: float) -> float | None:
    sent = [run.at for run in runs if not run.by_hand]
    if not isinstance(entry.schedule, Interval) or not sent:
        return row.next
    begin = max(sent[-1], entry.last_run or 0.0)
    coming = following(entry.schedule, begin)
    return None if row.next is None or coming is None else max(now, coming)


def _note(around: Surroundings, runs: Sequence[EntryRun], *, is_alike: bool) -> str:
    if is_alike:
        return _ALIKE
    return _UNSENT if runs and not around.tells_sent else ""


def _letter(tick: JudgedTick) -> str:
    if tick.verdict in {"missed", "unknown", "waiting"}:
        return tick.verdict[0]
    if tick.state == FAILURE:
        return "f"
    if tick.doubled:
        return "d"
    if tick.verdict == "late":
        return "l"
    return "v" if tick.overlaps else "o"


def _median(values: Sequence[float | None]) -> float | None:
    numbers = [each for each in values if each is not None]
    return round(median(numbers), 3) if numbers else None


def _p95(values: Sequence[float | None]) -> float | None:
    numbers = sorted(each for each in values if each is not None)
    return numbers[min(len(numbers) - 1, int(len(numbers) * 0.95))] if numbers else None
