"""Connections for calls that somebody waits for.

A call takes a connection for itself, since threads that share one lose answers, and gives it
back for the next call; after a minute without one it ends. A connection that was idle is asked
for a sign of life first: the broker may have restarted, or the network may drop packets. One
on which anything failed is never used again.

Each answer of the broker has a time limit, but for each read: one that comes a byte at a time never
reaches it. So a call that takes much too long is ended, by ending its connection.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Final

from umbel.broker.base import ANSWER_S
from umbel.broker.errors import translated
from umbel.broker.fifo_semaphore import FifoSemaphore
from umbel.broker.link import Link
from umbel.broker.pooled_connection import PROBE_S, ConnectThread, PooledConnection
from umbel.clock import Clock
from umbel.errors import BrokerError, BrokerUnreachable, UmbelError

#: How many calls may be under way at once; the others wait for their turn.
SIZE: Final = 2
#: Idle connections are dropped after this, in seconds: firewalls forget them silently.
IDLE_S: Final = 60.0
#: A call that takes so much longer than it may is ended, in seconds ...
OVERDUE_S: Final = 10.0
#: ... and this often it is looked for such, and for idle connections.
_WATCH_S: Final = 10.0
#: So many attempts to connect may hang; no more are begun meanwhile.
_HANGING_MAX: Final = 16
#: Time that is kept for telling that nothing answered.
_SPARE_S: Final = 0.15


class ConnectionPool:
    """Connections to `link`. Any thread."""

    def __init__(
        self, link: Link, clock: Clock, size: int = SIZE, watch_s: float = _WATCH_S
    ) -> None:
        self._link = link
        self._clock = clock
        self._watch_s = watch_s
        self._idle: list[PooledConnection] = []
        #: Until when each connection may be used that is in use, on the monotonic clock.
        self._busy: dict[PooledConnection, float] = {}
        self._hanging: list[ConnectThread] = []
        self._lock = threading.Lock()
        self._free = FifoSemaphore(size)
        self._closed = False
        self._blocked: PooledConnection | None = None
        self._watching = False
        self._closing = threading.Event()

    @contextlib.contextmanager
    def pooled(
        self, thing: str, *, publishes: bool = False, longest_s: float = ANSWER_S
    ) -> Iterator[PooledConnection]:
        """A live connection for one call, which touches `thing` and takes `longest_s` at most; much
        later its connection is ended. Whatever the driver raises
        comes out as a `BrokerError`, and the connection is not used again. `publishes`: the
        call sends messages, which RabbitMQ takes from nobody while it is short of memory or
        disk; this is told at once."""
        deadline = self._clock.monotonic() + ANSWER_S - _SPARE_S
        if not self._free.acquire(ANSWER_S - _SPARE_S):
            raise BrokerUnreachable(
                f"Too many calls wait for the broker at {self._link.url}.",
                remedy="Try again in a moment.",
            )
        try:
            if publishes and self._is_blocked():
                raise self._alarm()
            pooled = self._take(deadline)
            try:
                with self._watched(pooled, longest_s):
                    yield pooled
            except BaseException as error:
                blocked = self._end(pooled, error)
                if blocked:
                    raise _as_far_as(error, self._alarm()) from error
                if isinstance(error, UmbelError) or not isinstance(error, Exception):
                    raise
                explained = translated(error, self._link, thing)
                explained.unsure = int(isinstance(explained, BrokerUnreachable))
                raise explained from error
            self._give(pooled)
        finally:
            self._free.release()

    @contextlib.contextmanager
    def _watched(self, pooled: PooledConnection, longest_s: float) -> Iterator[None]:
        with self._lock:
            self._busy[pooled] = self._clock.monotonic() + longest_s + OVERDUE_S
            self._watch()
        try:
            yield
        finally:
            with self._lock:
                del self._busy[pooled]

    def _end(self, pooled: PooledConnection, error: BaseException) -> bool:
        """Let go of a connection on which a call failed; whether it is blocked. RabbitMQ does
        not notice the end of a blocked one before the alarm is over, so one is kept to see when
        it is, and no other is made for messages meanwhile."""
        if pooled.is_blocked:
            with self._lock:
                previous, self._blocked = self._blocked, pooled
            if previous is not None:
                previous.drop()
            return True
        if isinstance(error, UmbelError):
            pooled.leave()
        else:
            pooled.drop()
        return False

    def _is_blocked(self) -> bool:
        with self._lock:
            if self._blocked is None:
                return False
            if self._blocked.is_still_blocked():
                return True
            pooled, self._blocked = self._blocked, None
        pooled.drop()
        return False

    def _alarm(self) -> BrokerUnreachable:
        alarm = BrokerUnreachable(
            f"RabbitMQ at {self._link.url} is short of memory or disk and takes no messages, so "
            "workers cannot be asked, nothing can be sent, and workers cannot tell what they do.",
            remedy="Free some there (rabbitmqctl status lists its alarms).",
        )
        alarm.takes_nothing = True
        return alarm

    def close(self) -> None:
        """Leave the broker. Calls that are under way end, and leave then."""
        with self._lock:
            self._closed = True
            self._closing.set()
            idle, self._idle = self._idle, []
            blocked, self._blocked = self._blocked, None
        for pooled in idle:
            pooled.leave()
        if blocked is not None:
            blocked.drop()

    def _take(self, deadline: float) -> PooledConnection:
        while (pooled := self._next_idle()) is not None:
            if self._clock.monotonic() - pooled.idle_since < IDLE_S and pooled.is_alive():
                return pooled
            pooled.drop()
        if self._closed:
            raise BrokerError("The connection to the broker was closed.")
        return self._connected(deadline)

    def _next_idle(self) -> PooledConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give(self, pooled: PooledConnection) -> None:
        try:
            pooled.rest()
        except Exception:
            # The call succeeded; that its connection broke then is the next one's business.
            pooled.drop()
            return
        pooled.idle_since = self._clock.monotonic()
        with self._lock:
            if not self._closed:
                self._idle.append(pooled)
                self._watch()
                return
        pooled.leave()

    def _watch(self) -> None:
        """See to it that idle connections end though no call comes, and calls that take too long.
        Under the lock."""
        if not self._watching:
            self._watching = True
            threading.Thread(target=self._end_due, name="umbel-idle", daemon=True).start()

    def _end_due(self) -> None:
        while not self._closing.wait(self._watch_s):
            with self._lock:
                now = self._clock.monotonic()
                due = now - IDLE_S
                ended = [pooled for pooled in self._idle if pooled.idle_since <= due]
                self._idle = [pooled for pooled in self._idle if pooled.idle_since > due]
                overdue = [pooled for pooled, until in self._busy.items() if until < now]
                self._watching = bool(self._idle or self._busy)
                is_over = not self._watching
            for pooled in overdue:
                pooled.break_off()
            for pooled in ended:
                pooled.leave()
            if is_over:
                return

    def _connected(self, deadline: float) -> PooledConnection:
        """A new connection to the first of the broker's addresses that answers."""
        attempts = max(1, len(getattr(self._link.template, "alt", None) or ()))
        while True:
            attempts -= 1
            left_s = max(0.2, deadline - self._clock.monotonic())
            try:
                return PooledConnection(self._attempt(left_s), self._link)
            except Exception as error:
                self._link.next_address()
                if not attempts or deadline - self._clock.monotonic() < PROBE_S:
                    raise translated(error, self._link) from error

    def _attempt(self, timeout_s: float) -> Any:
        """A connection from a thread, unless many hang that were given up."""
        with self._lock:
            self._hanging = [each for each in self._hanging if each.is_alive()]
            hanging = len(self._hanging)
        if hanging >= _HANGING_MAX:
            raise TimeoutError(f"{hanging} attempts to connect are still under way")
        attempt = ConnectThread(self._link, timeout_s)
        try:
            return attempt.connection()
        finally:
            if attempt.is_alive():
                with self._lock:
                    self._hanging.append(attempt)


def _as_far_as(error: BaseException, alarm: BrokerUnreachable) -> BrokerUnreachable:
    """The alarm in the place of an error that it explains, with what had been done before."""
    if isinstance(error, BrokerError):
        alarm.sent, alarm.unsure, alarm.maybe_sent = error.sent, error.unsure, error.maybe_sent
    return alarm
