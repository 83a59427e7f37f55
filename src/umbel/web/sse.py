"""The live stream as server-sent events (https://html.spec.whatwg.org/#server-sent-events).

Every event has the change number as its id, so that a browser that reconnects sends it as
`Last-Event-ID` and goes on where it was. Nothing for a while gives a comment line, which
keeps proxies from closing the connection and finds out readers who are gone.

A stream may follow several searches (`searches`), since a browser opens few connections to one
server (six with HTTP/1.1). Each search is one `Stream` of the hub; its events have its position
behind their name, `changes/1`. All have the same status, so the first one's is sent, as `status`;
in its place each says how far it got (`reached/1`), if that is news. When the hub closes one of
them, the whole answer ends, and the reader comes back with the numbers that it has seen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Final, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from umbel.services.cluster_services import ClusterServices
from umbel.services.live.channels import Subscription
from umbel.services.live.streams import Notice, Stream
from umbel.web.http.parameters import convert, fields, read, without_nul
from umbel.web.http.problems import Refusal
from umbel.web.request_slots import leave_slot
from umbel.web.requests import SEARCHES_MAX, Follow, FollowedSearch
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


class _Followed(NamedTuple):
    """What one stream of the hub follows, from which change number on, and the position of the
    search, None while it is the only one."""

    subscription: Subscription | None
    after: int | None
    position: int | None = None


class LiveEndpoint:
    """The ASGI application of `GET /api/v1/live`."""

    def __init__(self, services: ClusterServices, thread_pool: ThreadPool) -> None:
        self._services = services
        self._thread_pool = thread_pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        params = read(Follow, scope["query_string"], request.path_params)
        followed = await self._followed(params, _resumed(request, params.after))
        if scope["method"] == "HEAD":
            await _begin(send)
            await send({"type": "http.response.body", "body": b""})
            return
        leave_slot(scope)  # streams have a bound of their own
        async with AsyncExitStack() as stack:
            streams = {
                await stack.enter_async_context(
                    self._services.hub.subscribe(each.subscription, each.after)
                ): each.position
                for each in followed
            }
            leaving = asyncio.create_task(_close_when_gone(receive, streams))
            try:
                await _begin(send)
                with suppress(TimeoutError):
                    await _send_all(streams, send)
            finally:
                leaving.cancel()

    async def _followed(self, params: Follow, after: int | None) -> list[_Followed]:
        if params.status_only:
            return [_Followed(None, after)]
        if params.searches is None:
            return [_Followed(await self._subscription(params), after)]
        return [
            _Followed(await self._subscription(each), each.after, position)
            for position, each in enumerate(_searches(params.searches))
        ]

    async def _subscription(self, params: Follow | FollowedSearch) -> Subscription:
        query = await self._thread_pool.run(
            lambda: self._services.search.parse(params.q, params.tz)
        )
        return Subscription(query, params.left)


def _searches(text: str) -> list[FollowedSearch]:
    """The searches of a JSON list. Raises `Refusal`."""
    try:
        found = msgspec.json.decode(text, type=list[FollowedSearch])
    except (msgspec.MsgspecError, RecursionError) as error:
        detail = f"The parameter searches is a JSON list of searches. {error}."
        raise Refusal("bad-parameter", detail, parameter="searches") from None
    if not 1 <= len(found) <= SEARCHES_MAX:
        detail = f"One stream follows 1 to {SEARCHES_MAX} searches, not {len(found)}."
        raise Refusal("bad-parameter", detail, parameter="searches")
    for each in found:
        without_nul(each.q, "searches")
    return found


def _resumed(request: Request, after: int | None) -> int | None:
    last = request.headers.get("last-event-id")
    if last is None:
        return after
    number = convert(fields(Follow)["after"], last, "header Last-Event-ID")
    return number if isinstance(number, int) else None


async def _begin(send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(_HEADERS)})


async def _send_all(streams: Mapping[Stream, int | None], send: Send) -> None:
    """Send what the streams tell, one event at a time, until one of them is closed."""
    await _send(send, f"retry: {_RETRY_MS}\n\n".encode())
    turn = asyncio.Lock()
    tasks = [
        asyncio.create_task(_send_stream(stream, position, send, turn))
        for stream, position in streams.items()
    ]
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in ended:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    await send({"type": "http.response.body", "body": b""})


async def _send_stream(
    stream: Stream, position: int | None, send: Send, turn: asyncio.Lock
) -> None:
    suffix, sent = "" if position is None else f"/{position}", -1
    while not stream.closed:
        notices = await stream.read(KEEP_ALIVE_S)
        if stream.closed:
            break
        chunks = pieces(_of_search(notices, position, sent), suffix)
        sent = max([sent, *(each.seq for each in notices)])
        async with turn:
            for piece in chunks if notices else [b": still here\n\n"]:
                await _send(send, piece)


def _of_search(notices: Sequence[Notice], position: int | None, sent: int) -> Iterator[Notice]:
    """What a search has to say beside others; its last event had the number `sent`."""
    for each in notices:
        is_status = each.event == "status" and position is not None
        if is_status and each.seq > sent:
            yield Notice("reached", each.seq, b'{"seq":%d}' % each.seq)
        if not is_status or position == 0:
            yield each
        sent = max(sent, each.seq)


async def _send(send: Send, chunk: bytes) -> None:
    async with asyncio.timeout(STALLED_S):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


def pieces(notices: Iterable[Notice], suffix: str = "") -> Iterator[bytes]:
    """The events on the wire, their names with `suffix` (a status is of all searches), in pieces
    of up to `PIECE` bytes. Bodies are shared by all who are told them: of a large one, a reader
    who is slow to take it holds no more than a piece. JSON has no line breaks of its own."""
    held = b""
    for notice in notices:
        name = notice.event if notice.event == "status" else notice.event + suffix
        head = f"id: {notice.seq}\nevent: {name}\ndata: ".encode()
        for part in (head, notice.body, b"\n\n"):
            for start in range(0, len(part), PIECE):
                piece = part[start : start + PIECE]
                if len(held) + len(piece) > PIECE:
                    yield held
                    held = b""
                held += piece
    if held:
        yield held


async def _close_when_gone(receive: Receive, streams: Iterable[Stream]) -> None:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            for stream in streams:
                stream.close()
            return
