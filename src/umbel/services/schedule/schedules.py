"""Beat's entries of a cluster: listed, looked at one by one, run now, and changed where their
scheduler's own store allows it.

Any thread; every method blocks. They raise `StoreError`, `EntryUnknown`, and for changes
`ActionError`s, `BrokerError` and `ScheduleUnavailable`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, Literal

import msgspec

from umbel.beat.base import Entry, Interval
from umbel.clock import Clock
from umbel.errors import EntryUnknown, ScheduleUnavailable
from umbel.redact.rules import Redactor
from umbel.services.health.facts import BeatFact, EntryFact
from umbel.services.phrases import number, span
from umbel.services.schedule.entry_judge import JudgedEntry, entry_id, last_run_of, revision_of
from umbel.services.schedule.entry_sources import EntrySources, OpenSources
from umbel.services.schedule.rows import (
    EntryDetail,
    JudgedTick,
    ScheduleList,
    ScheduleRow,
    SourceState,
)
from umbel.services.schedule.schedule_reader import ScheduleReader
from umbel.services.schedule.ticks import next_runs
from umbel.store.base import Store
from umbel.store.samples import Samples

#: Rows of one list.
ROWS_MAX: Final = 1_000
#: So many next runs are told of one entry.
NEXT_RUNS: Final = 10
#: How long one reading may take, seconds.
BUDGET_S: Final = 1.5

#: And one for rules of health.
FACT_S: Final = 1.0
#: Two beats are told of while one of so many last times was sent more than once.
DOUBLED_OF: Final = 3

ScheduleOrder = Literal["trouble", "name", "next"]
SCHEDULE_ORDERS: Final[tuple[ScheduleOrder, ...]] = ("trouble", "name", "next")


class Schedules:
    """Asks sources, history and samples; `pauses` are who paused which queue, in words behind
    *is*, `by_hand` ids of tasks that people sent."""

    def __init__(
        self,
        open_sources: OpenSources,
        store: Store,
        samples: Samples,
        clock: Clock,
        redactor: Redactor,
        pauses: Callable[[], Mapping[str, str]] = dict,
        by_hand: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self.sources = EntrySources(open_sources, clock)
        self._reader = ScheduleReader(store, samples, clock, redactor, pauses, by_hand)
        self._clock = clock
        self._redactor = redactor

    def list(
        self,
        contains: str = "",
        *,
        order: ScheduleOrder = "trouble",
        limit: int = ROWS_MAX,
        budget_s: float = BUDGET_S,
    ) -> ScheduleList:
        """Entries with `contains` in their name or task, whatever the case."""
        entries, sources = self._entries()
        reading = self._reader.read(entries, budget_s)
        wanted = contains.casefold()
        rows = [
            reading.row(each)
            for each in entries
            if wanted in each.name.casefold() or wanted in each.task.casefold()
        ]
        rows.sort(key=_rank(order))
        return ScheduleList(
            items=tuple(map(self._shown, rows[:limit])),
            total=len(rows),
            now=reading.now,
            sources=sources,
            beat=reading.beat,
            strip=reading.strip,
            complete=reading.complete,
        )

    def entry(self, wanted: str) -> Entry:
        """The entry with this id, or the only one of this name, as its source has it: nothing of it
        is hidden. Raises `EntryUnknown`, and `ScheduleUnavailable` where it may
        stand in a source that cannot be read."""
        entries, sources = self._entries()
        for each in entries:
            if wanted in (entry_id(each), each.name):
                return each
        broken = next((each for each in sources if each.trouble), None)
        if broken is not None:
            raise ScheduleUnavailable(broken.trouble, remedy=broken.remedy)
        raise EntryUnknown(
            f"Beat has no entry {wanted!r}.",
            remedy="GET /api/v1/schedule and umbel schedule list those that there are.",
        )

    def detail(self, wanted: str, budget_s: float = BUDGET_S) -> EntryDetail:
        """One entry. Raises `EntryUnknown`."""
        entry = self.entry(wanted)
        entries, _ = self._entries()
        reading = self._reader.read(entries, budget_s)
        row, now = reading.row(entry), reading.now
        found = reading.judged.get(entry.name)
        ticks = found.ticks if found is not None else ()
        last = last_run_of(entry, ticks[-1] if ticks else None)
        return EntryDetail(
            row=self._shown(row),
            ticks=ticks,
            next_runs=next_runs(entry, now, last, NEXT_RUNS) if not row.why_never else (),
            warnings=tuple(_warnings(row, ticks)),
            now=now,
            revision=revision_of(entry),
        )

    def fact(self) -> BeatFact | None:
        """What rules of health look at; None where there is no entry, and nothing that keeps one
        from being read. Raises `StoreError`."""
        read = self.sources.read()
        troubles = tuple(each.trouble for each in read.sources if each.trouble)
        if not read.entries and not troubles:
            return None
        reading = self._reader.read(read.entries, FACT_S)
        judged = [found for each in read.entries if (found := reading.judged.get(each.name))]
        enabled = [each for each in judged if each.row.entry.enabled]
        return BeatFact(
            silent_since=reading.beat.silent_since,
            sentence=reading.beat.sentence,
            missed=_facts(map(_missed, enabled)),
            doubled=_facts(map(_doubled, enabled)),
            entries=sum(each.enabled for each in read.entries),
            last_sent=reading.beat.last_sent,
            troubles=troubles,
        )

    def _entries(self) -> tuple[tuple[Entry, ...], tuple[SourceState, ...]]:
        read = self.sources.read()
        if read.entries:
            return read.entries, read.sources
        learned = self._reader.learned()
        state = SourceState(name="learned", title="learned from history", entries=len(learned))
        return learned, (*read.sources, state) if learned else read.sources

    def _shown(self, row: ScheduleRow) -> ScheduleRow:
        """Without what is hidden of its arguments."""
        entry, name = row.entry, (row.entry.task,)
        args = self._redactor.args(name, list(entry.args))
        kwargs = self._redactor.kwargs(name, entry.kwargs)
        headers = self._redactor.kwargs(name, entry.headers)
        shown = msgspec.structs.replace(
            entry,
            headers={"...": headers} if isinstance(headers, str) else headers,
            args=(args,) if isinstance(args, str) else tuple(args),
            kwargs={"...": kwargs} if isinstance(kwargs, str) else kwargs,
        )
        return msgspec.structs.replace(row, entry=shown)

    def close(self) -> None:
        """Let go of sources. May be called twice."""
        self.sources.close()


def _facts(found: Iterable[EntryFact | None]) -> tuple[EntryFact, ...]:
    return tuple(sorted(filter(None, found), key=lambda each: -each.due))


def _missed(found: JudgedEntry) -> EntryFact | None:
    """The fact of an entry whose last time was missed, or whose task waits since."""
    row, last = found.row, found.row.last
    if last is None or last.verdict not in {"missed", "waiting"}:
        return None
    waits = last.verdict == "waiting"
    return EntryFact(row.id, row.entry.name, last.due, waits, last.reason)


def _doubled(found: JudgedEntry) -> EntryFact | None:
    """The fact of an entry that was sent more than once for one of its last times."""
    tick = next((each for each in reversed(found.ticks[-DOUBLED_OF:]) if each.doubled), None)
    if tick is None:
        return None
    return EntryFact(found.row.id, found.row.entry.name, tick.due, False, tick.reason)


def _rank(order: ScheduleOrder) -> Callable[[ScheduleRow], tuple[float, float, str]]:
    def rank(row: ScheduleRow) -> tuple[float, float, str]:
        name = row.entry.name.casefold()
        match order:
            case "name":
                return 0.0, 0.0, name
            case "next":
                return 0.0, row.next if row.next is not None else float("inf"), name
            case _:
                return -_trouble(row), 0.0, name

    return rank


def _trouble(row: ScheduleRow) -> float:
    """How much is wrong with an entry now: its last times weigh most."""
    if not row.entry.enabled:
        return -1.0
    weights = {"m": 8.0, "w": 6.0, "f": 4.0, "l": 2.0, "d": 2.0, "v": 1.0}
    return max(
        (weights.get(letter, 0.0) for letter in row.bars[-3:]),
        default=0.0,
    )


def _warnings(row: ScheduleRow, ticks: tuple[JudgedTick, ...]) -> list[str]:
    found = [] if not row.why_never else [row.why_never]
    period_s, p95 = row.period_s, row.runtime_p95
    if period_s is not None and p95 is not None and p95 > period_s:
        found.append(
            f"It takes {span(p95)} (p95) and comes every {span(period_s)}: its runs overlap."
        )
    elif row.counts.overlapping:
        runs = number(row.counts.overlapping, "run")
        found.append(f"{runs} began before the one before had ended.")
    doubled = next((tick for tick in reversed(ticks) if tick.doubled), None)
    if doubled is not None:
        found.append(doubled.reason)
    expires_s = row.entry.expires_s
    if (
        isinstance(row.entry.schedule, Interval)
        and period_s
        and not expires_s
        and row.counts.waiting
    ):
        found.append(
            "Its messages never expire, so all that wait will run one after the other; "
            "the option expires ends that."
        )
    return found
