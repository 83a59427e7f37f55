"""Connections for calls that somebody waits for.

A call takes a connection for itself, since threads that share one lose answers, and gives it
back for the next call. A connection that was idle is asked for a sign of life first: the
broker may have restarted, or the network may drop packets. One on which anything failed is
never used again. Making a connection happens in a thread that can be left alone, because
nothing ends a stuck name resolution.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, Final

from umbel.broker.base import ANSWER_S
from umbel.broker.link import Link
from umbel.broker.trouble import explain
from umbel.clock import Clock
from umbel.errors import BrokerError, BrokerUnreachable, UmbelError

#: How many calls may be under way at once.
SIZE: Final = 16
#: No answer of the broker takes longer than this, in seconds; a call has a few of them.
REPLY_S: Final = 1.2
#: An idle connection that does not show a sign of life within this is dropped.
PROBE_S: Final = 0.5
#: Idle connections are dropped after this, in seconds: firewalls forget them silently.
IDLE_S: Final = 60.0
#: Time that is kept for telling that nothing answered.
_SPARE_S: Final = 0.15


class Line:
    """One connection in the hands of one call. `done` remembers what needs doing only once
    on a connection."""

    def __init__(self, connection: Any, link: Link) -> None:
        self.connection = connection
        self.link = link
        self.done: set[str] = set()
        self.idle_since = 0.0
        self._is_amqp = link.transport == "amqp"
        self._channel: Any = None if self._is_amqp else connection.channel()

    @property
    def channel(self) -> Any:
        """A kombu channel of this call's own. On AMQP an error of the broker closes it, and
        the next one is open again."""
        if self._channel is None or (self._is_amqp and not self._channel.is_open):
            self._channel = self.connection.channel()
        return self._channel

    def is_alive(self) -> bool:
        """Whether the broker still answers; asks it."""
        try:
            if not self._is_amqp:
                self._ping()
                return True
            self._patience(PROBE_S)
            self._leave_channel()
            self._channel = self.connection.channel()
            self._patience(REPLY_S)
        except Exception:
            return False
        return True

    def rest(self) -> None:
        """The call is over: on AMQP its channel goes, with whatever it had declared."""
        if self._is_amqp:
            self._leave_channel()

    def leave(self) -> None:
        """End the connection in order, waiting shortly for the broker."""
        with contextlib.suppress(Exception):
            if self._is_amqp:
                self._patience(PROBE_S)
            self.connection.release()

    def drop(self) -> None:
        """End the connection without a word, since the broker may be gone."""
        with contextlib.suppress(Exception):
            if self._is_amqp:
                self.connection.collect()
            else:
                self.connection.release()

    def _ping(self) -> None:
        acquire = getattr(self._channel, "conn_or_acquire", None)
        if acquire is not None:
            with acquire() as client:
                ping = getattr(client, "ping", None)
                if ping is not None:
                    ping()

    def _leave_channel(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None and channel.is_open:
            channel.close()

    def _patience(self, timeout_s: float) -> None:
        sock = getattr(getattr(self.connection.connection, "transport", None), "sock", None)
        if sock is not None:
            sock.settimeout(timeout_s)


class Pool:
    """Connections to `link`. Any thread."""

    def __init__(self, link: Link, clock: Clock, size: int = SIZE) -> None:
        self._link = link
        self._clock = clock
        self._idle: list[Line] = []
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(size)
        self._closed = False

    @contextlib.contextmanager
    def line(self, thing: str) -> Iterator[Line]:
        """A live connection for one call, which touches `thing`. Whatever the driver raises
        comes out as a `BrokerError`, and the connection is not used again."""
        deadline = self._clock.monotonic() + ANSWER_S - _SPARE_S
        if not self._free.acquire(timeout=ANSWER_S - _SPARE_S):
            raise BrokerUnreachable(
                f"Too many calls wait for the broker at {self._link.url}.",
                remedy="Try again in a moment.",
            )
        try:
            line = self._take(deadline)
            try:
                yield line
            except UmbelError:
                line.leave()
                raise
            except Exception as error:
                line.drop()
                raise explain(error, self._link, thing) from error
            except BaseException:
                line.drop()
                raise
            self._give(line)
        finally:
            self._free.release()

    def close(self) -> None:
        """Leave the broker. Calls that are under way end, and leave then."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for line in idle:
            line.leave()

    def _take(self, deadline: float) -> Line:
        while (line := self._next_idle()) is not None:
            if self._clock.monotonic() - line.idle_since < IDLE_S and line.is_alive():
                return line
            line.drop()
        if self._closed:
            raise BrokerError("The connection to the broker was closed.")
        return self._dialled(deadline)

    def _next_idle(self) -> Line | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _give(self, line: Line) -> None:
        try:
            line.rest()
        except Exception:
            # The call succeeded; that its connection broke then is the next one's business.
            line.drop()
            return
        line.idle_since = self._clock.monotonic()
        with self._lock:
            if not self._closed:
                self._idle.append(line)
                return
        line.leave()

    def _dialled(self, deadline: float) -> Line:
        """A new connection to the first of the broker's addresses that answers."""
        attempts = max(1, len(getattr(self._link.template, "alt", None) or ()))
        while True:
            attempts -= 1
            left_s = max(0.2, deadline - self._clock.monotonic())
            try:
                return Line(_Dialling(self._link, left_s).connection(), self._link)
            except Exception as error:
                self._link.next_address()
                if not attempts or deadline - self._clock.monotonic() < PROBE_S:
                    raise explain(error, self._link) from error


class _Dialling(threading.Thread):
    """One attempt to connect, which may be given up while it goes on."""

    def __init__(self, link: Link, timeout_s: float) -> None:
        super().__init__(name="umbel-dial", daemon=True)
        self._link = link
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._given_up = False
        self._made: Any = None
        self._failure: BaseException | None = None

    def connection(self) -> Any:
        """The connection; raises what the driver raised, or `TimeoutError`."""
        self.start()
        self.join(self._timeout_s)
        with self._lock:
            self._given_up = True
        if self._failure is not None:
            raise self._failure
        if self._made is None:
            raise TimeoutError(f"no answer within {self._timeout_s:.1f} s")
        return self._made

    def run(self) -> None:
        try:
            made = self._link.dial_within(self._timeout_s, REPLY_S)
        except BaseException as failure:
            self._failure = failure
            return
        with self._lock:
            if not self._given_up:
                self._made = made
                return
        made.collect()
