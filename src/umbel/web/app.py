"""The web application: the table of routes, the browser's pages, and what surrounds them.

It needs no lifespan, so it can be mounted into another ASGI application: following the
store begins with the first live view and ends with the last, and `end_streams` ends all of
them when the process stops.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as Address
from starlette.types import ASGIApp

from umbel.clock import Clock
from umbel.services.health import Health, Supervised
from umbel.services.live import STREAMS_MAX, Hub
from umbel.services.search import Search
from umbel.store.base import Store
from umbel.web.endpoint import Endpoint, Lane
from umbel.web.entrance import Entrance
from umbel.web.faults import Faults
from umbel.web.handlers import Services
from umbel.web.limits import Limits
from umbel.web.openapi import document
from umbel.web.problems import respond_to
from umbel.web.proxies import LOOPBACK, Proxies
from umbel.web.routes import API_ROOT, ROUTES, Route
from umbel.web.security import HostCheck, SecurityHeaders
from umbel.web.sse import LiveEndpoint
from umbel.web.ui import BUILT, Ui


class _Rest(Convertor[str]):
    """The rest of a path, slashes and line breaks included: ids of tasks may have both."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rest", _Rest())


class WebOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the application is reached. `url_prefix` is "" or begins with a slash and ends
    without; `trusted_proxies` are IP addresses or networks; `allowed_hosts` host names or
    patterns; `only_loopback` says that the server is bound to loopback, so that foreign
    host names are refused; `pages` is the folder with the built pages."""

    url_prefix: str = ""
    trusted_proxies: tuple[str, ...] = LOOPBACK
    allowed_hosts: tuple[str, ...] = ()
    only_loopback: bool = True
    streams_max: int = STREAMS_MAX
    pages: Path = BUILT


def create_app(
    store: Store, *, clock: Clock, options: WebOptions, supervised: Supervised | None = None
) -> Starlette:
    """The application over an open store. `supervised` says why the collector process that
    this server watches does not run, if it does not; it is called from any thread."""
    health = Health(store, clock, supervised)
    hub = Hub(store, health, clock, streams_max=options.streams_max)
    services = Services(store, clock, Search(store, clock), health, hub)
    lane = Lane()
    app = Starlette(
        routes=[
            *(_address(route, services, lane) for route in ROUTES),
            Address(f"{API_ROOT}/openapi.json", _openapi, methods=["GET"]),
            Address("/{path:rest}", Ui(lane, options.pages), methods=["GET"]),
        ],
        middleware=[
            Middleware(Entrance),
            Middleware(SecurityHeaders),
            Middleware(Faults),
            Middleware(
                HostCheck, allowed=options.allowed_hosts, only_loopback=options.only_loopback
            ),
            Middleware(Proxies, trusted=options.trusted_proxies, url_prefix=options.url_prefix),
            Middleware(Limits),
        ],
        exception_handlers={HTTPException: _refused},
    )
    app.router.redirect_slashes = False  # an address is right or unknown
    app.state.hub = hub
    return app


def end_streams(app: Starlette) -> None:
    """End every live stream and give no more. On the event loop of the application."""
    hub: Hub = app.state.hub
    hub.stop()


def _address(route: Route, services: Services, lane: Lane) -> Address:
    endpoint: ASGIApp
    if route.handler is None:
        endpoint = LiveEndpoint(services, lane)
    else:
        endpoint = Endpoint(route, route.handler, services, lane)
    path = route.path.replace("}", ":rest}")
    return Address(path, endpoint, methods=[route.method], name=route.name)


async def _openapi(request: Request) -> Response:
    body = msgspec.json.encode(document(request.scope.get("root_path", "")))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


async def _refused(_: Request, error: Exception) -> Response:
    return respond_to(error)
