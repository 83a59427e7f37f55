"""`PooledConnection`: one connection of the pool (`connection_pool`), and the thread that makes it.

It says whether it is alive or blocked, and is given back or thrown away. Connecting happens in a
thread that can be abandoned, because nothing can cancel a stuck name resolution.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, Final

from umbel.broker.link import Link

#: No answer of the broker takes longer than this, in seconds; a call has a few of them.
REPLY_S: Final = 1.2
#: An idle connection that does not show a sign of life within this is dropped.
PROBE_S: Final = 0.5
#: How long an alarm's end is looked for, in seconds.
_POLL_S: Final = 0.01


class PooledConnection:
    """A connection that one call uses at a time. `done` remembers what is done once a
    connection (declarations)."""

    def __init__(self, connection: Any, link: Link) -> None:
        self.connection = connection
        self.link = link
        self.done: set[str] = set()
        self.idle_since = 0.0
        self._is_amqp = link.transport == "amqp"
        self._channel: Any = None if self._is_amqp else connection.channel()
        self._drop_idle_socket()

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
            self._set_timeout(PROBE_S)
            self._leave_channel()
            self._channel = self.connection.channel()
            self._set_timeout(REPLY_S)
        except Exception:
            return False
        return True

    @property
    def is_blocked(self) -> bool:
        """Whether RabbitMQ has said that it takes no message on it."""
        return bool(getattr(getattr(self.connection, "alarm", None), "is_raised", False))

    def is_still_blocked(self) -> bool:
        """The same, after what the broker has said since; one that is gone is not."""
        try:
            self.connection.drain_events(timeout=_POLL_S)
        except (TimeoutError, BlockingIOError):
            return self.is_blocked
        except Exception:
            return False
        return self.is_blocked

    def rest(self) -> None:
        """The call is over: on AMQP its channel goes, with whatever it had declared."""
        if self._is_amqp:
            self._leave_channel()

    def leave(self) -> None:
        """End the connection in order, waiting shortly for the broker."""
        with contextlib.suppress(Exception):
            if self._is_amqp:
                self._set_timeout(PROBE_S)
            self.connection.release()

    def drop(self) -> None:
        """End the connection without a word, since the broker may be gone."""
        with contextlib.suppress(Exception):
            if self._is_amqp:
                self.connection.collect()
            else:
                self.connection.release()

    def break_off(self) -> None:
        """From another thread: whoever waits for the broker on it hears that it is gone. It may be
        that its answer comes a byte at a time."""
        with contextlib.suppress(Exception):
            if self._is_amqp:
                sock = getattr(getattr(self.connection.connection, "transport", None), "sock", None)
                # That of TLS would forget its encryption (`wire.finish_sending`).
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # type: ignore[arg-type]
                return
            pool = getattr(self._channel, "pool", None)
            if pool is not None:
                pool.disconnect()

    def _drop_idle_socket(self) -> None:
        """On Redis kombu tries a new channel by a socket that is for consumers, which we are not.
        Source: kombu/transport/redis.py (`Channel.__init__`, `async_pool`)."""
        pool = getattr(self._channel, "_async_pool", None)
        if pool is not None:
            pool.disconnect()

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

    def _set_timeout(self, timeout_s: float) -> None:
        sock = getattr(getattr(self.connection.connection, "transport", None), "sock", None)
        if sock is not None:
            sock.settimeout(timeout_s)


class ConnectThread(threading.Thread):
    """One attempt to connect, which may be abandoned while it goes on."""

    def __init__(self, link: Link, timeout_s: float) -> None:
        super().__init__(name="umbel-connect", daemon=True)
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
            made = self._link.connect_within(self._timeout_s, REPLY_S)
        except BaseException as failure:
            self._failure = failure
            return
        with self._lock:
            if not self._given_up:
                self._made = made
                return
        made.collect()
