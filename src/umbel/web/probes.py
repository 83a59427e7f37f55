"""The readiness probe, `GET /readyz`.

The store is checked at most once a second, in a thread of its own and for a bounded time, so that
the probe answers under any load. Strangers learn only which part is not ready; the sentence with
paths and causes is for people with access.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from umbel.clock import Clock
from umbel.errors import StoreError, UmbelError
from umbel.services.health.health import Health, Unready
from umbel.web.authentication import Access
from umbel.web.http.parameters import read
from umbel.web.http.problems import Refusal
from umbel.web.requests import Nothing
from umbel.web.shared_read import SharedRead

#: How long a check counts as fresh, seconds.
FRESH_S: Final = 1.0


class Readiness:
    """The result of `Health.unready`, at most `FRESH_S` old."""

    def __init__(self, name: str, health: Health, clock: Clock) -> None:
        self._check = SharedRead(name, health.unready)
        self._clock = clock
        self._unready: Unready | None = None
        self._until = float("-inf")

    async def unready(self) -> Unready | None:
        """Why the cluster is not ready; None when it is."""
        if self._clock.monotonic() >= self._until:
            found = await self._check.attempt()
            self._unready = Unready("store", str(found)) if isinstance(found, StoreError) else found
            self._until = self._clock.monotonic() + FRESH_S
        return self._unready


class ServerReadyEndpoint:
    """`GET /readyz` of the server, which is ready while it can show one of its clusters: a broker
    that is away must not take the others from people."""

    def __init__(self, clusters: Sequence[Readiness]) -> None:
        self._clusters = clusters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read(Nothing, scope["query_string"], {})
        checks = [asyncio.ensure_future(each.unready()) for each in self._clusters]
        try:
            for check in asyncio.as_completed(checks):
                why = await check
                if why is None:
                    await _ready()(scope, receive, send)
                    return
        finally:
            for each in checks:
                each.cancel()
        several = "None of the clusters of this server is ready."
        raise Refusal("not-ready", several if len(checks) > 1 or why is None else _brief(why))


class ReadyEndpoint:
    """`GET /readyz` of a cluster, for those who may look at it. Others are told how the server
    is, as they are at the address of a cluster that does not exist."""

    def __init__(self, readiness: Readiness, access: Access, of_server: ASGIApp) -> None:
        self._readiness = readiness
        self._access = access
        self._of_server = of_server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read(Nothing, scope["query_string"], {})
        why = await self._readiness.unready()
        if why is None:
            await _ready()(scope, receive, send)
        elif await self._may_read(scope):
            raise Refusal("not-ready", why.sentence)
        else:
            await self._of_server(scope, receive, send)

    async def _may_read(self, scope: Scope) -> bool:
        try:
            principal = await self._access.identify(scope)
        except UmbelError:  # too many passwords, or no ledger to ask
            return False
        return principal is not None and "read" in self._access.permissions(principal)


def _ready() -> PlainTextResponse:
    return PlainTextResponse("ok", headers={"Cache-Control": "no-store"})


def _brief(why: Unready) -> str:
    return (
        f"Umbel is not ready, because of its {why.part}. "
        "Those who may look at this cluster are told more."
    )
