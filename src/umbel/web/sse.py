"""The live stream as server-sent events (https://html.spec.whatwg.org/#server-sent-events).

Every event has the change number as its id, so that a browser that reconnects sends it as
`Last-Event-ID` and goes on where it was. Nothing for a while gives a comment line, which
keeps proxies from closing the connection and finds out readers who are gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from umbel.services.cluster_services import ClusterServices
from umbel.services.live.hub import Subscription
from umbel.services.live.streams import Notice, Stream
from umbel.web.http.parameters import convert, fields, read
from umbel.web.request_slots import leave_slot
from umbel.web.requests import Follow
from umbel.web.thread_pools import ThreadPool

#: A comment is sent when nothing else was for this long, seconds.
KEEP_ALIVE_S: Final = 15.0
#: A reader who takes nothing for this long is gone, seconds.
STALLED_S: Final = 60.0
#: The most bytes that are given to a connection at once.
PIECE: Final = 32 * 1024
#: How long a browser waits before it reconnects, milliseconds.
_RETRY_MS: Final = 2_000

_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class LiveEndpoint:
    """The ASGI application of `GET /api/v1/live`."""

    def __init__(self, services: ClusterServices, thread_pool: ThreadPool) -> None:
        self._services = services
        self._thread_pool = thread_pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        params = read(Follow, scope["query_string"], request.path_params)
        after = _resumed(request, params.after)
        subscription = await self._subscription(params)
        if scope["method"] == "HEAD":
            await _begin(send)
            await send({"type": "http.response.body", "body": b""})
            return
        leave_slot(scope)  # streams have a bound of their own
        async with self._services.hub.subscribe(subscription, after) as stream:
            leaving = asyncio.create_task(_close_when_gone(receive, stream))
            try:
                await _begin(send)
                with suppress(TimeoutError):
                    await _send_events(stream, send)
            finally:
                leaving.cancel()

    async def _subscription(self, params: Follow) -> Subscription | None:
        if params.status_only:
            return None
        query = await self._thread_pool.run(
            lambda: self._services.search.parse(params.q, params.tz)
        )
        return Subscription(query, params.left)


def _resumed(request: Request, after: int | None) -> int | None:
    last = request.headers.get("last-event-id")
    if last is None:
        return after
    number = convert(fields(Follow)["after"], last, "header Last-Event-ID")
    return number if isinstance(number, int) else None


async def _begin(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})


async def _send_events(stream: Stream, send: Send) -> None:
    await _send(send, f"retry: {_RETRY_MS}\n\n".encode())
    while not stream.closed:
        notices = await stream.read(KEEP_ALIVE_S)
        if stream.closed:
            break
        for piece in pieces(notices) if notices else [b": still here\n\n"]:
            await _send(send, piece)
    await send({"type": "http.response.body", "body": b""})


async def _send(send: Send, chunk: bytes) -> None:
    async with asyncio.timeout(STALLED_S):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


def pieces(notices: Sequence[Notice]) -> Iterator[bytes]:
    """The events on the wire, in pieces of up to `PIECE` bytes. Bodies are shared by all who
    are told them: of a large one, a reader who is slow to take it holds no more than a piece.
    JSON has no line breaks of its own."""
    held = b""
    for notice in notices:
        head = f"id: {notice.seq}\nevent: {notice.event}\ndata: ".encode()
        for part in (head, notice.body, b"\n\n"):
            for start in range(0, len(part), PIECE):
                piece = part[start : start + PIECE]
                if len(held) + len(piece) > PIECE:
                    yield held
                    held = b""
                held += piece
    if held:
        yield held


async def _close_when_gone(receive: Receive, stream: Stream) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            stream.close()
            return
