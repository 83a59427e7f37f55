"""A source of beat entries, for as long as somebody would wait for it.

What reads entries is somebody else's: Django's drivers wait for a table that a migration has locked
until it is over, redis-py for an answer that comes a byte at a time or a name that is not resolved,
and `beat_schedule` may be an object of the application's own. Whoever asks for the schedule, the
health or the doctor would wait with them, so each source is read in a thread of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from umbel.beat.base import Entry, EntryEdit, SourceName
from umbel.errors import ScheduleUnavailable, UmbelError
from umbel.timed_pool import PoolClosed, TimedOut, TimedPool

R = TypeVar("R")

#: How long a source may take to be read, and to be changed, seconds.
READ_S: Final = 2.5
CHANGE_S: Final = 5.0
#: So many calls may hang without keeping others from being tried.
_STUCK_MAX: Final = 8


class EntryStore(Protocol):
    """Where entries stand, for one thread, however long it takes. See `ScheduleSource`."""

    def entries(self) -> tuple[Entry, ...]: ...

    def change(self, entry: str, edit: EntryEdit) -> None: ...

    def close(self) -> None: ...


class _Client:
    """Of one thread."""

    def __init__(self, store: EntryStore) -> None:
        self.store = store

    def release(self) -> None:
        self.store.close()


class TimedSource:
    """Over what `make` makes in its thread. `subject` begins sentences about it, and `look_at` says
    what to do where it does not answer. One that is not `is_needed`, since nobody said that it is
    used, has no entries while it cannot be read. Any thread."""

    def __init__(
        self,
        name: SourceName,
        title: str,
        make: Callable[[], EntryStore],
        *,
        subject: str,
        look_at: str,
        is_needed: bool = True,
        read_s: float = READ_S,
        change_s: float = CHANGE_S,
    ) -> None:
        self.name: SourceName = name
        self.title = title
        self._subject, self._look_at = subject, look_at
        self._is_needed = is_needed
        self._read_s, self._change_s = read_s, change_s
        self._pool = TimedPool(
            lambda: _Client(make()), name=f"umbel-beat-{name}", size=1, stuck=_STUCK_MAX
        )

    def entries(self) -> tuple[Entry, ...]:
        try:
            return self._call(lambda store: store.entries(), self._read_s, self._look_at)
        except ScheduleUnavailable:
            if self._is_needed:
                raise
            return ()

    def change(self, entry: str, edit: EntryEdit) -> None:
        remedy = (
            f"{self._look_at} The change may still be made later: look at the entry before you try "
            "again."
        )
        self._call(lambda store: store.change(entry, edit), self._change_s, remedy)

    def _call(self, ask: Callable[[EntryStore], R], limit_s: float, remedy: str) -> R:
        try:
            return self._pool.call(lambda client: ask(client.store), limit_s)
        except TimedOut:
            raise ScheduleUnavailable(
                f"{self._subject} did not answer within {limit_s:g} s.", remedy=remedy
            ) from None
        except PoolClosed:
            raise ScheduleUnavailable(
                f"{self._subject} can no longer be read: Umbel is leaving.",
                remedy="Ask again when Umbel runs.",
            ) from None
        except UmbelError:
            raise
        except Exception as error:  # of an object or a driver of somebody else's
            raise ScheduleUnavailable(
                f"{self._subject} cannot be read: {type(error).__name__}.", remedy=self._look_at
            ) from error

    def close(self) -> None:
        self._pool.close()
