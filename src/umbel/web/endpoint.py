"""From a route of the table to something that answers HTTP.

Store calls block, so a handler runs in a thread, its answer is encoded and compressed
there, and the event loop stays free. `THREADS` bounds how many run at once; more wait.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any, Final, TypeVar

import anyio
import anyio.to_thread
import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from umbel.web.handlers import Services
from umbel.web.parameters import read
from umbel.web.routes import Handler, Route

#: How many handlers run at once.
THREADS: Final = 8
#: Shorter answers are not worth compressing.
_COMPRESS_FROM: Final = 1_400

T = TypeVar("T")
_encode: Final = msgspec.json.Encoder().encode


class Lane:
    """Threads for what blocks, a bounded number of them."""

    def __init__(self, threads: int = THREADS) -> None:
        self._limiter = anyio.CapacityLimiter(threads)

    async def run(self, call: Callable[[], T]) -> T:
        """What `call` gives, from a thread."""
        return await anyio.to_thread.run_sync(call, limiter=self._limiter)


class Endpoint:
    """The ASGI application of one route that answers at once."""

    def __init__(self, route: Route, handler: Handler, services: Services, lane: Lane) -> None:
        self._route = route
        self._handler = handler
        self._services = services
        self._lane = lane

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        asked = read(self._route.asks, scope["query_string"], request.path_params)
        zipped = accepts_gzip(request)

        def answer() -> Response:
            return _response(self._handler(self._services, asked), zipped)

        response = await self._lane.run(answer) if self._route.blocking else answer()
        await response(scope, receive, send)


def accepts_gzip(request: Request) -> bool:
    """Whether the answer may be compressed."""
    return "gzip" in request.headers.get("accept-encoding", "")


def _response(found: Any, zipped: bool) -> Response:
    headers = {"Cache-Control": "no-store"}
    if isinstance(found, str):
        return Response(found, media_type="text/plain", headers=headers)
    body = _encode(found)
    headers["Vary"] = "Accept-Encoding"
    if zipped and len(body) >= _COMPRESS_FROM:
        body = gzip.compress(body, compresslevel=4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type="application/json", headers=headers)
