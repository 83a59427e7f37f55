"""What a collector hears while another one still writes, so that it can go on without a gap.

Theory of operation. A broker that keeps nothing (Redis) gives every collector every event. One
that stands by listens as well, and remembers what came in the last `HOLD_S` seconds, within a
bound of bytes. When it takes over it stores that again: joining an event twice changes nothing,
and what the other had read and not committed when it ended is among it. A broker that keeps
messages needs none of this, and its queue takes one reader at a time.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from umbel.broker.base import EventSource
from umbel.clock import Clock
from umbel.services.ingest.event_reader import LEAVE_S, PAUSE_S
from umbel.services.ingest.frame_buffer import Chunk, chunk_of
from umbel.services.ingest.lag import FEW_FRAMES, QUIET_S
from umbel.store.base import CollectorStatus

log = logging.getLogger(__name__)

#: How long what came is remembered, seconds.
HOLD_S: Final = 30.0
#: What came so long before the oldest message that a collector had not committed by its last
#: report, it surely had; seconds.
UNCOMMITTED_S: Final = 2.0


class Heard(msgspec.Struct, frozen=True):
    """What `source`, which goes on being read by whoever takes over, has brought: everything
    since `since` (Unix seconds), in `chunks`."""

    source: EventSource
    since: float
    chunks: tuple[Chunk, ...]

    def after(self, earlier: CollectorStatus | None) -> tuple[Chunk, ...]:
        """What the collector that reported last may not have committed."""
        if earlier is None:
            return self.chunks
        return tuple(each for each in self.chunks if each.received_at >= committed_until(earlier))

    def from_when(self, earlier: CollectorStatus, now: float) -> float:
        """From when on (Unix seconds) nothing is missing that came after what the collector that
        reported last has committed. If this one began to listen too late to be sure: `now`."""
        since = min(self.since, now)
        is_late = committed_until(earlier) < since < heard_until(earlier)
        return now if is_late else since


def heard_until(earlier: CollectorStatus) -> float:
    """Until when (Unix seconds) a collector surely heard the broker, by its last report."""
    cut_off = earlier.cut_off_since if earlier.broker != "connected" else None
    return earlier.at if cut_off is None else cut_off


def committed_until(earlier: CollectorStatus) -> float:
    """Until when (Unix seconds) a collector has surely stored what came, by its last report."""
    return heard_until(earlier) - earlier.lag_s - UNCOMMITTED_S


class StandbyListener:
    """Listens in a thread of its own from `start` to `end`. `open_source` opens what is read."""

    def __init__(
        self, open_source: Callable[[], EventSource], max_bytes: int, clock: Clock
    ) -> None:
        self._open = open_source
        self._max_bytes = max_bytes
        self._clock = clock
        self._source: EventSource | None = None
        self._chunks: deque[Chunk] = deque()
        self._size_bytes = 0
        self._connected_since: float | None = None
        self._since: float | None = None
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="umbel-standby", daemon=True)

    def start(self) -> None:
        """Begin, unless the broker keeps what comes. May be called twice."""
        if self._source is not None:
            return
        self._source = self._open()
        if not self._source.health().lossless:
            self._thread.start()

    def end(self) -> Heard | None:
        """What was heard; None if that is nothing to go on from. Then the source is closed."""
        source, self._source = self._source, None
        if source is None:
            return None
        self._leaving.set()
        if self._thread.ident is not None:
            self._thread.join(LEAVE_S)
        if self._thread.is_alive():
            return None
        since = self._since
        if since is None or source.health().since != self._connected_since:
            source.close()
            return None
        return Heard(source, since, tuple(self._chunks))

    def close(self) -> None:
        """Leave the broker, if nobody took over. May be called twice."""
        heard = self.end()
        if heard is not None:
            heard.source.close()

    def _run(self) -> None:
        try:
            while not self._leaving.is_set():
                self._read_once()
        except Exception:
            log.exception("Listening while another collector writes failed.")
            self._since = None

    def _read_once(self) -> None:
        source = self._source
        if source is None:
            return
        begun_at = self._clock.monotonic()
        frames = source.read(QUIET_S)
        since = source.health().since
        if since != self._connected_since:
            self._connected_since = self._since = since
            self._chunks.clear()
            self._size_bytes = 0
        if frames:
            chunk = chunk_of(
                frames,
                self._clock.now(),
                came_at=self._clock.monotonic(),
                empty_at=begun_at,
                is_prompt=True,
            )
            self._chunks.append(chunk)
            self._size_bytes += chunk.size_bytes
        self._forget()
        if len(frames) < FEW_FRAMES:
            self._leaving.wait(PAUSE_S)

    def _forget(self) -> None:
        """What is too old or too much is remembered no longer."""
        oldest_at = self._clock.now() - HOLD_S
        while self._chunks and (
            self._size_bytes > self._max_bytes or self._chunks[0].received_at < oldest_at
        ):
            chunk = self._chunks.popleft()
            self._size_bytes -= chunk.size_bytes
            self._since = chunk.received_at
