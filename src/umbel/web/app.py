"""The web application: the table of routes, the browser's pages, and what surrounds them.

It needs no lifespan, so it can be mounted into another ASGI application: following the
store begins with the first live view and ends with the last, and `end_streams` ends all of
them when the process stops.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from umbel.services.cluster_services import ClusterServices
from umbel.web.all_clusters import ALL_ENDPOINTS, AllClusters
from umbel.web.authentication import Access
from umbel.web.authorization import Guard
from umbel.web.cluster_addresses import ClusterAddresses
from umbel.web.cluster_router import (
    ByCluster,
    ListedClusters,
    absent_router,
    cluster_router,
    server_router,
)
from umbel.web.clusters import ClustersEndpoint
from umbel.web.error_middleware import ErrorMiddleware
from umbel.web.http.identity_headers import IdentityHeaders
from umbel.web.http.problems import respond_to
from umbel.web.http.proxies import Proxies
from umbel.web.http.trusted_proxies import LOOPBACK
from umbel.web.metrics.own_port import MetricsPort
from umbel.web.metrics.requests import RequestCountMiddleware, RequestCounts
from umbel.web.non_http import NonHttpMiddleware
from umbel.web.open_access import open_access
from umbel.web.probes import Readiness, ReadyEndpoint, ServerReadyEndpoint
from umbel.web.request_limits import BodyMiddleware, RequestLimits
from umbel.web.request_slots import RequestSlotMiddleware, RequestSlots
from umbel.web.security import HostCheck, SecurityHeaders
from umbel.web.serving.response_memory import ResponseMemory, ResponseMemoryMiddleware
from umbel.web.thread_pools import ThreadPools
from umbel.web.ui import BUILT, Ui


class _RestOfPath(Convertor[str]):
    """The rest of a path, slashes and line breaks included: ids of tasks may have both."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


class _NotOurs(_RestOfPath):
    """The rest of a path below `/api/` that is not of our own API."""

    regex = r"(?s:(?!v1(?:/|\Z)).*)"


register_url_convertor("rest", _RestOfPath())
register_url_convertor("not_ours", _NotOurs())


class WebOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the application is reached. `url_prefix` is "" or begins with a slash and ends
    without; `trusted_proxies` are IP addresses or networks; `allowed_hosts` host names or
    patterns; `only_loopback` says that the server is bound to loopback, so that foreign
    host names are refused; `own_hosts` names of this machine, beside which and `allowed_hosts`
    none is answered to; `pages` is the folder with the built pages, `tasks_columns` are the columns
    that the Tasks page shows at first (empty: its own), `metrics_port` a port at which there is
    nothing but `/metrics`."""

    url_prefix: str = ""
    trusted_proxies: tuple[str, ...] = LOOPBACK
    allowed_hosts: tuple[str, ...] = ()
    only_loopback: bool = True
    own_hosts: tuple[str, ...] = ()
    pages: Path = BUILT
    tasks_columns: tuple[str, ...] = ()
    metrics_port: int | None = None


def create_app(
    clusters: Mapping[str, ClusterServices],
    *,
    options: WebOptions,
    access: Access | None = None,
    cluster_access: Mapping[str, Access] | None = None,
) -> Starlette:
    """The application over the services of each cluster by its name, which the caller closes
    after the last request. `access` is that of the server as a whole, and that of each cluster
    without one in `cluster_access`; without it everybody may do everything."""
    first = next(iter(clusters.values()))
    access = access or open_access(first.clock, first.ledger, first.login_audit)
    for services in clusters.values():
        services.hub.share(len(clusters))
    given = cluster_access or {}
    accesses = {name: given.get(name, access) for name in clusters}
    thread_pools = ThreadPools()
    ui = Ui(
        thread_pools.history,
        options.pages,
        clusters=clusters,
        tasks_columns=options.tasks_columns,
    )
    together = AllClusters(clusters, accesses)
    listed: ListedClusters = {
        "clusters": ClustersEndpoint(clusters, accesses),
        **{name: endpoint(together) for name, endpoint in ALL_ENDPOINTS.items()},
    }
    readiness = {name: Readiness(name, each.health, each.clock) for name, each in clusters.items()}
    server_ready = ServerReadyEndpoint(tuple(readiness.values()))
    routers = {
        name: cluster_router(
            services,
            thread_pools,
            accesses[name],
            accesses,
            ui,
            listed,
            ReadyEndpoint(readiness[name], accesses[name], server_ready),
        )
        for name, services in clusters.items()
    }
    of_all = server_router(clusters, thread_pools, access, accesses, ui, listed, server_ready)
    absent = absent_router(first, thread_pools, access, accesses, ui, server_ready)
    requests = RequestCounts(first.clock)
    app = Starlette(
        routes=[ByCluster(routers, of_all, None if access.is_open else absent)],
        middleware=[
            Middleware(NonHttpMiddleware),
            Middleware(RequestCountMiddleware, counts=requests, prefix=options.url_prefix),
            Middleware(SecurityHeaders),
            Middleware(ErrorMiddleware),
            *_host_and_proxies(options, access),
            Middleware(MetricsPort, port=options.metrics_port),
            Middleware(ClusterAddresses, only=first.name if len(clusters) == 1 else None),
            Middleware(RequestLimits),
            Middleware(Guard, access=access, clusters=accesses, own_hosts=options.allowed_hosts),
            Middleware(RequestSlotMiddleware, slots=RequestSlots(), several=len(clusters) > 1),
            Middleware(BodyMiddleware),
            Middleware(ResponseMemoryMiddleware, memory=ResponseMemory()),
        ],
        exception_handlers={HTTPException: _refused},
    )
    app.router.redirect_slashes = False  # an address is right or unknown
    app.state.clusters = clusters
    app.state.requests = requests
    app.state.thread_pools = thread_pools
    return app


def end_streams(app: Starlette) -> None:
    """End every live stream and whatever waits for results, and give no more. On the event
    loop of the application."""
    clusters: Mapping[str, ClusterServices] = app.state.clusters
    for services in clusters.values():
        services.hub.stop()
        services.stop()


async def _refused(_: Request, error: Exception) -> Response:
    return respond_to(error)


def _host_and_proxies(options: WebOptions, access: Access) -> list[Middleware]:
    """The check of the host name, and what proxies say. Without a login the name counts that the
    request came with: a page that reached this machine under a name of its own (DNS rebinding)
    may say anything in headers, and a proxy on this machine cannot be told from it."""
    check = Middleware(
        HostCheck,
        allowed=options.allowed_hosts,
        only_loopback=options.only_loopback,
        own=options.own_hosts,
    )
    proxies = Middleware(Proxies, trusted=options.trusted_proxies, url_prefix=options.url_prefix)
    if access.is_open:
        return [check, proxies]
    if not access.identity_headers:
        return [proxies, check]
    identity = Middleware(
        IdentityHeaders,
        names=access.identity_headers,
        trusted=options.trusted_proxies,
        own_hosts=options.allowed_hosts,
    )
    return [identity, proxies, check]
