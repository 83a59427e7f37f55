"""A limit for all of a conversation, whatever the other side does.

A socket's own timeout is for each read, so who answers a byte at a time never reaches it: after the
limit the connections that the thread has opened are shut down, whatever they are doing.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

#: How long all of a message may take, seconds.
WHOLE_S: Final = 20.0


class _Connections(threading.local):
    """Those that this thread has opened; descriptors are doubles, which TLS takes from nobody."""

    def __init__(self) -> None:
        self.opened: list[socket.socket] = []


class TimeLimit:
    """What is done within a limit; once `is_met`, being late afterwards is no failure."""

    is_met = False


_CONNECTIONS: Final = _Connections()


def connected(*given: Any, **named: Any) -> socket.socket:
    """As `socket.create_connection`: a connection that ends with the limit of this thread."""
    found = socket.create_connection(*given, **named)
    _CONNECTIONS.opened.append(socket.socket(fileno=os.dup(found.fileno())))
    return found


@contextmanager
def within(seconds: float) -> Iterator[TimeLimit]:
    """What this thread opens by `connected` is shut down after so many seconds, and then this
    raises `TimeoutError`."""
    opened: list[socket.socket] = []
    _CONNECTIONS.opened = opened
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
        for each in opened:
            each.close()
