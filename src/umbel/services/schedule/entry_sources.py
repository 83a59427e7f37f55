"""All sources of entries read as one: each name once, and each source that fails says so itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from umbel.beat.base import ENTRIES_MAX, Entry, ScheduleSource, SourceName
from umbel.clock import Clock
from umbel.errors import EntryUnknown, UmbelError
from umbel.services.cluster.shared_calls import SharedCalls
from umbel.services.schedule.plausible_entry import plausible
from umbel.services.schedule.rows import SourceState

#: What a source said is good for so long, seconds.
READ_EVERY_S: Final = 10.0

OpenSources = Callable[[], Sequence[ScheduleSource]]


class ReadEntries(msgspec.Struct, frozen=True, kw_only=True):
    """The entries by name, and how each source stands."""

    entries: tuple[Entry, ...]
    sources: tuple[SourceState, ...]


def no_sources() -> Sequence[ScheduleSource]:
    """Of a cluster of which nothing but its history is known."""
    return ()


class EntrySources:
    """Any thread; sources are opened when they are first needed, and read by one thread at a
    time."""

    def __init__(self, open_sources: OpenSources, clock: Clock) -> None:
        self._open = open_sources
        self._lock = threading.Lock()
        self._opened: Sequence[ScheduleSource] | None = None
        self._read: SharedCalls[ReadEntries] = SharedCalls(clock, READ_EVERY_S)

    def read(self) -> ReadEntries:
        """What they have, at most some seconds old. Of two entries of one name the last source's
        counts: a scheduler that keeps entries in a store has copied those of the application."""
        return self._read.ask("entries", self._all)

    def _all(self) -> ReadEntries:
        found: dict[str, Entry] = {}
        states: list[SourceState] = []
        with self._lock:
            try:
                sources = self._sources()
            except UmbelError as error:
                sources, states = (), [_trouble("application", "the application", error)]
            for source in sources:
                try:
                    entries = source.entries()
                except UmbelError as error:
                    states.append(_trouble(source.name, source.title, error))
                    continue
                for each in entries[:ENTRIES_MAX]:
                    in_code = each.in_code or (
                        each.name in found and found[each.name].source == "application"
                    )
                    found[each.name] = msgspec.structs.replace(plausible(each), in_code=in_code)
                states.append(_state(source, len(entries)))
        return ReadEntries(
            entries=tuple(found[name] for name in sorted(found)), sources=tuple(states)
        )

    def writable(self, name: SourceName) -> ScheduleSource:
        """The source of that name. Raises `EntryUnknown`."""
        with self._lock:
            for source in self._sources():
                if source.name == name:
                    return source
        raise EntryUnknown(f"There is no source of entries {name!r} here.")

    def forget(self) -> None:
        """Read anew next time: something was changed."""
        self._read.clear()

    def close(self) -> None:
        with self._lock:
            for source in self._opened or ():
                source.close()

    def _sources(self) -> Sequence[ScheduleSource]:
        if self._opened is None:
            self._opened = self._open()
        return self._opened


def _state(source: ScheduleSource, entries: int) -> SourceState:
    state = SourceState(name=source.name, title=source.title, entries=min(entries, ENTRIES_MAX))
    if entries <= ENTRIES_MAX:
        return state
    return msgspec.structs.replace(
        state,
        trouble=f"{source.title[:1].upper()}{source.title[1:]} has more than {ENTRIES_MAX:,} "
        "entries; the others are not shown here.",
    )


def _trouble(name: SourceName, title: str, error: UmbelError) -> SourceState:
    return SourceState(name=name, title=title, trouble=error.message, remedy=error.remedy)
