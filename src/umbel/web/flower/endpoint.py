"""Flower's API as ASGI applications: one for each row of `routes.FLOWER_ROUTES`.

An endpoint reads the request as leniently as Flower (`arguments`), runs the handler in the thread
pool of its route, and answers through `responses`. Two addresses are no row of the table: Flower's
page of workers with `json=1`, and everything that Flower does not have.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.services.cluster_services import ClusterServices
from umbel.web.authentication import Access
from umbel.web.authorization import Permitted
from umbel.web.flower import responses
from umbel.web.flower.arguments import FlowerRequest
from umbel.web.flower.refusal import FlowerRefusal
from umbel.web.flower.routes import FLOWER_ROUTES
from umbel.web.flower.workers import workers_table
from umbel.web.http.endpoint import accepts_gzip
from umbel.web.http.route import Route
from umbel.web.long_requests import ResultWaiter
from umbel.web.metrics.answer import wants_openmetrics
from umbel.web.metrics.requests import request_families
from umbel.web.thread_pools import ThreadPools

#: Where Flower has its page of workers; `/dashboard` until version 1.
WORKERS_PAGES: Final = ("/", "/workers", "/dashboard")
_NOTHING: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Nothing is here</title></head>
<body><h1>404: Nothing is here</h1>
<p>Flower's API has nothing at this address, and Umbel's own begins with
<code>/api/v1</code>. What the sockets of Flower before 1.0 told
(<code>/api/task/events/...</code>) is streamed at <code>/api/v1/live</code>.</p></body></html>
"""


def flower_routes(
    services: ClusterServices, thread_pools: ThreadPools, access: Access
) -> Iterator[StarletteRoute]:
    """One address a route."""
    for route in FLOWER_ROUTES:
        endpoint: ASGIApp = FlowerEndpoint(route, services, thread_pools)
        if route.permission is not None:
            endpoint = Permitted(endpoint, route.permission, access, for_some=route.for_some)
        app = responses.plain_text_errors(_OnlyBy(route.method, endpoint))
        yield StarletteRoute(route.path.replace("}", ":rest}"), app)


class FlowerEndpoint:
    """The ASGI application of one route."""

    def __init__(self, route: Route, services: ClusterServices, thread_pools: ThreadPools) -> None:
        self._route = route
        self._services = services
        self._thread_pools = thread_pools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        params = await _flower_request(request)
        found = await self._found(request, params)
        await responses.say(found, zipped=accepts_gzip(request))(scope, receive, send)

    async def _found(self, request: Request, params: FlowerRequest) -> object:
        handler = self._route.handler
        assert handler is not None  # noqa: S101  the table has no streams
        if self._route.thread_pool == "waiting":
            waiter = ResultWaiter(self._thread_pools, request.is_disconnected)
            waiting: Awaitable[object] = handler(self._services, params, waiter)  # type: ignore[assignment]
            return await waiting
        if not self._route.blocking:
            return handler(self._services, params)
        return await self._thread_pools.named(self._route.thread_pool).run(
            partial(handler, self._services, params)
        )


class WorkersPage:
    """One of `WORKERS_PAGES`: our page, or with `json` the rows of Flower's."""

    def __init__(
        self, page: ASGIApp, services: ClusterServices, thread_pools: ThreadPools, access: Access
    ) -> None:
        self._page = page
        self._services = services
        self._thread_pool = thread_pools.history
        self._rows = responses.plain_text_errors(Permitted(self._rows_app, "read", access))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query: bytes = scope["query_string"]
        app = self._rows if _wants_json(FlowerRequest("", query)) else self._page
        await app(scope, receive, send)

    async def _rows_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = await self._thread_pool.run(partial(workers_table, self._services))
        zipped = accepts_gzip(Request(scope, receive))
        await responses.say(found, zipped=zipped)(scope, receive, send)


class NotFoundPage:
    """A path that Flower's API does not have: like Flower, a page that says so."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {"Cache-Control": "no-store"}
        await HTMLResponse(_NOTHING, HTTPStatus.NOT_FOUND, headers)(scope, receive, send)


class _OnlyBy:
    """Lets one method through; HEAD is as good as GET."""

    def __init__(self, method: str, app: ASGIApp) -> None:
        self._app = app
        self._methods = ("GET", "HEAD") if method == "GET" else (method,)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = {"Allow": ", ".join((*self._methods, "OPTIONS"))}
        if scope["method"] in self._methods:
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS":
            await responses.text("", HTTPStatus.NO_CONTENT, allowed)(scope, receive, send)
        else:
            sentence = f"Only {' and '.join(self._methods)} can be used here."
            answer = responses.text(sentence, HTTPStatus.METHOD_NOT_ALLOWED, allowed)
            await answer(scope, receive, send)


async def _flower_request(request: Request) -> FlowerRequest:
    scope = request.scope
    return FlowerRequest(
        request.path_params.get("target", ""),
        scope["query_string"],
        content_type=request.headers.get("content-type", ""),
        body=await request.body(),
        actor=scope.get("umbel.actor"),
        wants_openmetrics=wants_openmetrics(scope),
        request_families=request_families(scope) if scope["path"].endswith("/metrics") else (),
    )


def _wants_json(params: FlowerRequest) -> bool:
    try:
        return params.flag("json")
    except FlowerRefusal:
        return False
