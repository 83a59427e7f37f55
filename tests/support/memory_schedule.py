"""A source of beat entries in memory, which can be changed, or cannot be read."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from umbel.beat.base import Entry, EntryEdit, SourceName
from umbel.errors import EntryUnknown, ScheduleUnavailable


class MemorySchedule:
    """See `ScheduleSource`."""

    title = "a schedule in memory"

    def __init__(self, entries: Sequence[Entry] = (), name: SourceName = "django") -> None:
        self.name: SourceName = name
        self.known = {each.name: each for each in entries}
        self.trouble = ""
        self.refusal = ""

    def entries(self) -> tuple[Entry, ...]:
        if self.trouble:
            raise ScheduleUnavailable(self.trouble, remedy="Mend it.")
        return tuple(self.known[name] for name in sorted(self.known))

    def change(self, entry: str, edit: EntryEdit) -> None:
        if self.refusal:
            raise ScheduleUnavailable(self.refusal, remedy="Mend it.")
        if entry not in self.known:
            raise EntryUnknown(f"There is no entry {entry!r}.")
        given = {k: v for k, v in msgspec.structs.asdict(edit).items() if v is not None}
        self.known[entry] = msgspec.structs.replace(self.known[entry], **given)

    def close(self) -> None:
        """Nothing is held."""
