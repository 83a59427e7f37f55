"""Reads what became of all entries, little at a time, and keeps it as long as nothing changes.

Theory of operation. Of an entry that was judged nothing changes until it is due again, so its runs
are read when its next time, and what a run may be late, is over; sooner while one of its tasks
runs or waits. All entries of one task are read at once. One reading has a time budget: entries for
which there was none are told as not yet judged, and are the first of the next reading.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

import msgspec

from umbel.beat.base import Entry, Interval, SourceName
from umbel.clock import Clock
from umbel.redact.rules import Redactor
from umbel.services.errors.time_budget import TimeBudget
from umbel.services.schedule.beat_state import beat_state
from umbel.services.schedule.due_strip import due_strip
from umbel.services.schedule.entry_ages import EntryAges, is_changed
from umbel.services.schedule.entry_judge import (
    JudgedEntry,
    judge_entry,
    period_of,
    unread_row,
    window_s,
)
from umbel.services.schedule.gaps import blind_spans
from umbel.services.schedule.judgement import EARLY_S, JUDGED_MAX, tolerance_s
from umbel.services.schedule.learned import learned_entry
from umbel.services.schedule.queue_consumers import QueueConsumers
from umbel.services.schedule.reasons import Surroundings
from umbel.services.schedule.rows import BeatState, DueStrip, ScheduleRow
from umbel.services.schedule.run_reader import read_runs
from umbel.services.schedule.runs import EntryRun, divided, senders
from umbel.services.schedule.ticks import ticks, zone_name
from umbel.services.time_zones import zone_of
from umbel.store.base import Store
from umbel.store.samples import Samples

#: What is known of an entry is good for so long at most, and while its tasks run, seconds.
GOOD_S: Final = 300.0
OPEN_S: Final = 5.0
#: Rows that are read of a name for each of its entries.
ROWS_EACH: Final = JUDGED_MAX + 10
#: So many names are looked at for regular times, of the last day, where no entries can be read.
LEARNED_NAMES: Final = 100
_DAY_S: Final = 86_400.0


#: An entry, its runs, from when on there are all of them, and whether it shares them with another.
EntryHistory = tuple[Entry, Sequence[EntryRun], float, bool]


class ScheduleReading(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, by name of the entry; those that are not in `judged` were not read yet."""

    now: float
    entries: tuple[Entry, ...]
    judged: Mapping[str, JudgedEntry]
    beat: BeatState
    strip: DueStrip
    complete: bool

    def row(self, entry: Entry) -> ScheduleRow:
        """The row of one of the entries."""
        found = self.judged.get(entry.name)
        return found.row if found is not None else unread_row(entry, self.now)


class _UntilDue(msgspec.Struct, frozen=True):
    entry: Entry
    judged: JudgedEntry
    until: float


class ScheduleReader:
    """Any thread; one reads at a time."""

    def __init__(
        self,
        store: Store,
        samples: Samples,
        clock: Clock,
        redactor: Redactor,
        pauses: Callable[[], Mapping[str, str]] = dict,
        by_hand: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self._pauses = pauses
        self._by_hand = by_hand
        self._store = store
        self._samples = samples
        self._clock = clock
        self._redactor = redactor
        self._lock = threading.Lock()
        self._ages = EntryAges()
        self._entries: dict[str, _UntilDue] = {}
        self._learned: tuple[float, tuple[Entry, ...]] = (float("-inf"), ())

    def read(self, entries: Sequence[Entry], budget_s: float) -> ScheduleReading:
        """What became of these. Raises `StoreError`."""
        with self._lock:
            now = self._clock.now()
            self._ages.note(entries, now)
            self._forget_others(entries)
            complete = self._refresh(entries, now, TimeBudget(self._clock, budget_s))
            judged = {name: each.judged for name, each in self._entries.items()}
        gaps = blind_spans(self._store, now - _DAY_S, now)
        strip = due_strip(
            [
                (each, period_of(each, now), judged[each.name].ticks if each.name in judged else ())
                for each in entries
            ],
            now,
            gaps,
        )
        return ScheduleReading(
            now=now, entries=tuple(entries), judged=judged, strip=strip, complete=complete,
            beat=beat_state(tuple(judged.values()), now),
        )  # fmt: skip

    def learned(self) -> tuple[Entry, ...]:
        """Entries that the history looks like; looked for once in `GOOD_S`."""
        now = self._clock.now()
        with self._lock:
            if now - self._learned[0] > GOOD_S:
                self._learned = (now, self._learn(now))
            return self._learned[1]

    def _learn(self, now: float) -> tuple[Entry, ...]:
        names = self._store.suggest("name", "", LEARNED_NAMES)
        budget = TimeBudget(self._clock, 2.0)
        found: list[Entry] = []
        for each in names:
            if budget.is_over:
                break
            runs, _ = read_runs(self._store, self._clock, each.value, now - 7 * _DAY_S, 40)
            entry = learned_entry(each.value, runs)
            if entry is not None:
                found.append(entry)
        return tuple(sorted(found, key=lambda each: each.name))

    def _forget_others(self, entries: Sequence[Entry]) -> None:
        names = {each.name: each for each in entries}
        for name, known in [*self._entries.items()]:
            entry = names.get(name)
            if entry is None or is_changed(known.entry, entry):
                del self._entries[name]

    def _refresh(self, entries: Sequence[Entry], now: float, budget: TimeBudget) -> bool:
        groups: dict[str, list[Entry]] = {}
        for each in entries:
            groups.setdefault(each.task, []).append(each)
        due = [group for group in groups.values() if self._until(group) <= now]
        due.sort(key=self._until)
        read: list[EntryHistory] = []
        complete = True
        by_hand = self._by_hand() if due else ()
        for group in due:
            if budget.is_over:
                complete = False
                break
            read += self._group(group, now, by_hand)
        self._judge(read, now)
        return complete

    def _until(self, group: Sequence[Entry]) -> float:
        return min(
            self._entries[each.name].until if each.name in self._entries else float("-inf")
            for each in group
        )

    def _group(
        self, group: Sequence[Entry], now: float, by_hand: Collection[str]
    ) -> list[EntryHistory]:
        """Each entry with its runs, from when on there are all of them, and whether it shares them
        with another."""
        spans = {each.name: window_s(each, period_of(each, now), now) for each in group}
        since = now - max(spans.values())
        rows = ROWS_EACH * len(group)
        runs, reached = read_runs(self._store, self._clock, group[0].task, since, rows)
        runs = [
            msgspec.structs.replace(run, by_hand=True) if run.uuid in by_hand else run
            for run in runs
        ]
        own, alike = divided(group, runs, self._redactor)
        return [
            (each, own[each.name], max(now - spans[each.name], reached or 0.0), each.name in alike)
            for each in group
        ]

    def _judge(self, read: Sequence[EntryHistory], now: float) -> None:
        others = senders(self._due_runs(entry, runs, since, now) for entry, runs, since, _ in read)
        own = {
            entry.name: [run for run in runs if run.client not in others]
            for entry, runs, _, _ in read
        }
        oldest = self._store.status().oldest
        heard = self._heard(own, read)
        consumers = QueueConsumers(self._samples, self._clock)
        paused = self._pauses()
        for entry, _, since, is_alike in read:
            since = now if oldest is None else max(since, oldest - EARLY_S)
            around = Surroundings(
                since=since,
                now=now,
                changed=self._changed_at(entry, own[entry.name], heard[entry.source]),
                gaps=blind_spans(self._store, since, now),
                heard=heard[entry.source],
                tells_sent=_tells_sent(own[entry.name]),
                unconsumed=consumers.unconsumed,
                paused=paused,
                zone=zone_of(zone_name(entry.schedule)) if _has_zone(entry) else zone_of("UTC"),
            )
            judged = judge_entry(entry, own[entry.name], around, is_alike=is_alike)
            self._entries[entry.name] = _UntilDue(entry, judged, _good_until(judged, now))

    def _due_runs(
        self, entry: Entry, runs: Sequence[EntryRun], since: float, now: float
    ) -> tuple[Sequence[float], Sequence[EntryRun], float]:
        """When an entry was due as it is now, and the runs from then on."""
        since = max(since, self._ages.changed_at(entry) or 0.0)
        later = [run for run in runs if run.at >= since]
        return _due_times(entry, later, since, now), later, tolerance_s(period_of(entry, now))

    def _changed_at(
        self, entry: Entry, own: Sequence[EntryRun], heard: Sequence[float]
    ) -> float | None:
        """One that beat, which sends others, was never seen to send is taken for new."""
        changed = self._ages.changed_at(entry)
        if changed is None and heard and all(run.by_hand for run in own):
            return self._ages.first_seen(entry)
        return changed

    def _heard(
        self,
        own: Mapping[str, Sequence[EntryRun]],
        read: Sequence[EntryHistory],
    ) -> Mapping[SourceName, Sequence[float]]:
        """When any entry of each source was sent."""
        found: dict[SourceName, set[float]] = {}
        for known in self._entries.values():
            found.setdefault(known.entry.source, set()).update(known.judged.runs)
        for entry, _, _, _ in read:
            at = (run.at for run in own[entry.name] if not run.by_hand)
            found.setdefault(entry.source, set()).update(at)
        return {source: sorted(times) for source, times in found.items()}


def _due_times(entry: Entry, runs: Sequence[EntryRun], since: float, now: float) -> Sequence[float]:
    """When an entry was due: an interval after each run of its task."""
    if isinstance(entry.schedule, Interval):
        return [run.at + entry.schedule.every_s for run in runs]
    return ticks(entry, since, now)


def _has_zone(entry: Entry) -> bool:
    try:
        zone_of(zone_name(entry.schedule))
    except ValueError:
        return False
    return True


def _tells_sent(runs: Sequence[EntryRun]) -> bool:
    by_beat = [run for run in runs if not run.by_hand]
    return not by_beat or any(run.is_sent for run in by_beat[-10:])


def _good_until(judged: JudgedEntry, now: float) -> float:
    open_still = any(
        tick.task_id and tick.finished is None and tick.state not in {"SUCCESS", "FAILURE"}
        for tick in judged.ticks[-3:]
    )
    if open_still:
        return now + OPEN_S
    coming = judged.row.next
    allowed_s = tolerance_s(judged.row.period_s)
    last = judged.ticks[-1] if judged.ticks else None
    if last is not None and now - last.due < allowed_s:
        return now + OPEN_S
    if coming is None:
        return now + GOOD_S
    return min(now + GOOD_S, max(now + OPEN_S, coming + 1.0))
