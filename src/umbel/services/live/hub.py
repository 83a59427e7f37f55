"""Live: one poller for each cluster, any number of readers.

Theory of operation. While anyone listens, one task asks the store every `POLL_S` seconds what
changed, and the ledger of which tasks something was asked; half as often where nothing does. It
decides each such task once for every distinct query (`channels`), and every `SEND_S` makes of what
it gathered one `Delta`, which all streams of the channel share. So the cost grows with the number
of different queries, not of readers; and however much there is to do, the poller rests for most of
the time. `streams` says what happens to a reader that is slower than that, `load_shedding` what
when many are.

There are `STREAMS_MAX` streams. When all are taken, the person who has most of them gives the
oldest up for somebody who has fewer, so that nobody can take all and nobody is bounded while
there is room.

A reader who comes back with the number it has last seen gets what changed since, asked of
the store again; when the store no longer remembers, it is told to start over (`reset`).
Subscribing and polling take turns (`_turn`), so that no change falls between them. Asking
and matching run in a thread; the event loop only hands over.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, NamedTuple, TypeVar

import anyio
import anyio.to_thread
import msgspec

from umbel.clock import Clock
from umbel.errors import StoreError, TooManyStreams
from umbel.services.fair_shares import asker
from umbel.services.health.health import Health
from umbel.services.live.channels import (
    MATCH_S,
    Channel,
    DueDelta,
    Subscription,
    decide,
    due,
    gather,
    weights_of,
)
from umbel.services.live.deltas import ChangedTask, Delta, PendingChanges
from umbel.services.live.load_shedding import HELD_EACH, HELD_MAX, shed
from umbel.services.live.streams import Stream
from umbel.services.search.intents import Intents
from umbel.store.base import Change, Changes, Store

POLL_S = 0.25
#: The same once nothing changed for `IDLE_AFTER_S` seconds: a server may have many idle clusters.
IDLE_POLL_S, IDLE_AFTER_S = 0.5, 10.0
#: The poller rests at least so many times as long as it worked, so that a flood, or many
#: different queries, cost no more than a fifth of one core.
REST = 4
PULSE_S = 2.0
STREAMS_MAX = 200
T = TypeVar("T")
log = logging.getLogger("umbel.live")
_encode: Final = msgspec.json.Encoder().encode


class _Subscriber(NamedTuple):
    """Who reads a stream, and what."""

    who: str
    subscription: Subscription | None


class Hub:
    """Where readers subscribe. All methods belong to one event loop; `stop` is final."""

    def __init__(
        self,
        store: Store,
        health: Health,
        intents: Intents,
        clock: Clock,
        *,
        streams_max: int = STREAMS_MAX,
    ) -> None:
        self._store = store
        self._health = health
        self._intents = intents
        self._clock = clock
        self._streams_max = streams_max
        self._hubs = 1
        #: Oldest first.
        self._streams: dict[Stream, _Subscriber] = {}
        self._channels: dict[Subscription, Channel] = {}
        self._seq = 0
        self._pulse: bytes | None = None
        self._pulsed = float("-inf")
        self._changed_at = float("-inf")
        self._poller: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._troubled = False
        self._stopped = False

    @property
    def listening(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    @property
    def idle(self) -> bool:
        """Whether the store is being left alone."""
        return self._poller is None or self._poller.done()

    @asynccontextmanager
    async def subscribe(
        self, subscription: Subscription | None, after: int | None
    ) -> AsyncIterator[Stream]:
        """A stream of what changes for `subscription` (None: the status alone) after change number
        `after` (None: from now on), for the present `asker`. Raises `TooManyStreams`,
        `StoreError`."""
        reader = _Subscriber(asker(), subscription)
        self._admit(reader.who)
        stream = Stream()
        self._streams[stream] = reader
        try:
            async with self._turn:
                await self._begin(stream, subscription, after)
            yield stream
        finally:
            self._forget(stream)

    def share(self, hubs: int) -> None:
        """This is one of `hubs` in the process, which share the memory that streams may hold."""
        self._hubs = hubs

    def stop(self) -> None:
        """End every stream and give no more: the process is ending."""
        self._stopped = True
        if self._poller is not None:
            self._poller.cancel()
        self._close_all()

    def _admit(self, who: str) -> None:
        if self._stopped:
            raise TooManyStreams("Umbel is stopping.", remedy="Try again in a few seconds.")
        if len(self._streams) < self._streams_max:
            return
        counts = Counter(reader.who for reader in self._streams.values())
        greediest, most = counts.most_common(1)[0]
        if most <= counts[who] + 1:
            raise TooManyStreams(
                f"{self._streams_max} live views are open, {counts[who]} of them yours, and more "
                "are not given.",
                remedy="Close browser tabs that show Umbel, or try again later.",
            )
        oldest = next(each for each, reader in self._streams.items() if reader.who == greediest)
        oldest.close()
        self._forget(oldest)

    async def _begin(
        self, stream: Stream, subscription: Subscription | None, after: int | None
    ) -> None:
        if not self._channels:  # nobody followed the store, so our number may be old
            self._seq = await _in_thread(self._newest)
        stream.start(self._seq if after is None or subscription is None else after)
        if self._pulse is not None and not self.idle:
            stream.pulse(self._pulse)
        if subscription is not None:
            if stream.closed:  # given up for somebody else meanwhile
                return
            channel = self._channels.setdefault(subscription, Channel(subscription))
            channel.streams.add(stream)
            if after is not None:
                await self._catch_up(stream, subscription, after)
        if self._stopped:
            stream.close()
        elif self.idle:
            self._pulsed = float("-inf")
            self._poller = asyncio.create_task(self._poll(), name="umbel live poller")

    def _newest(self) -> int:
        self._intents.start_following()
        return self._store.seq()

    async def _catch_up(self, stream: Stream, subscription: Subscription, after: int) -> None:
        def read() -> tuple[Changes, Delta | None]:
            changes = self._store.follow(after)
            pending = PendingChanges(with_unmatched=subscription.with_unmatched)
            changed = self._changed(changes.items)
            now = self._clock.now()
            gather(pending, subscription.query, changed, now, MATCH_S, self._clock)
            pending.skip(changes.skipped or 0)
            return changes, pending.take(changes.seq)

        changes, delta = await _in_thread(read)
        if _is_broken(changes, after):
            stream.reset(changes.seq, "What happened since is no longer remembered one by one.")
        elif delta is not None:
            stream.add(delta)
            self._shed()

    def _shed(self) -> None:
        held = ((reader.who, stream) for stream, reader in self._streams.items())
        shed(held, HELD_MAX // self._hubs, HELD_EACH // self._hubs)

    def _forget(self, stream: Stream) -> None:
        reader = self._streams.pop(stream, None)
        if reader is None or reader.subscription is None:
            return
        channel = self._channels.get(reader.subscription)
        if channel is not None:
            channel.streams.discard(stream)
            if not channel.streams:
                del self._channels[reader.subscription]

    async def _poll(self) -> None:
        try:
            while self._streams:
                began = self._clock.monotonic()
                async with self._turn:
                    await self._tick()
                now = self._clock.monotonic()
                await asyncio.sleep(pause_s(now - began, now - self._changed_at))
        except Exception:
            log.exception("Following the store failed; open live views end and reconnect.")
            self._close_all()

    async def _tick(self) -> None:
        at = self._clock.monotonic()
        if self._channels:
            try:
                await self._follow(list(self._channels.values()), at)
                self._troubled = False
            except StoreError as error:  # the status tells it to readers, too
                if not self._troubled:
                    log.warning("Live views wait for the store. %s", error)
                self._troubled = True
        if at - self._pulsed >= PULSE_S:
            self._pulsed = at
            self._pulse = _encode(await _in_thread(self._health.pulse))
            for stream in self._streams:
                stream.pulse(self._pulse)

    async def _follow(self, channels: list[Channel], at: float) -> None:
        after, now = self._seq, self._clock.now()
        weights = weights_of(
            channels, {stream: reader.who for stream, reader in self._streams.items()}
        )

        def read() -> tuple[Changes, list[DueDelta]]:
            self._store.note_look()
            intended = self._intents.newly_intended(self._store)
            changes = self._store.follow(after)
            # A task that only got an intent has the state that it had.
            by_task = {task.uuid: Change(changes.seq, task, task.state) for task in intended}
            by_task |= {change.task.uuid: change for change in changes.items}
            changed = self._changed(list(by_task.values()))
            decide(channels, weights, changed, now, self._clock)
            for channel in channels:
                channel.pending.skip(changes.skipped or 0)
                channel.has_intents = channel.has_intents or bool(intended)
            return changes, list(due(channels, changes.seq, at))

        changes, deltas = await _in_thread(read)
        if changes.seq != after or deltas:
            self._changed_at = at
        self._seq = changes.seq
        if _is_broken(changes, after):
            for channel in channels:
                channel.reset(changes.seq)
            return
        for channel, delta, has_intents in deltas:
            for stream in channel.streams:
                stream.add(delta, has_intents=has_intents)
        if deltas:
            self._shed()
        for channel in channels:
            if channel.pending.is_empty:
                for stream in channel.streams:
                    stream.advance(changes.seq)

    def _changed(self, changes: Sequence[Change]) -> list[ChangedTask]:
        marks = self._intents.marks([change.task for change in changes])
        return [ChangedTask(change.task, change.was, marks[change.task.uuid]) for change in changes]

    def _close_all(self) -> None:
        for stream in self._streams:
            stream.close()


def pause_s(worked_s: float, idle_s: float) -> float:
    """How long the poller rests after it worked, when nothing changed for `idle_s`."""
    return max(IDLE_POLL_S if idle_s > IDLE_AFTER_S else POLL_S, REST * worked_s)


def _is_broken(changes: Changes, after: int) -> bool:
    """Whether the sequence does not lead on from `after`: forgotten, or another store's."""
    return changes.skipped is None or changes.seq < after


async def _in_thread(call: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(call)
