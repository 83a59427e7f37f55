"""The web application: the table of routes, the browser's pages, and what surrounds them.

It needs no lifespan, so it can be mounted into another ASGI application: following the
store begins with the first live view and ends with the last, and `end_streams` ends all of
them when the process stops.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.services.cluster_services import ClusterServices
from umbel.web.authentication import Access, open_access
from umbel.web.authorization import Guard, Permitted
from umbel.web.error_middleware import ErrorMiddleware
from umbel.web.flower.endpoint import (
    WORKERS_PAGES,
    NothingHere,
    WorkersPage,
    flower_routes,
)
from umbel.web.http.endpoint import Endpoint
from umbel.web.http.openapi import OpenApiEndpoint
from umbel.web.http.path_routes import EncodedSlashRoute
from umbel.web.http.problems import respond_to
from umbel.web.http.proxies import LOOPBACK, Proxies
from umbel.web.login import LOGIN, SESSION_ENDPOINTS, LoginEndpoint
from umbel.web.non_http import NonHttpMiddleware
from umbel.web.probes import Readiness, ReadyEndpoint
from umbel.web.request_limits import BodyMiddleware, RequestLimits
from umbel.web.request_slots import RequestSlotMiddleware, RequestSlots
from umbel.web.routes import API_ROOT, ROUTES, Route
from umbel.web.security import HostCheck, SecurityHeaders
from umbel.web.serving.response_memory import InFlight, Outgoing
from umbel.web.sse import LiveEndpoint
from umbel.web.thread_pools import ThreadPools
from umbel.web.ui import BUILT, Ui


class _Rest(Convertor[str]):
    """The rest of a path, slashes and line breaks included: ids of tasks may have both."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _NotOurs(_Rest):
    """The rest of a path below `/api/` that is not of our own API."""

    regex = r"(?s:(?!v1(?:/|\Z)).*)"


register_url_convertor("rest", _Rest())
register_url_convertor("not_ours", _NotOurs())


class WebOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the application is reached. `url_prefix` is "" or begins with a slash and ends
    without; `trusted_proxies` are IP addresses or networks; `allowed_hosts` host names or
    patterns; `only_loopback` says that the server is bound to loopback, so that foreign
    host names are refused; `own_hosts` names of this machine, beside which and `allowed_hosts`
    none is answered to; `pages` is the folder with the built pages."""

    url_prefix: str = ""
    trusted_proxies: tuple[str, ...] = LOOPBACK
    allowed_hosts: tuple[str, ...] = ()
    only_loopback: bool = True
    own_hosts: tuple[str, ...] = ()
    pages: Path = BUILT


def create_app(
    services: ClusterServices, *, options: WebOptions, access: Access | None = None
) -> Starlette:
    """The application over the services of a cluster, which the caller closes after the last
    request. Without `access` everybody may do everything."""
    thread_pools = ThreadPools()
    access = access or open_access(services.clock, services.ledger, services.login_audit)
    ui = Ui(thread_pools.history, options.pages)
    workers_page = WorkersPage(ui.showing("index.html"), services, thread_pools, access)
    app = Starlette(
        routes=[
            *_starlette_routes(services, thread_pools, access),
            EncodedSlashRoute(
                f"{API_ROOT}/openapi.json", OpenApiEndpoint(thread_pools.history), methods=["GET"]
            ),
            EncodedSlashRoute(
                "/login", LoginEndpoint(access, ui.showing("login.html")), methods=LOGIN
            ),
            *flower_routes(services, thread_pools, access),
            EncodedSlashRoute("/api/{path:not_ours}", NothingHere()),
            *(EncodedSlashRoute(path, workers_page, methods=["GET"]) for path in WORKERS_PAGES),
            EncodedSlashRoute("/{path:rest}", ui, methods=["GET"]),
        ],
        middleware=[
            Middleware(NonHttpMiddleware),
            Middleware(SecurityHeaders),
            Middleware(ErrorMiddleware),
            Middleware(
                HostCheck,
                allowed=options.allowed_hosts,
                only_loopback=options.only_loopback,
                own=options.own_hosts,
            ),
            Middleware(Proxies, trusted=options.trusted_proxies, url_prefix=options.url_prefix),
            Middleware(RequestLimits),
            Middleware(Guard, access=access),
            Middleware(RequestSlotMiddleware, slots=RequestSlots()),
            Middleware(BodyMiddleware),
            Middleware(Outgoing, in_flight=InFlight()),
        ],
        exception_handlers={HTTPException: _refused},
    )
    app.router.redirect_slashes = False  # an address is right or unknown
    app.state.services = services
    app.state.thread_pools = thread_pools
    return app


def end_streams(app: Starlette) -> None:
    """End every live stream and whatever waits for results, and give no more. On the event
    loop of the application."""
    services: ClusterServices = app.state.services
    services.hub.stop()
    services.stop()


class _ByMethod:
    """The ASGI application of one path, which knows all of its methods."""

    def __init__(self, endpoints: Mapping[str, ASGIApp]) -> None:
        self._endpoints = {**endpoints}
        if "GET" in endpoints:
            self._endpoints["HEAD"] = endpoints["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._endpoints.get(scope["method"])
        if endpoint is None:
            raise HTTPException(405, headers={"Allow": ", ".join(self._endpoints)})
        await endpoint(scope, receive, send)


def _starlette_routes(
    services: ClusterServices, thread_pools: ThreadPools, access: Access
) -> Iterator[EncodedSlashRoute]:
    """One address a path, in the order of the table."""
    by_path: dict[str, dict[str, ASGIApp]] = {}
    for route in ROUTES:
        path = route.path.replace("}", ":rest}") if route.slashes else route.path
        by_path.setdefault(path, {})[route.method] = _endpoint(
            route, services, thread_pools, access
        )
    for path, endpoints in by_path.items():
        yield EncodedSlashRoute(path, _ByMethod(endpoints))


def _endpoint(
    route: Route, services: ClusterServices, thread_pools: ThreadPools, access: Access
) -> ASGIApp:
    endpoint: ASGIApp
    if route.name in SESSION_ENDPOINTS:
        endpoint = SESSION_ENDPOINTS[route.name](access)
    elif route.name == "readyz":
        endpoint = ReadyEndpoint(Readiness(services.health, services.clock), access)
    elif route.handler is None:
        endpoint = LiveEndpoint(services, thread_pools.history)
    else:
        endpoint = Endpoint(route, route.handler, services, thread_pools)
    if route.permission is not None:
        endpoint = Permitted(endpoint, route.permission, access, stream=bool(route.events))
    return endpoint


async def _refused(_: Request, error: Exception) -> Response:
    return respond_to(error)
