"""From a route of the table to something that answers HTTP.

Handlers block, so each runs in a thread of its pool (`thread_pools`), its answer is encoded and
compressed there, and the event loop stays free. A search that had to wait for a thread has so
much less time to look.
"""

from __future__ import annotations

import gzip
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from umbel.auth.base import Actor
from umbel.bounded_json import encode_json
from umbel.services.cluster_services import ClusterServices
from umbel.web.authorization import actor_of
from umbel.web.http.bodies import check_kind, read_body
from umbel.web.http.parameters import read
from umbel.web.http.route import Handler, Route
from umbel.web.long_requests import ResultWaiter
from umbel.web.requests import Nothing
from umbel.web.responses import Accepted
from umbel.web.thread_pools import ThreadPools

#: Shorter answers are not worth compressing.
_COMPRESS_FROM: Final = 1_400


class Endpoint:
    """The ASGI application of one route that answers at once."""

    def __init__(
        self, route: Route, handler: Handler, services: ClusterServices, thread_pools: ThreadPools
    ) -> None:
        self._route = route
        self._handler = handler
        self._services = services
        self._thread_pools = thread_pools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        zipped = accepts_gzip(request)
        read_params = await self._reader(request)
        actor = (actor_of(scope),) if self._route.with_actor else ()
        monotonic = self._services.clock.monotonic
        arrived = monotonic()

        def answer() -> Response:
            waited = (monotonic() - arrived,) if self._route.thread_pool == "search" else ()
            found = self._handler(self._services, read_params(), *actor, *waited)
            return _response(found, self._route.status, zipped)

        if self._route.thread_pool == "waiting":
            response = await self._waited(request, read_params, actor, zipped=zipped)
        else:
            thread_pool = self._thread_pools.named(self._route.thread_pool)
            response = await thread_pool.run(answer) if self._route.blocking else answer()
        await response(scope, receive, send)

    async def _waited(
        self,
        request: Request,
        read_params: Callable[[], msgspec.Struct],
        actor: tuple[Actor, ...],
        *,
        zipped: bool,
    ) -> Response:
        waiter = ResultWaiter(self._thread_pools, request.is_disconnected)
        params = await self._thread_pools.history.run(read_params)
        waiting: Awaitable[object] = self._handler(self._services, params, *actor, waiter)  # type: ignore[assignment]
        found = await waiting
        return await self._thread_pools.history.run(
            partial(_response, found, self._route.status, zipped)
        )

    async def _reader(self, request: Request) -> Callable[[], msgspec.Struct]:
        """What finds out what is asked; the large part of it in the thread."""
        query: bytes = request.scope["query_string"]
        if self._route.method == "GET":
            params = read(self._route.asks, query, request.path_params)
            return lambda: params
        read(Nothing, query, {})
        check_kind(request.headers.get("content-type", ""))
        body = await request.body()
        return lambda: read_body(self._route.asks, body, request.path_params)


def accepts_gzip(request: Request) -> bool:
    """Whether the answer may be compressed. Who says `gzip;q=0` cannot read it (RFC 9110)."""
    for coding in request.headers.get("accept-encoding", "").lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name == "gzip":
            return weight.strip("0.") != "" or not weight
    return False


def _response(found: Any, status: int, zipped: bool) -> Response:
    if isinstance(found, str):
        headers = {"Cache-Control": "no-store"}
        return Response(found, status, media_type="text/plain", headers=headers)
    if isinstance(found, Accepted):
        found, status = found.answer, 202
    return json_response(encode_json(found), status, zipped=zipped)


def json_response(body: bytes, status: int = 200, *, zipped: bool) -> Response:
    """An answer in JSON that nobody keeps, compressed if that is worth it."""
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if zipped and len(body) >= _COMPRESS_FROM:
        body = gzip.compress(body, compresslevel=4, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, media_type="application/json", headers=headers)
