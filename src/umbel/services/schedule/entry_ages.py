"""From when on entries are what they are: of what they were before nobody knows when it was due.

Theory of operation. Schedulers keep no history of their entries. Of one that has not run since it
was made or enabled django-celery-beat tells when that was (`Entry.since`); of others it is when a
reading first showed them otherwise than the reading before. An entry that a reading shows for the
first time may be new or old: its runs tell that, and where it has none, it is taken for new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from umbel.beat.base import Entry

#: What its times and its runs depend on.
_KINDS: Final = ("task", "schedule", "args", "kwargs", "queue", "enabled", "starts", "ends")
#: More entries are forgotten together, and then count as seen for the first time.
ENTRIES_MAX: Final = 50_000


def is_changed(before: Entry, now: Entry) -> bool:
    """In anything that its judgement depends on."""
    return _differ(before, now, (*_KINDS, "source", "since"))


class _Age(msgspec.Struct, frozen=True):
    entry: Entry
    at: float
    is_change: bool


class EntryAges:
    """For one thread at a time."""

    def __init__(self) -> None:
        self._ages: dict[str, _Age] = {}

    def note(self, entries: Sequence[Entry], now: float) -> None:
        """What a reading at `now` (Unix seconds) shows. What it lacks may be back in the next."""
        if len(self._ages) > ENTRIES_MAX:
            self._ages.clear()
        for each in entries:
            before = self._ages.get(each.name)
            if before is None:
                self._ages[each.name] = _Age(each, now, is_change=False)
            elif _differ(before.entry, each, _KINDS):
                self._ages[each.name] = _Age(each, now, is_change=True)

    def changed_at(self, entry: Entry) -> float | None:
        """Since when it is as it is; None where it may always have been."""
        age = self._ages.get(entry.name)
        if age is None or not age.is_change:
            return entry.since
        return age.at if entry.since is None else entry.since

    def first_seen(self, entry: Entry) -> float | None:
        """When a reading showed it first as it is."""
        age = self._ages.get(entry.name)
        return None if age is None else age.at


def _differ(before: Entry, now: Entry, kinds: Sequence[str]) -> bool:
    return any(getattr(before, kind) != getattr(now, kind) for kind in kinds)
