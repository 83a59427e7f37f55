"""Which cluster a request is about, by its address.

With several clusters, `/c/NAME/` is a whole Umbel of one of them: its pages, its API, Flower's
API and its probes, so that any client can be given that address as it is given a prefix.
`/api/v1/clusters/NAME/...` is the same API under an address of its own. With one cluster every
address is that cluster's, and those with its name work as well.

`ClusterAddresses` moves `/c/NAME` to ASGI's `root_path`, like the prefix of a reverse proxy, so
whatever comes behind it sees the addresses of a server with one cluster.
"""

from __future__ import annotations

import re
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.web.http.scopes import path_of

#: Names of clusters (`umbel.settings.clusters`), with the rest of the path.
_WHOLE: Final = re.compile(r"/c/([a-z0-9-]{1,40})(/.*)?", re.DOTALL)
_API: Final = re.compile(r"/api/v1/clusters/([a-z0-9-]{1,40})(/.+)", re.DOTALL)


class ClusterAddresses:
    """Sets `umbel.cluster`, the name of the cluster, None for the server as a whole; and
    `umbel.root`, the `root_path` of the server. `only` is the name of the one cluster, None
    with several."""

    def __init__(self, app: ASGIApp, *, only: str | None) -> None:
        self._app = app
        self._only = only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["umbel.root"] = scope.get("root_path", "")
        scope["umbel.cluster"] = self._only
        path = path_of(scope)
        if found := _WHOLE.fullmatch(path):
            _enter(scope, found[1], found[2] or "/")
        elif found := _API.fullmatch(path):
            raw: bytes = scope.get("raw_path") or b""
            name = found[1].encode()
            scope["raw_path"] = raw.replace(b"/api/v1/clusters/" + name, b"/api/v1", 1)
            _enter(scope, found[1], f"/api/v1{found[2]}")
        await self._app(scope, receive, send)


def cluster_of(scope: Scope) -> str | None:
    """The name of the cluster that a request is about, None for the server as a whole."""
    name: str | None = scope.get("umbel.cluster")
    return name


def _enter(scope: Scope, name: str, rest: str) -> None:
    root: str = scope["umbel.root"] + f"/c/{name}"
    scope["umbel.cluster"] = name
    scope["root_path"] = root
    scope["path"] = root + rest
