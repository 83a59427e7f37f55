"""The addresses of one cluster, and those of the server as a whole.

`cluster_router` has everything that is asked of a cluster: the table of routes, Flower's API and
the pages. `server_router` has what is asked of a server with several clusters: logins, probes,
metrics, the list of clusters, and a hint for who names no cluster. `ByCluster` chooses among
them by what `ClusterAddresses` found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.services.cluster_services import ClusterServices
from umbel.web.all_clusters import ALL_ENDPOINTS
from umbel.web.authentication import Access
from umbel.web.authorization import ENROLMENT, Permitted
from umbel.web.cluster_addresses import cluster_of
from umbel.web.clusters import visible_clusters
from umbel.web.export import ExportEndpoint
from umbel.web.flower.endpoint import (
    WORKERS_PAGES,
    NotFoundPage,
    WorkersPage,
    flower_routes,
)
from umbel.web.flower.page_addresses import page_addresses
from umbel.web.http.endpoint import Endpoint
from umbel.web.http.openapi import OpenApiEndpoint
from umbel.web.http.path_routes import EncodedSlashRoute
from umbel.web.http.problems import Refusal
from umbel.web.http.redirects import redirect
from umbel.web.http.route import Route
from umbel.web.login import LOGIN, SESSION_ENDPOINTS, LoginEndpoint
from umbel.web.logins.back_channel import BackChannelEndpoint
from umbel.web.logins.options import OptionsEndpoint
from umbel.web.logins.redirects import CallbackEndpoint, SendEndpoint
from umbel.web.metrics.answer import families, of_clusters, wants_openmetrics
from umbel.web.metrics.exposition import Family
from umbel.web.metrics.requests import request_families
from umbel.web.metrics.scrape import scrape
from umbel.web.routes import API_ROOT, ROUTES
from umbel.web.second_factor.endpoints import SECOND_FACTOR_ENDPOINTS
from umbel.web.shared_read import SharedRead
from umbel.web.sse import LiveEndpoint
from umbel.web.thread_pools import ThreadPools
from umbel.web.ui import LOGIN_PAGE, Ui
from umbel.web.ui_pages import ENTRY

#: Routes that a server with several clusters has as well.
_OF_THE_SERVER: Final = frozenset(
    {
        *(*SESSION_ENDPOINTS, *SECOND_FACTOR_ENDPOINTS, *ALL_ENDPOINTS),
        *("livez", "readyz", "clusters", "query"),
    }
)
#: What is asked of all clusters together, by the names of routes.
ListedClusters = Mapping[str, ASGIApp]
#: Those that take no role.
_WITHOUT_ROLE: Final = frozenset({"logout", "livez", "readyz"})


class ByCluster(BaseRoute):
    """The one route of the application. `absent` answers for clusters that do not exist."""

    def __init__(
        self, clusters: Mapping[str, Router], server: Router, absent: Router | None
    ) -> None:
        self._clusters = clusters
        self._server = server
        self._absent = absent

    @property
    def routes(self) -> list[BaseRoute]:
        """Those of the server and of every cluster."""
        return [route for app in (self._server, *self._clusters.values()) for route in app.routes]

    def matches(self, _: Scope) -> tuple[Match, Scope]:
        return Match.FULL, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = cluster_of(scope)
        app = self._server if name is None else self._clusters.get(name, self._absent)
        if app is None:
            raise Refusal("not-found", f"There is no cluster {name}.")
        await app(scope, receive, send)


def cluster_router(
    services: ClusterServices,
    thread_pools: ThreadPools,
    access: Access,
    accesses: Mapping[str, Access],
    ui: Ui,
    listed: ListedClusters,
    ready: ASGIApp,
) -> Router:
    """What one cluster answers."""
    own = _own_endpoints(access, accesses, listed, ready)
    workers_page = WorkersPage(ui.showing(ENTRY), services, thread_pools, access)
    routes = [
        *_api_routes(services, thread_pools, access, own),
        *_common_routes(thread_pools, access, accesses, ui),
        *flower_routes(services, thread_pools, access),
        EncodedSlashRoute("/api/{path:not_ours}", NotFoundPage()),
        *page_addresses(ui.showing(ENTRY)),
        *(EncodedSlashRoute(path, workers_page, methods=["GET"]) for path in WORKERS_PAGES),
        EncodedSlashRoute("/{path:rest}", ui, methods=["GET"]),
    ]
    return Router(routes, redirect_slashes=False)


def server_router(
    clusters: Mapping[str, ClusterServices],
    thread_pools: ThreadPools,
    access: Access,
    accesses: Mapping[str, Access],
    ui: Ui,
    listed: ListedClusters,
    ready: ASGIApp,
) -> Router:
    """What a server with several clusters answers where no cluster is named."""
    services = next(iter(clusters.values()))
    own = _own_endpoints(access, accesses, listed, ready)
    endpoints = (
        (route.path, route.method, _endpoint(route, services, thread_pools, own))
        for route in ROUTES
        if route.name in _OF_THE_SERVER
    )
    metrics = _Metrics(clusters, accesses)
    routes = [
        *_by_path(endpoints),
        *_common_routes(thread_pools, access, accesses, ui),
        EncodedSlashRoute("/metrics", metrics, methods=["GET"]),
        EncodedSlashRoute("/healthcheck", PlainTextResponse("OK"), methods=["GET"]),
        EncodedSlashRoute("/api/{path:rest}", _name_a_cluster, methods=["GET", "POST"]),
        EncodedSlashRoute("/", _to_the_list, methods=["GET"]),
        EncodedSlashRoute("/{path:rest}", ui, methods=["GET"]),
    ]
    return Router(routes, redirect_slashes=False)


def absent_router(
    services: ClusterServices,
    thread_pools: ThreadPools,
    access: Access,
    accesses: Mapping[str, Access],
    ui: Ui,
    ready: ASGIApp,
) -> Router:
    """What the address of a cluster that does not exist answers where `Guard` asks for no role: the
    same as one in which nobody has a role, so that names cannot be guessed."""
    access = access.without_roles()
    own = {**_session_endpoints(access, accesses), "readyz": ready}
    endpoints = (
        (route.path, route.method, _endpoint(route, services, thread_pools, own))
        for route in ROUTES
        if route.name in _WITHOUT_ROLE
    )
    routes = [
        *_by_path(endpoints),
        *_common_routes(thread_pools, access, accesses, ui),
        *(
            route
            for route in flower_routes(services, thread_pools, access)
            if route.path == "/healthcheck"
        ),
        EncodedSlashRoute("/{path:rest}", ui, methods=["GET"]),
    ]
    return Router(routes, redirect_slashes=False)


def _common_routes(
    thread_pools: ThreadPools, access: Access, accesses: Mapping[str, Access], ui: Ui
) -> list[BaseRoute]:
    described = OpenApiEndpoint(thread_pools.history)
    login = LoginEndpoint(access, accesses, ui.showing(LOGIN_PAGE))
    of_provider = "/login/{provider}"
    return [
        EncodedSlashRoute(f"{API_ROOT}/openapi.json", described, methods=["GET"]),
        EncodedSlashRoute("/login", login, methods=LOGIN),
        EncodedSlashRoute("/login/options", OptionsEndpoint(access), methods=["GET"]),
        EncodedSlashRoute(of_provider, SendEndpoint(access), methods=["GET"]),
        EncodedSlashRoute(f"{of_provider}/callback", CallbackEndpoint(access), methods=["GET"]),
        EncodedSlashRoute(f"{of_provider}/logout", BackChannelEndpoint(access), methods=["POST"]),
    ]


async def _name_a_cluster(_: Request) -> Response:
    raise Refusal(
        "not-found",
        "This server has several clusters, so the address has to name one: "
        f"{API_ROOT}/clusters/NAME/..., or /c/NAME before Flower's. {API_ROOT}/clusters lists "
        f"them, and {API_ROOT}/all/tasks searches them together.",
    )


async def _to_the_list(request: Request) -> Response:
    address = f"{request.scope['umbel.root']}/clusters"
    return redirect(address)


class _Metrics:
    """`GET /metrics` of several clusters: those that whoever asks may look at."""

    def __init__(
        self, clusters: Mapping[str, ClusterServices], accesses: Mapping[str, Access]
    ) -> None:
        self._clusters = clusters
        self._accesses = accesses
        self._scrapes = {
            name: SharedRead(name, partial(_families, services))
            for name, services in clusters.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visible = await visible_clusters(scope, self._clusters, self._accesses)
        names = [services.name for services, _ in visible]
        found = await asyncio.gather(*(self._scrapes[name].attempt() for name in names))
        by_name = dict(zip(names, found, strict=True))
        openmetrics = wants_openmetrics(scope)
        answer = of_clusters(by_name, request_families(scope), openmetrics=openmetrics)
        await answer(scope, receive, send)


def _families(services: ClusterServices) -> list[Family]:
    return list(families(scrape(services, services.name)))


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


def _own_endpoints(
    access: Access, accesses: Mapping[str, Access], listed: ListedClusters, ready: ASGIApp
) -> Mapping[str, ASGIApp]:
    """The endpoints of routes without a handler, by the name of the route."""
    return {**_session_endpoints(access, accesses), **listed, "readyz": ready}


def _session_endpoints(access: Access, accesses: Mapping[str, Access]) -> Mapping[str, ASGIApp]:
    of_all = {name: endpoint(access, accesses) for name, endpoint in SESSION_ENDPOINTS.items()}
    return of_all | {name: endpoint(access) for name, endpoint in SECOND_FACTOR_ENDPOINTS.items()}


def _api_routes(
    services: ClusterServices,
    thread_pools: ThreadPools,
    access: Access,
    own: Mapping[str, ASGIApp],
) -> Iterator[EncodedSlashRoute]:
    """The table of routes, each for those who may ask it."""
    endpoints: list[tuple[str, str, ASGIApp]] = []
    for route in ROUTES:
        path = route.path.replace("}", ":rest}") if route.slashes else route.path
        endpoint = _endpoint(route, services, thread_pools, own)
        if route.permission is not None and route.path not in ENROLMENT:  # which `Guard` decides
            endpoint = Permitted(
                endpoint,
                route.permission,
                access,
                for_some=route.for_some,
                stream=bool(route.events),
            )
        endpoints.append((path, route.method, endpoint))
    return _by_path(endpoints)


def _by_path(endpoints: Iterable[tuple[str, str, ASGIApp]]) -> Iterator[EncodedSlashRoute]:
    """One address a path, in the order of the first with that path."""
    found: dict[str, dict[str, ASGIApp]] = {}
    for path, method, endpoint in endpoints:
        found.setdefault(path, {})[method] = endpoint
    for path, methods in found.items():
        yield EncodedSlashRoute(path, _ByMethod(methods))


def _endpoint(
    route: Route, services: ClusterServices, thread_pools: ThreadPools, own: Mapping[str, ASGIApp]
) -> ASGIApp:
    if route.name in own:
        return own[route.name]
    if route.files:
        return ExportEndpoint(services, thread_pools)
    if route.handler is None:
        return LiveEndpoint(services, thread_pools.history)
    return Endpoint(route, route.handler, services, thread_pools)
