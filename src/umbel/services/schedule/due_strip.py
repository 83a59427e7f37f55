"""A day of times at which entries are due, with holes: three quarters of it past, the rest to
come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from umbel.beat.base import Entry, Interval
from umbel.services.schedule.rows import DueStrip, JudgedTick
from umbel.services.schedule.ticks import ticks

BUCKET_S: Final = 900
BEFORE_S: Final = 18 * 3_600
AFTER_S: Final = 6 * 3_600
COUNT: Final = (BEFORE_S + AFTER_S) // BUCKET_S

_TROUBLES: Final = frozenset({"missed", "late", "waiting"})

Judged = tuple[Entry, float | None, tuple[JudgedTick, ...]]


def due_strip(
    entries: Iterable[Judged], now: float, gaps: tuple[tuple[float, float], ...]
) -> DueStrip:
    """Of entries, each with how far its times are apart (seconds) and what became of them."""
    start = (now - BEFORE_S) // BUCKET_S * BUCKET_S
    due, missed, late, unknown, coming = ([0] * COUNT for _ in range(5))
    of_verdict = {"missed": missed, "late": late, "waiting": late, "unknown": unknown}
    frequent = 0
    for entry, period_s, judged in entries:
        is_frequent = period_s is not None and period_s < BUCKET_S
        frequent += is_frequent and entry.enabled
        for tick in judged:
            if is_frequent and tick.verdict not in _TROUBLES:
                continue
            _add(due, start, tick.due)
            if tick.verdict in of_verdict:
                _add(of_verdict[tick.verdict], start, tick.due)
        if entry.enabled and not is_frequent:
            for at in _coming(entry, judged, start, now):
                _add(due, start, at)
                _add(coming, start, at)
    return DueStrip(
        start=start,
        bucket_s=BUCKET_S,
        due=tuple(due),
        missed=tuple(missed),
        late=tuple(late),
        unknown=tuple(unknown),
        coming=tuple(coming),
        frequent=frequent,
        gaps=tuple((max(begin, start), end) for begin, end in gaps if end > start),
    )


def _coming(
    entry: Entry, judged: tuple[JudgedTick, ...], start: float, now: float
) -> Iterable[float]:
    """Times to come; those of an interval by its last run, and one that is overdue comes now."""
    end = start + COUNT * BUCKET_S
    if not isinstance(entry.schedule, Interval):
        return ticks(entry, now, end, COUNT)
    last = judged[-1].due if judged else entry.last_run
    begin = max(last if last is not None else now, now - entry.schedule.every_s)
    return ticks(entry, begin, end, COUNT)


def _add(buckets: list[int], start: float, at: float) -> None:
    index = int((at - start) // BUCKET_S)
    if 0 <= index < len(buckets):
        buckets[index] += 1
