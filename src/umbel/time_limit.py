"""A limit for all of a conversation, whatever the other side does.

A socket's own timeout is for each read, so who answers a byte at a time never reaches it: after the
limit the connections that the thread has opened are shut down, whatever they are doing. Names are
resolved by other threads, since no call ends a resolver that waits for a server that is silent.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, Final

from umbel.timed_pool import NoClient, TimedOut, TimedPool

#: How long all of a message may take, seconds.
WHOLE_S: Final = 20.0


class _Connections(threading.local):
    """Those that this thread has opened; descriptors are doubles, which TLS takes from nobody."""

    def __init__(self) -> None:
        self.opened: list[socket.socket] = []
        self.ends_at: float | None = None


class TimeLimit:
    """What is done within a limit; once `is_met`, being late afterwards is no failure."""

    is_met = False


_CONNECTIONS: Final = _Connections()
_RESOLVERS: Final = TimedPool(NoClient, name="umbel-resolve")
_AS_IT_IS: Final = socket.NI_NUMERICHOST | socket.NI_NUMERICSERV


def connected(
    address: tuple[str, int], timeout: float, source_address: Any = None
) -> socket.socket:
    """As `socket.create_connection`: a connection that ends with the limit of this thread, and
    `socket.gaierror` where the name is not resolved by then."""
    host, port = address
    if _left_s() <= 0:
        raise TimeoutError(errno.ETIMEDOUT, "it took too long")
    refused: OSError | None = None
    for each in _resolved(host, port):
        try:
            found = socket.create_connection((each, port), timeout, source_address)
        except OSError as error:
            refused = error
        else:
            _CONNECTIONS.opened.append(socket.socket(fileno=os.dup(found.fileno())))
            if _left_s() <= 0:  # too late to be shut down with the others
                with suppress(OSError):
                    found.shutdown(socket.SHUT_RDWR)
            return found
    raise refused or OSError(f"{host} has no address")


def _resolved(host: str, port: int) -> list[str]:
    """The addresses of a name, in the order in which they are to be tried."""
    try:
        found = _RESOLVERS.call(
            lambda _: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM), _left_s()
        )
    except TimedOut:
        words = f"the name {host} was not resolved in time"
        raise socket.gaierror(socket.EAI_AGAIN, words) from None
    return [socket.getnameinfo(each[4], _AS_IT_IS)[0] for each in found]


def _left_s() -> float:
    """How much of its limit this thread has left."""
    ends_at = _CONNECTIONS.ends_at
    return WHOLE_S if ends_at is None else max(0.0, ends_at - monotonic())


@contextmanager
def within(seconds: float) -> Iterator[TimeLimit]:
    """What this thread opens by `connected` is shut down after so many seconds, and then this
    raises `TimeoutError`."""
    opened: list[socket.socket] = []
    _CONNECTIONS.opened = opened
    _CONNECTIONS.ends_at = monotonic() + seconds
    late = threading.Event()
    limit = TimeLimit()

    def shut_down() -> None:
        late.set()
        for each in opened:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield limit
        if late.is_set() and not limit.is_met:
            raise TimeoutError(errno.ETIMEDOUT, "it took too long")
    finally:
        timer.cancel()
        _CONNECTIONS.ends_at = None
        for each in opened:
            each.close()
