"""The batch that is being collected, and its way into the store.

A batch stays until the store has it: when the store cannot be written, it is tried again
with growing waits, and the caller settles nothing meanwhile. An event that the store chokes
on is found by halving, counted and left out, so that it cannot hold up the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from umbel.broker.backoff import Backoff
from umbel.clock import Clock
from umbel.cluster.decode import sample
from umbel.cluster.events import Event, Fault
from umbel.cluster.losses import Losses
from umbel.cluster.worker import SignOfLife, Worker
from umbel.errors import StoreError, StoreFull
from umbel.services.ingest.event_counter import EventCounter
from umbel.services.ingest.event_redaction import EventRedactor
from umbel.services.ingest.frame_buffer import Chunk
from umbel.services.ingest.message_bodies import events_of_all
from umbel.services.ingest.signs_of_life import SignsOfLife, joined
from umbel.store.base import Store

log = logging.getLogger(__name__)


#: When the store takes none of more events than this, it is not the events' fault.
CHOKED_MAX: Final = 20
#: Batches of so many events wait while nobody looks.
UNSEEN_MIN: Final = 100
UNSEEN_MAX: Final = 4_000


class Limits(msgspec.Struct, frozen=True):
    """When a batch is committed, and how much may wait for it. `unseen_times`: while nobody looks,
    so many times as long, where that makes events cheaper."""

    batch_events: int = 16_000
    batch_bytes: int = 16 * 1024 * 1024
    commit_every_s: float = 0.4
    unseen_times: float = 1.0
    buffer_bytes: int = 32 * 1024 * 1024


class Committer:
    """Collects chunks and commits them; `on_stored` gets events that are new and stored. One thread
    uses it; `trouble`, `size_bytes`, `waiting_since` and `is_unhurried` may be read by any."""

    def __init__(
        self,
        store: Store,
        events_seen: EventCounter,
        limits: Limits,
        clock: Clock,
        redactor: EventRedactor,
        on_stored: Callable[[Sequence[Event]], None] | None = None,
    ) -> None:
        self._store = store
        self._events_seen = events_seen
        self._limits = limits
        self._clock = clock
        self._redactor = redactor
        self._on_stored = on_stored
        self._life = SignsOfLife()
        self._backoff = Backoff(longest_s=5.0)
        self._retry_at = 0.0
        self.trouble: str | None = None
        #: Whether nobody waits for the batch, so that more of it may be read less often: as it was
        #: for the batch before, until this one could be committed.
        self.is_unhurried = False
        #: Whether what troubles the store is that the disk is full.
        self.is_out_of_room = False
        self._begin()

    def _begin(self) -> None:
        self._events: list[Event] = []
        self._signs: dict[str, SignOfLife] = {}
        #: What the batch's frames cost in memory before they were decoded.
        self.size_bytes = 0
        self._empty_at: float | None = None
        self._tag = 0
        self._since = 0.0
        self.messages = 0
        self._changed_anything = False
        #: What of the batch is stored, and was not before.
        self._new: list[Event] = []
        #: When the oldest message of the batch came, on the monotonic clock.
        self.waiting_since: float | None = None

    def remember(self, workers: Iterable[Worker]) -> None:
        """These workers are known from before."""
        self._life = SignsOfLife(workers)

    def add(self, chunk: Chunk) -> None:
        """Decode a chunk into the batch."""
        if not self.messages:
            self._since = self._clock.monotonic()
            self.waiting_since = chunk.came_at
        decoded = self._redactor.redacted(events_of_all(chunk.frames, chunk.received_at))
        self._events += decoded.events
        joined(self._signs, self._life.of(decoded.events, chunk))
        self.messages += len(chunk.frames)
        self.size_bytes += chunk.size_bytes
        self._tag = chunk.frames[-1].tag
        self._empty_at = chunk.empty_at
        # What cannot be read may have told of a start, too.
        interrupted = chunk.interrupted or bool(decoded.faults)
        self._events_seen.add_arrived(decoded.events, interrupted=interrupted)
        if decoded.faults:
            self._events_seen.add_faults(decoded.faults, self._clock.monotonic())

    @property
    def is_full(self) -> bool:
        return (
            len(self._events) >= self._limits.batch_events
            or self.size_bytes >= self._limits.batch_bytes
        )

    def due_in_s(self) -> float | None:
        """How long until the batch wants to be committed; None while it is empty."""
        if not self.messages:
            return None
        now = self._clock.monotonic()
        due = 0.0 if self.is_full else self._since + self._limits.commit_every_s
        if due <= now:
            self.is_unhurried = self._may_wait()
        if due <= now and self.is_unhurried:
            due = self._since + self._limits.commit_every_s * self._limits.unseen_times
            # A look is noticed within the usual time.
            due = min(due, now + self._limits.commit_every_s / 2)
        return max(0.0, max(due, self._retry_at) - now)

    def _may_wait(self) -> bool:
        """Whether a batch that is due gets cheaper by waiting, and nobody waits for it: a task that
        begins and ends in one batch is written once. A few events cost little in any case, and of
        many enough come together without waiting."""
        return (
            not self.is_full
            and self._limits.unseen_times > 1.0
            and UNSEEN_MIN <= len(self._events) < UNSEEN_MAX
            and not self._store.is_looked_at()
        )

    def commit(self) -> int | None:
        """Make the batch durable and return the tag to settle with, None if the store
        cannot now: the batch stays."""
        choked: list[Fault] = []
        try:
            self._apply(self._events, choked, self._events_seen.losses())
        except StoreError as error:
            self._fail(error)
            return None
        if choked:
            log.warning("%d events were left out. %s", len(choked), choked[0].message)
            self._events_seen.add_faults(choked, self._clock.monotonic())
        if self.trouble is not None:
            log.info("The store can be written again.")
        self.trouble = None
        self._events_seen.losses_saved()
        self.is_out_of_room = False
        self._backoff.reset()
        now, wall = self._clock.monotonic(), self._clock.now()
        # What was stored before (RabbitMQ gives out again what was not settled) is no lag.
        empty_at = self._empty_at if self._changed_anything else now
        self._events_seen.add_committed(
            self._events, self.messages, now, wall, empty_at, new=self._new
        )
        if self._on_stored is not None:
            self._on_stored(self._new)
        tag = self._tag
        self._begin()
        return tag

    def _fail(self, error: StoreError) -> None:
        if self.trouble != str(error):
            log.error("%s", error)
        self.trouble = str(error)
        self.is_out_of_room = isinstance(error, StoreFull)
        self._retry_at = self._clock.monotonic() + self._backoff.delay_s()

    def _apply(
        self, events: Sequence[Event], choked: list[Fault], losses: Losses | None = None
    ) -> bool:
        """Store all of `events` that can be stored and add the rest to `choked`. Whether any
        could be. Raises `StoreError`, also when it is the store that fails, not an event."""
        if not events and losses is None:
            return False
        try:
            applied = self._store.apply(events, losses, self._signs.values())
        except StoreError:
            raise
        except (OSError, MemoryError) as error:
            raise _failing(error) from error
        except Exception as error:
            if len(events) < 2:
                if not events:
                    raise
                choked.append(_unstorable(events[0], error))
                return False
            middle = len(events) // 2
            any_stored = self._apply(events[:middle], choked, losses)
            any_stored |= self._apply(events[middle:], choked, losses)
            if not any_stored and len(events) > CHOKED_MAX:
                raise _failing(error) from error
            return any_stored
        self._changed_anything |= applied.changed
        self._note_new(events, applied.repeated)
        return True

    def _note_new(self, events: Sequence[Event], repeated: Sequence[Event]) -> None:
        if repeated:
            known = set(map(id, repeated))
            events = [each for each in events if id(each) not in known]
        self._new += events


def _failing(error: Exception) -> StoreError:
    return StoreError(
        f"The store fails: {type(error).__name__}: {error}.",
        remedy="Nothing is lost on RabbitMQ meanwhile; please report this.",
    )


def _unstorable(event: Event, error: Exception) -> Fault:
    message = f"An event of type {event.type} cannot be stored: {error}"
    return Fault("unstorable", message, sample(msgspec.json.encode(event)))
