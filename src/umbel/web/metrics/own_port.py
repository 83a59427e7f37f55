"""`/metrics` on a port of its own (`metrics.port`): nothing else is there, and nobody logs in."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.web.http.problems import Refusal
from umbel.web.scrape_access import METRICS, OWN_PORT

_METHODS: Final = frozenset({"GET", "HEAD"})


class MetricsPort:
    """Lets through requests for metrics alone, of those that came to `port`. Behind the check of
    host names, where the path has no prefix any more."""

    def __init__(self, app: ASGIApp, *, port: int | None) -> None:
        self._app = app
        self._port = port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = scope.get("server")
        if self._port is not None and server is not None and server[1] == self._port:
            if scope["path"] != METRICS or scope["method"] not in _METHODS:
                raise Refusal("not-found", f"Nothing but {METRICS} is at this port.")
            scope[OWN_PORT] = True
        await self._app(scope, receive, send)
