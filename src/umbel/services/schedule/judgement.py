"""What became of the times at which an entry was due: a pure function of its runs.

Theory of operation. A run belongs to the last time that was due when it was sent. Times without a
run are missed; unless nobody would have seen the run (`Surroundings.gaps`), then nothing is known.
An interval has no times of its own: it is due so long after its run before, so its times are
reckoned from run to run, and a hole between two runs has as many missed times as fit in. A
run is late when it was sent late (beat) or begun late (queue), by more than a tenth of the
period, but at least 5 s and at most a minute.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from umbel.beat.base import Entry, Interval
from umbel.cluster.task import FAILURE
from umbel.services.phrases import span
from umbel.services.schedule.interval_ticks import SHORTEST_S
from umbel.services.schedule.reasons import Surroundings, why_late, why_missed, why_waiting
from umbel.services.schedule.rows import JudgedTick, RunCounts, Verdict
from umbel.services.schedule.runs import EntryRun
from umbel.services.schedule.ticks import following, ticks

#: So many times are judged, the last ones.
JUDGED_MAX: Final = 60
#: By how much a run may be late, in parts of the period, and in seconds at least and at most.
LATE_PART: Final = 0.1
LATE_MIN_S: Final = 5.0
LATE_MAX_S: Final = 60.0
#: So long before its time a run may seem to be sent: clocks differ.
EARLY_S: Final = 2.0


class TickJudgement(msgspec.Struct, frozen=True, kw_only=True):
    """The times, oldest first, and how many runs belong to none of them."""

    ticks: tuple[JudgedTick, ...]
    extra: int = 0


class _Slot(msgspec.Struct):
    due: float
    runs: list[EntryRun] = []


def tolerance_s(period_s: float | None) -> float:
    """By how much a run may be late."""
    return min(LATE_MAX_S, max(LATE_MIN_S, LATE_PART * (period_s or 0.0)))


def judged(
    entry: Entry, runs: Sequence[EntryRun], around: Surroundings, period_s: float | None
) -> TickJudgement:
    """See the module. `runs` are the entry's own, oldest first."""
    allowed_s = tolerance_s(period_s)
    if isinstance(entry.schedule, Interval):
        slots, extra = _interval_slots(entry, runs, around, allowed_s)
    else:
        slots, extra = _clock_slots(entry, runs, around)
    found: list[JudgedTick] = []
    for slot in slots[-JUDGED_MAX - 1 :]:
        before = found[-1] if found else None
        found.append(_tick(entry, slot, around, allowed_s, before))
    # What is due just now may still come in time.
    if found and found[-1].verdict == "missed" and around.now - found[-1].due <= allowed_s:
        found.pop()
    return TickJudgement(ticks=tuple(found[-JUDGED_MAX:]), extra=extra)


def _clock_slots(
    entry: Entry, runs: Sequence[EntryRun], around: Surroundings
) -> tuple[list[_Slot], int]:
    if not entry.enabled:
        # When it was disabled nobody knows, so what did not come then was not missed.
        return _of_runs_alone(entry, runs), 0
    before, after = _divided(runs, around.changed)
    due = ticks(entry, max(around.since, around.changed or 0.0), around.now)
    slots = [_Slot(at, []) for at in due]
    extra = 0
    for run in after:
        index = bisect_right(due, run.at + EARLY_S) - 1
        if index >= 0:
            slots[index].runs.append(run)
        elif run.at > around.since:
            extra += 1
    return [*_earlier_slots(before), *slots], extra


def _divided(
    runs: Sequence[EntryRun], changed: float | None
) -> tuple[Sequence[EntryRun], Sequence[EntryRun]]:
    """Those from before the entry was changed, and the others."""
    index = 0 if changed is None else bisect_left(runs, changed, key=lambda run: run.at)
    return runs[:index], runs[index:]


def _earlier_slots(runs: Sequence[EntryRun]) -> list[_Slot]:
    """When the entry was due before it was changed nobody knows, but that it ran."""
    return [_Slot(run.at, [run]) for run in runs]


def _of_runs_alone(entry: Entry, runs: Sequence[EntryRun]) -> list[_Slot]:
    slots: dict[float, _Slot] = {}
    for run in runs:
        earlier = ticks(entry, run.at - 86_400.0, run.at + EARLY_S)
        due = earlier[-1] if earlier else run.at
        slots.setdefault(due, _Slot(due, [])).runs.append(run)
    return sorted(slots.values(), key=lambda slot: slot.due)


def _interval_slots(
    entry: Entry, runs: Sequence[EntryRun], around: Surroundings, allowed_s: float
) -> tuple[list[_Slot], int]:
    # Beat reckons from its own runs.
    before, after = _divided([run for run in runs if not run.by_hand], around.changed)
    slots = _earlier_slots(before)
    every_s = max(SHORTEST_S, entry.schedule.every_s)  # type: ignore[union-attr]
    for run in after:
        if len(slots) == len(before):
            slots.append(_Slot(run.at, [run]))
        elif run.at - _last_run(slots) < every_s / 2:
            slots[-1].runs.append(run)
        else:
            slots += _missed_slots(entry, _last_run(slots), run.at - every_s / 2)
            due = following(
                entry.schedule, slots[-1].due if not slots[-1].runs else _last_run(slots)
            )
            slots.append(_Slot(run.at if due is None else due, [run]))
    if entry.enabled:
        begins = (_last_run(slots) if slots else entry.last_run, around.changed)
        begin = max((at for at in begins if at is not None), default=None)
        if begin is not None:
            slots += _missed_slots(entry, begin, around.now - allowed_s)
    return slots, 0


def _last_run(slots: Sequence[_Slot]) -> float:
    """When the first task of the last time with any was sent: beat goes on from there."""
    return next((slot.runs[0].at for slot in reversed(slots) if slot.runs), slots[-1].due)


def _missed_slots(entry: Entry, after: float, until: float) -> list[_Slot]:
    every_s = max(SHORTEST_S, entry.schedule.every_s)  # type: ignore[union-attr]
    # Of a long hole the end is enough.
    begin = max(after, until - every_s * (JUDGED_MAX + 1)) if until > after else after
    begin = after + every_s * int((begin - after) / every_s)
    return [_Slot(at, []) for at in ticks(entry, begin, until, JUDGED_MAX + 2)]


def _tick(
    entry: Entry, slot: _Slot, around: Surroundings, allowed_s: float, before: JudgedTick | None
) -> JudgedTick:
    if not slot.runs:
        unknown = around.why_unknown(slot.due, allowed_s)
        verdict: Verdict = "unknown" if unknown else "missed"
        reason = unknown or why_missed(entry, slot.due, around, allowed_s)
        return JudgedTick(due=slot.due, verdict=verdict, reason=reason)
    own = [each for each in slot.runs if not each.by_hand]
    run = (own or slot.runs)[0]
    doubles = [each for each in own[1:] if each.at - slot.due <= allowed_s]
    verdict, reason = _verdict(entry, slot.due, run, around, allowed_s)
    if not own and verdict in {"on-time", "late"}:
        later_s = max(0.0, run.at - slot.due)
        reason = f"Somebody sent it from Umbel {span(later_s)} later; beat did not."
    if doubles:
        reason = " ".join(filter(None, (reason, _doubled([run, *doubles]))))
    return JudgedTick(
        due=slot.due,
        verdict=verdict,
        reason=reason,
        late_s=max(0.0, (run.started or run.at) - slot.due),
        task_id=run.uuid,
        state=run.state,
        sent=run.at,
        started=run.started,
        finished=run.finished,
        runtime=run.runtime,
        overlaps=_overlaps(run, before),
        doubled=len(doubles),
        by_hand=run.by_hand,
    )


def _verdict(
    entry: Entry, due: float, run: EntryRun, around: Surroundings, allowed_s: float
) -> tuple[Verdict, str]:
    if run.started is None and run.expired:
        return "missed", why_waiting(entry, run, around, expired=True)
    if run.started is None and not run.has_ended and around.now - run.at > allowed_s:
        return "waiting", why_waiting(entry, run, around)
    began = run.started if run.started is not None else run.at
    if began - due <= allowed_s:
        return "on-time", ""
    return "late", why_late(entry, due, run, around, allowed_s)


def _overlaps(run: EntryRun, before: JudgedTick | None) -> bool:
    if before is None or before.started is None or run.started is None:
        return False
    is_over = before.finished is not None and before.finished <= run.started
    return not is_over


def _doubled(runs: Sequence[EntryRun]) -> str:
    clients = list(dict.fromkeys(run.client for run in runs if run.client))
    if len(clients) > 1:
        return f"Sent {len(runs)} times, by {' and '.join(clients[:3])}: more than one beat runs."
    return f"Sent {len(runs)} times for the same time."


def counted(found: Sequence[JudgedTick]) -> RunCounts:
    """How many of these were what."""

    def how_many(is_one: Callable[[JudgedTick], bool]) -> int:
        return sum(map(is_one, found))

    return RunCounts(
        on_time=how_many(lambda tick: tick.verdict == "on-time"),
        late=how_many(lambda tick: tick.verdict == "late"),
        waiting=how_many(lambda tick: tick.verdict == "waiting"),
        missed=how_many(lambda tick: tick.verdict == "missed"),
        unknown=how_many(lambda tick: tick.verdict == "unknown"),
        overlapping=how_many(lambda tick: tick.overlaps),
        doubled=how_many(lambda tick: tick.doubled > 0),
        failed=how_many(lambda tick: tick.state == FAILURE),
    )
