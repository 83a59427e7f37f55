"""An event source that is always there, over connections that come and go.

`Session` is one live connection, and raises when it is lost; `ReconnectingSource` makes the
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
from umbel.broker.base import Frame, Health
from umbel.broker.link import Link
from umbel.broker.trouble import explain
from umbel.broker.wire import Wakeup
from umbel.clock import Clock
from umbel.cluster.gaps import Gap
from umbel.errors import BrokerRefused

log = logging.getLogger(__name__)

#: How many gaps `health` tells of.
GAPS_KEPT: Final = 20
#: Bits of a tag that a connection's own delivery tag may use.
_TAG_BITS: Final = 40
_TAG_MASK: Final = (1 << _TAG_BITS) - 1
#: A connection that lasted this long has proved the broker well: waits begin short again.
_STABLE_S: Final = 10.0


class Session(Protocol):
    """One live connection. All methods are called from the reading thread."""

    #: Whether events may have passed unseen between the last connection and this one.
    missed: bool
    #: When the broker last gave a sign of life, on the monotonic clock.
    heard_at: float

    def read(self, timeout_s: float) -> Sequence[Frame]:
        """As `EventSource.read`; raises anything when the connection is lost."""

    def settle(self, tag: int) -> None:
        """Acknowledge every frame up to `tag`, a tag of this session."""

    def close(self) -> None:
        """Leave politely; may raise when the connection is gone."""


#: Opens a connection; frames' tags begin above the first argument.
OpenSession = Callable[[int, Wakeup], Session]


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
    ) -> None:
        self._link = link
        self._open = open_session
        self._clock = clock
        self._backoff = backoff or Backoff()
        self._wakeup = Wakeup()
        self._session: Session | None = None
        self._epoch = 0
        self._acknowledged = 0
        self._settled = 0
        self._retry_at = 0.0
        self._connected_at = 0.0
        self._heard_at: float | None = None
        self._gaps: deque[Gap] = deque(maxlen=GAPS_KEPT)
        self._lock = threading.Lock()
        keeps_s = float(link.queue.message_ttl_s) if lossless else None
        self._health = Health("connecting", link.transport, lossless=lossless, keeps_s=keeps_s)
        self._closed = False

    def read(self, timeout_s: float) -> Sequence[Frame]:
        if self._closed:
            return ()
        session = self._session
        if session is None:
            self._connect(timeout_s)
            return ()
        try:
            self._acknowledge(session)
            frames = session.read(timeout_s)
        except Exception as error:
            self._lose(error)
            return ()
        self._heard_at = session.heard_at
        return frames

    def settle(self, tag: int) -> None:
        with self._lock:
            self._settled = max(self._settled, tag)
        self._wakeup.set()

    def health(self) -> Health:
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

    def _acknowledge(self, session: Session) -> None:
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
        now, at = self._clock.now(), self._clock.monotonic()
        if session.missed and self._heard_at is not None:
            # By the clock that nobody sets, lest a gap has a wrong length, or none.
            self._gaps.append(Gap(now - (at - self._heard_at), now))
        self._session = session
        self._connected_at = at
        reconnections = self._health.reconnections + (self._heard_at is not None)
        self._heard_at = at
        self._tell(
            "connected",
            since=now,
            trouble=None,
            reconnections=reconnections,
            missed=session.missed,
        )
        log.info("Connected to %s.", self._link.url)

    def _lose(self, error: Exception) -> None:
        session, self._session = self._session, None
        if session is not None:
            if self._clock.monotonic() - self._connected_at > _STABLE_S:
                self._backoff.reset()
            with contextlib.suppress(Exception):
                session.close()
        explained = explain(error, self._link)
        refused = isinstance(explained, BrokerRefused)
        if str(explained) != self._health.trouble:
            log.warning("%s", explained)
        self._tell("refused" if refused else "connecting", since=None, trouble=str(explained))
        self._link.next_address()
        self._retry_at = self._clock.monotonic() + self._backoff.delay_s()

    def _tell(self, state: str, **changes: object) -> None:
        self._health = msgspec.structs.replace(
            self._health, state=state, gaps=tuple(self._gaps), **changes
        )
