"""`GET /api/v1/clusters`: the clusters that a person may look at, each with its health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from umbel.auth.base import Role
from umbel.bounded_json import encode_json
from umbel.services.cluster_services import ClusterServices
from umbel.services.clusters import Clusters, cluster_row
from umbel.web.authentication import Access
from umbel.web.http.endpoint import accepts_gzip, json_response
from umbel.web.http.parameters import read
from umbel.web.requests import Nothing
from umbel.web.thread_pools import ThreadPool


class ClustersEndpoint:
    """The ASGI application of the route."""

    def __init__(
        self,
        clusters: Mapping[str, ClusterServices],
        accesses: Mapping[str, Access],
        thread_pool: ThreadPool,
    ) -> None:
        self._clusters = clusters
        self._accesses = accesses
        self._thread_pool = thread_pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read(Nothing, scope["query_string"], {})
        visible = await visible_clusters(scope, self._clusters, self._accesses)
        zipped = accepts_gzip(Request(scope, receive))
        response = await self._thread_pool.run(partial(self._answer, visible, zipped=zipped))
        await response(scope, receive, send)

    def _answer(self, visible: Sequence[tuple[ClusterServices, Role]], *, zipped: bool) -> Response:
        is_one = len(self._clusters) == 1
        rows = tuple(
            cluster_row(services, role, path="" if is_one else f"c/{services.name}/")
            for services, role in visible
        )
        return json_response(encode_json(Clusters(rows)), zipped=zipped)


async def visible_clusters(
    scope: Scope, clusters: Mapping[str, ClusterServices], accesses: Mapping[str, Access]
) -> list[tuple[ClusterServices, Role]]:
    """The clusters in which whoever asks has a role. Raises `StoreError`."""
    found = []
    for name, services in clusters.items():
        principal = await accesses[name].identify(scope, again=True)
        if principal is not None and not principal.is_stranger:
            found.append((services, principal.role))
    return found
