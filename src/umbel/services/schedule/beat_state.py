"""Whether beat sends: by all entries of the schedulers together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from umbel.services.phrases import number, span
from umbel.services.schedule.entry_judge import JudgedEntry
from umbel.services.schedule.rows import BeatState

#: Beat is silent when entries were due so often since it last sent, the first of them so long ago,
#: seconds; or one, much longer ago.
OVERDUE_MIN: Final = 2
SILENT_S: Final = 60.0
ONE_OVERDUE_S: Final = 300.0


def beat_state(found: Sequence[JudgedEntry], now: float) -> BeatState:
    """By what its entries (those that were learned are left out) were judged. Where several
    schedulers have entries, each is judged for itself once anything of it was seen: keys may be
    left of one that is used no more."""
    own: dict[str, list[JudgedEntry]] = {}
    for each in found:
        if each.row.entry.source != "learned":
            own.setdefault(each.row.entry.source, []).append(each)
    states = [_of_source(entries, now) for entries in own.values()]
    last_sent = max((at for each in states if (at := each.last_sent) is not None), default=None)
    silent = [
        each
        for each in states
        if each.silent_since is not None and (each.last_sent is not None or last_sent is None)
    ]
    if not silent:
        return BeatState(last_sent=last_sent)
    return max(silent, key=lambda each: each.overdue)


def _of_source(found: Sequence[JudgedEntry], now: float) -> BeatState:
    last_sent = max((at for each in found for at in each.runs[-1:]), default=None)
    overdue = sorted(_missed_since(found, last_sent))
    if not overdue or not _is_silent(overdue, now):
        return BeatState(last_sent=last_sent)
    times = number(len(overdue), "run was due", "runs were due")
    if last_sent is None:
        sentence = f"Nothing that beat should have sent was ever seen, though {times}."
    else:
        sentence = f"Beat has sent nothing for {span(now - last_sent)}, though {times} since."
    return BeatState(
        last_sent=last_sent,
        silent_since=overdue[0] if last_sent is None else last_sent,
        overdue=len(overdue),
        sentence=sentence,
    )


def _missed_since(found: Iterable[JudgedEntry], last_sent: float | None) -> Iterable[float]:
    for each in found:
        for tick in each.ticks:
            is_later = last_sent is None or tick.due > last_sent
            if is_later and (tick.verdict == "missed" or tick.by_hand):
                yield tick.due


def _is_silent(overdue: Sequence[float], now: float) -> bool:
    if len(overdue) >= OVERDUE_MIN:
        return now - overdue[0] >= SILENT_S
    return now - overdue[0] >= ONE_OVERDUE_S
