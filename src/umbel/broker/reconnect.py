"""An event source that is always there, over connections that come and go.

`BrokerSession` is one live connection, and raises when it is lost; `ReconnectingSource` makes the
next one after a growing wait and raises nothing. Delivery tags begin again with each
connection, so the tags that leave here carry the connection's number (epoch): what is
settled for a connection that is gone is ignored, since its broker gives those messages out
again.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from umbel.broker.backoff import Backoff
from umbel.broker.base import Frame, Missed, SourceHealth
from umbel.broker.errors import translated
from umbel.broker.link import Link
from umbel.broker.stream_watch import Streamed, StreamWatch
from umbel.broker.wire import Wakeup
from umbel.clock import Clock
from umbel.cluster.gaps import Cause, Gap
from umbel.errors import BrokerRefused, QueueShared

log = logging.getLogger(__name__)

#: How many gaps `health` tells of.
GAPS_MAX: Final = 20
#: Bits of a tag that a connection's own delivery tag may use.
_TAG_BITS: Final = 40
_TAG_MASK: Final = (1 << _TAG_BITS) - 1
#: A connection that lasted this long has proved the broker well: waits begin short again.
_STABLE_S: Final = 10.0
#: The longest wait before a broker that is away is tried again: an attempt is cheap, and on
#: Redis each second more is lost as well.
_AWAY_S: Final = 1.5
#: The longest wait before one that says no is asked again, seconds.
_REFUSED_S: Final = 10.0
#: What follows on a broker that does not answer: whoever acts on it must do so again himself.
_AGAIN: Final = "Trying again by itself."
#: The same sentence is logged again after this, seconds.
_LOG_AGAIN_S: Final = 60.0
#: A reader that was not here for so long stood still, seconds.
_PAUSED_S: Final = 2.0
#: A connection that was made again within this was cut; the broker was not away. Seconds.
_CUT_S: Final = 1.0


class BrokerSession(Protocol):
    """One live connection. All methods are called from the reading thread."""

    #: What passed unseen between the last connection and this one, if anything may have.
    missed: Missed | None
    #: Up to when all that was meant for us is known to have come, on the monotonic clock.
    heard_at: float

    def resume(self, position: str) -> None:
        """As `EventSource.resume`; may raise anything when the connection is lost."""

    @property
    def stream(self) -> Streamed | None:
        """The stream that is read beside what is published, if there is one."""

    #: When somebody was heard last who writes no stream, on the monotonic clock.
    unkept_at: float | None

    def read(self, timeout_s: float) -> Sequence[Frame]:
        """As `EventSource.read`; raises anything when the connection is lost."""

    def rest(self) -> Sequence[Frame]:
        """As `EventSource.rest`; raises anything when the connection is lost."""

    def settle(self, tag: int) -> None:
        """Acknowledge every frame up to `tag`, a tag of this session."""

    def close(self) -> None:
        """Leave politely; may raise when the connection is gone."""


#: Opens a connection; frames' tags begin above the first argument.
OpenSession = Callable[[int, Wakeup], BrokerSession]


class ReconnectingSource:
    """An `EventSource` over the sessions that `open_session` makes."""

    def __init__(
        self,
        link: Link,
        open_session: OpenSession,
        clock: Clock,
        *,
        lossless: bool,
        backoff: Backoff | None = None,
        refused: Backoff | None = None,
    ) -> None:
        self._link = link
        self._open = open_session
        self._clock = clock
        self._away = backoff or Backoff(longest_s=_AWAY_S)
        self._refused = refused or Backoff(longest_s=_REFUSED_S)
        self._logged: dict[str, float] = {}
        self._wakeup = Wakeup()
        self._session: BrokerSession | None = None
        self._epoch = 0
        self._acknowledged = 0
        self._settled = 0
        self._retry_at = 0.0
        self._connected_at = 0.0
        self._heard_at: float | None = None
        self._lost_at = 0.0
        self._read_at: float | None = None
        self._paused_at = float("-inf")
        self._was_shared = False
        self._gaps: deque[Gap] = deque(maxlen=GAPS_MAX)
        self._watch: StreamWatch | None = None
        self._has_resumed = False
        #: A gap, unless the stream had all of it.
        self._doubtful: Gap | None = None
        self._lock = threading.Lock()
        keeps_s = float(link.queue.message_ttl_s) if lossless else None
        self._health = SourceHealth(
            "connecting",
            link.transport,
            lossless=lossless,
            keeps_s=keeps_s,
            url=link.url,
            queue=link.queue_name if lossless else "",
        )
        self._closed = False

    def read(self, timeout_s: float) -> Sequence[Frame]:
        if self._closed:
            return ()
        session = self._session
        if session is None:
            self._connect(timeout_s)
            return ()
        self._note_pause()
        try:
            if self._watch is not None and not self._has_resumed:
                self._resume(session, self._watch)
            self._acknowledge(session)
            frames = session.read(timeout_s)
        except Exception as error:
            self._lose(error)
            return ()
        self._heard_at = session.heard_at
        self._read_at = self._clock.monotonic()
        if self._watch is not None:
            self._note_stream(session, self._watch)
        return frames

    def resume(self, position: str, *, is_whole: bool) -> None:
        self._has_resumed = False
        self._watch = StreamWatch(position, is_whole=is_whole)

    def rest(self) -> Sequence[Frame]:
        session = self._session
        try:
            return () if session is None else session.rest()
        except Exception as error:
            self._lose(error)
            return ()

    def settle(self, tag: int) -> None:
        with self._lock:
            self._settled = max(self._settled, tag)
        self._wakeup.set()

    def health(self) -> SourceHealth:
        return self._health

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            # The broker may be gone by now, and then there is nothing to leave.
            with contextlib.suppress(Exception):
                self._acknowledge(session)
            with contextlib.suppress(Exception):
                session.close()
        self._wakeup.close()

    def _acknowledge(self, session: BrokerSession) -> None:
        with self._lock:
            tag = self._settled
        if tag > self._acknowledged and tag >> _TAG_BITS == self._epoch:
            session.settle(tag)
            self._acknowledged = tag

    def _connect(self, timeout_s: float) -> None:
        wait_s = self._retry_at - self._clock.monotonic()
        if wait_s > 0:
            self._wakeup.wait(min(wait_s, timeout_s))
            return
        self._epoch += 1
        try:
            session = self._open(self._epoch << _TAG_BITS, self._wakeup)
        except Exception as error:
            self._lose(error)
            return
        try:
            if self._watch is not None:
                self._resume(session, self._watch)
        except Exception as error:
            with contextlib.suppress(Exception):
                session.close()
            self._lose(error)
            return
        self._session = session
        self._connected(session)

    def _resume(self, session: BrokerSession, watch: StreamWatch) -> None:
        session.resume(watch.position)
        self._has_resumed = True
        watch.begin(session, self._clock.monotonic(), self._heard_at)

    def _note_stream(self, session: BrokerSession, watch: StreamWatch) -> None:
        health = watch.health(session, self._clock.monotonic())
        if health == self._health.stream:
            return
        self._health = msgspec.structs.replace(self._health, stream=health)
        if self._doubtful is not None and (health is None or health.covered is not None):
            doubtful, self._doubtful = self._doubtful, None
            if health is None or not health.covered:
                self._gaps.append(doubtful)
                self._set_health(self._health.state)

    def _connected(self, session: BrokerSession) -> None:
        now, at = self._clock.now(), self._clock.monotonic()
        missed = self._missed(session, at)
        if self._heard_at is not None:
            # By the clock that nobody sets, lest a gap has a wrong length, or none.
            start = now - (at - self._heard_at)
            if missed is not None:
                until = now if missed.until is None else min(now, missed.until)
                self._gaps.append(Gap(start, max(start, until), missed.cause))
            if session.stream is not None:
                self._doubtful = Gap(start, now, self._cause("broker-away", at))
        self._connected_at = at
        reconnections = self._health.reconnections + (self._heard_at is not None)
        self._heard_at = self._read_at = at
        self._was_shared = False
        self._set_health(
            "connected",
            since=now,
            trouble=None,
            reconnections=reconnections,
            missed=missed,
            foreign_consumers=0,
            stream=None if self._watch is None else self._watch.health(session, at),
        )
        log.info("Connected to %s.", self._link.url)

    def _missed(self, session: BrokerSession, at: float) -> Missed | None:
        """What the session says it missed, with the cause as all that is known here tells it."""
        missed = session.missed
        if missed is None:
            return None
        return Missed(self._cause(missed.cause, at), missed.until)

    def _cause(self, cause: Cause, at: float) -> Cause:
        if self._was_shared:
            cause = "queue-shared"
        elif cause == "broker-away" and self._heard_at is not None:
            if self._paused_at >= self._heard_at:
                cause = "collector-paused"
            elif at - self._lost_at < _CUT_S:
                cause = "broker-cut"
        elif self._has_expired(at):
            cause = "queue-expired"
        return cause

    def _has_expired(self, at: float) -> bool:
        keeps_s = self._health.keeps_s
        return keeps_s is not None and self._heard_at is not None and at - self._heard_at > keeps_s

    def _note_pause(self) -> None:
        """The process, or its machine, may have stood still since the last read."""
        now = self._clock.monotonic()
        if self._read_at is not None and now - self._read_at > _PAUSED_S:
            self._paused_at = now

    def _lose(self, error: Exception) -> None:
        session, self._session = self._session, None
        now = self._clock.monotonic()
        if session is not None:
            self._heard_at = session.heard_at
            self._lost_at = now
            if self._watch is not None:
                self._note_stream(session, self._watch)
            if now - self._connected_at > _STABLE_S:
                self._away.reset()
                self._refused.reset()
            with contextlib.suppress(Exception):
                session.close()
        explained = translated(error, self._link)
        others = explained.consumers if isinstance(explained, QueueShared) else 0
        self._was_shared |= bool(others)
        refused = isinstance(explained, BrokerRefused)
        trouble = str(explained) if refused else f"{explained} {_AGAIN}"
        self._log(trouble, now)
        self._link.next_address()
        self._set_health(
            "refused" if refused else "connecting",
            since=None,
            trouble=trouble,
            foreign_consumers=others,
        )
        self._retry_at = now + (self._refused if refused else self._away).delay_s()

    def _log(self, trouble: str, now: float) -> None:
        """Say it once a minute, however often it is tried and of however many addresses."""
        recent = {text: at for text, at in self._logged.items() if now - at < _LOG_AGAIN_S}
        if trouble not in recent:
            recent[trouble] = now
            log.warning("%s", trouble)
        self._logged = recent

    def _set_health(self, state: str, **changes: object) -> None:
        self._health = msgspec.structs.replace(
            self._health,
            state=state,
            url=self._link.url,
            gaps=tuple(self._gaps),
            **changes,
        )
