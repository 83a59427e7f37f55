"""One connection: HTTP/1.1 by h11, and an end to those who ask nothing or read nothing.

Whoever can reach the port can open connections and leave them so: without a request, with half
a head, with an answer that they never read. Each costs a file descriptor, of which a process
has few, and some memory. So a connection must ask within `REQUEST_S`, and take something of a
waiting answer within `WRITE_S`; and when too many are open, the one that has waited longest for a
request, or for the rest of one, makes room for the new one (`connection_table`).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

import h11
import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from umbel.web.http.problems import MEDIA_TYPE, problem
from umbel.web.security import HEADERS
from umbel.web.serving.connection_table import ConnectionTable
from umbel.web.serving.request_heads import StrictConnection

#: The largest head of a request, bytes: the longest address, and room for headers.
HEAD_MAX: Final = 80 * 1024
#: How long a connection may take to ask something whole, head and all, seconds.
REQUEST_S = 20.0
#: How long a waiting answer may wait for its reader without being taken any further, seconds.
WRITE_S = 45.0
#: How long a connection may stay open when the server ends, seconds: less than the server waits,
#: so that what goes on behind a reader who takes nothing ends in order.
CLOSE_S = 0.8


class Connection(H11Protocol):
    """See the module. Refuses what is not HTTP in the shape that every other error has."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        table: ConnectionTable,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn: StrictConnection = StrictConnection(h11.SERVER, HEAD_MAX)
        self._table = table
        self._making: asyncio.Task[None] | None = None
        self._address: Any = None
        self._request_timer: asyncio.TimerHandle | None = None
        self._write_timer: asyncio.TimerHandle | None = None

    def arrive(self, making: asyncio.Task[None], address: Any) -> None:
        """It was accepted from `address`, and is made by this task."""
        self._making = making
        self._address = address
        self._request_timer = self.loop.call_later(REQUEST_S, self._request_timed_out)

    def end(self) -> None:
        """Close it at once, whatever state it is in. See `Peer`."""
        if self.transport is not None:
            self.transport.abort()
        elif self._making is not None:
            self._making.cancel()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if isinstance(self._address, tuple):  # asked now, a socket may not know it any more
            self.client = self._address[:2]

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_request_timer()
        self._cancel_write_timer()
        self._table.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._note_progress()

    def on_response_complete(self) -> None:
        super().on_response_complete()  # which may begin with the next request
        if self.cycle.response_complete:
            self._await_request()
        else:
            self._note_progress()

    def _note_progress(self) -> None:
        """Whether it is whole by now, or its body is still on its way."""
        if self.cycle is None or self.cycle.response_complete:
            return
        self._cancel_request_timer()
        if self.cycle.more_body:
            self._table.wait(self)
        else:
            self._table.work(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_write_timer()

    def shutdown(self) -> None:
        super().shutdown()
        self.loop.call_later(CLOSE_S, self.transport.abort)

    def send_400_response(self, msg: str) -> None:
        detail = f"{self.conn.refused or msg} A head of up to {HEAD_MAX:,} bytes is read."
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

    def _await_request(self) -> None:
        """Nothing is asked now; begin to wait for what is."""
        self._cancel_request_timer()
        self._table.wait(self)
        self._request_timer = self.loop.call_later(REQUEST_S, self._request_timed_out)

    def _cancel_request_timer(self) -> None:
        if self._request_timer is not None:
            self._request_timer.cancel()
            self._request_timer = None

    def _request_timed_out(self) -> None:
        """End it; a reader who still takes what was answered before may go on to the end."""
        if self.transport is not None and self.transport.get_write_buffer_size():
            self.transport.close()
            self._watch()
        else:
            self.end()

    def _watch(self) -> None:
        """End it unless its reader goes on taking what waits."""
        self._cancel_write_timer()
        left = self.transport.get_write_buffer_size()
        self._write_timer = self.loop.call_later(WRITE_S, self._check_progress, left)

    def _check_progress(self, left: int) -> None:
        if self.transport.get_write_buffer_size() < left:
            self._watch()
        else:
            self.transport.abort()

    def _cancel_write_timer(self) -> None:
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None
