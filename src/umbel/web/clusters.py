"""`GET /api/v1/clusters`: the clusters that a person may look at, each with its health."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from umbel.auth.base import Role
from umbel.bounded_json import encode_json
from umbel.errors import StoreError
from umbel.services.cluster_services import ClusterServices
from umbel.services.clusters import ClusterRow, Clusters, cluster_row, glance_at, unreadable
from umbel.web.authentication import Access
from umbel.web.http.endpoint import accepts_gzip, json_response
from umbel.web.http.parameters import read
from umbel.web.requests import Nothing
from umbel.web.shared_read import SharedRead


class ClustersEndpoint:
    """The ASGI application of the route."""

    def __init__(
        self, clusters: Mapping[str, ClusterServices], accesses: Mapping[str, Access]
    ) -> None:
        self._clusters = clusters
        self._accesses = accesses
        self._glances = {
            name: SharedRead(name, partial(glance_at, services))
            for name, services in clusters.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read(Nothing, scope["query_string"], {})
        visible = await visible_clusters(scope, self._clusters, self._accesses)
        rows = await asyncio.gather(*(self._row(services, role) for services, role in visible))
        body = encode_json(Clusters(tuple(rows)))
        zipped = accepts_gzip(Request(scope, receive))
        await json_response(body, zipped=zipped)(scope, receive, send)

    async def _row(self, services: ClusterServices, role: Role) -> ClusterRow:
        found = await self._glances[services.name].attempt()
        if isinstance(found, StoreError):
            found = unreadable(services, found)
        path = "" if len(self._clusters) == 1 else f"c/{services.name}/"
        return cluster_row(services, found, role, path=path)


async def visible_clusters(
    scope: Scope, clusters: Mapping[str, ClusterServices], accesses: Mapping[str, Access]
) -> list[tuple[ClusterServices, Role]]:
    """The clusters in which whoever asks has a role, but those whose ledger cannot tell. Raises
    `StoreError` where no ledger can."""
    found, errors = [], []
    for name, services in clusters.items():
        try:
            principal = await accesses[name].identify(scope, again=True)
        except StoreError as error:
            errors.append(error)
            continue
        if principal is not None and not (principal.is_stranger or principal.must_enrol):
            found.append((services, principal.role))
    if errors and not found:
        raise errors[0]
    return found
