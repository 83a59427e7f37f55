"""One connection: HTTP/1.1 by h11, and an end to those who ask nothing or read nothing.

Whoever can reach the port can open connections and leave them so: without a request, with half
a head, with an answer that they never read. Each costs a file descriptor, of which a process
has few, and some memory. So a connection must ask within `ASK_S`, and take something of a
waiting answer within `TAKE_S`; and when too many are open, the one that has asked nothing for
the longest time makes room for the new one.
"""

from __future__ import annotations

import asyncio
import resource
from contextlib import suppress
from typing import Any, Final

import h11
import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from umbel.web.problems import MEDIA_TYPE, problem
from umbel.web.security import HEADERS

#: The largest head of a request, bytes: the longest address, and room for headers.
HEAD_MAX: Final = 80 * 1024
#: How long a connection may take to ask something whole, head and all, seconds.
ASK_S = 20.0
#: How long a waiting answer may wait for its reader without being taken any further, seconds.
TAKE_S = 45.0
#: How long a connection may stay open when the server ends, seconds: less than the server waits,
#: so that what goes on behind a reader who takes nothing ends in order.
LEAVE_S = 0.8
#: The most connections at once, if the process may open twice as many files.
CONNECTIONS_MAX: Final = 2_000


def connections_max() -> int:
    """How many connections this process can have, with as many files left for its own."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS_MAX if most == resource.RLIM_INFINITY else min(CONNECTIONS_MAX, most // 2)


class Waiting:
    """The connections of one server that ask nothing at the moment, the longest first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._connections: dict[Connection, None] = {}

    def add(self, connection: Connection) -> None:
        self._connections[connection] = None

    def discard(self, connection: Connection) -> None:
        self._connections.pop(connection, None)

    def longest(self) -> Connection | None:
        """The one that has waited longest."""
        return next(iter(self._connections), None)


class Connection(H11Protocol):
    """See the module. Refuses what is not HTTP in the shape that every other error has."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        waiting: Waiting,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._waiting = waiting
        self._asking: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > self._waiting.most:
            longest = self._waiting.longest()
            if longest is not None:
                longest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._asked()
        self._taken()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before and not self.cycle.response_complete:
            self._asked()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # which may begin with the next request
        if self.cycle.response_complete:
            self._wait()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._taken()

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(LEAVE_S, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        detail = f"{msg} A head of up to {HEAD_MAX:,} bytes is read."
        body = msgspec.json.encode(problem("bad-request", detail))
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *HEADERS,
            (b"connection", b"close"),
        ]
        response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        with suppress(h11.LocalProtocolError):  # another answer has begun
            for event in (response, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """There are no WebSockets here, and nothing to install; the request is answered as any
        other (RFC 9110)."""

    def _wait(self) -> None:
        """Nothing is asked now; begin to wait for what is."""
        self._asked()
        self._waiting.add(self)
        self._asking = self.loop.call_later(ASK_S, self._asks_nothing)

    def _asked(self) -> None:
        self._waiting.discard(self)
        if self._asking is not None:
            self._asking.cancel()
            self._asking = None

    def _asks_nothing(self) -> None:
        """End it; a reader who still takes what was answered before may go on to the end."""
        if self.transport.get_write_buffer_size():
            self.transport.close()
            self._watch()
        else:
            self.transport.abort()

    def _watch(self) -> None:
        """End it unless its reader goes on taking what waits."""
        self._taken()
        left = self.transport.get_write_buffer_size()
        self._taking = self.loop.call_later(TAKE_S, self._look, left)

    def _look(self, left: int) -> None:
        if self.transport.get_write_buffer_size() < left:
            self._watch()
        else:
            self.transport.abort()

    def _taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None
