"""Whether this server is ready: asked of the store once a second at most, in a thread of its own,
so that it is told however much else is asked here.

Strangers are told no more than which part is missing. The sentence with paths and causes is for
those who may look at the cluster.
"""

from __future__ import annotations

from typing import Final

import anyio
import anyio.to_thread
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from umbel.clock import Clock
from umbel.errors import UmbelError
from umbel.services.health.health import Health, Unready
from umbel.web.authentication import Access
from umbel.web.http.parameters import read
from umbel.web.http.problems import Refusal
from umbel.web.requests import Nothing

#: How long an answer is kept, seconds.
KEPT_S: Final = 1.0


class Readiness:
    """What `Health.unready` says, at most `KEPT_S` old."""

    def __init__(self, health: Health, clock: Clock) -> None:
        self._health = health
        self._clock = clock
        self._alone = anyio.CapacityLimiter(1)
        self._found: Unready | None = None
        self._until = float("-inf")

    async def ask(self) -> Unready | None:
        """Why the server is not ready; None when it is."""
        if self._is_kept():
            return self._found
        return await anyio.to_thread.run_sync(self._look, limiter=self._alone)

    def _look(self) -> Unready | None:
        if not self._is_kept():
            self._found = self._health.unready()
            self._until = self._clock.monotonic() + KEPT_S
        return self._found

    def _is_kept(self) -> bool:
        return self._clock.monotonic() < self._until


class ReadyEndpoint:
    """`GET /readyz`."""

    def __init__(self, readiness: Readiness, access: Access) -> None:
        self._readiness = readiness
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read(Nothing, scope["query_string"], {})
        why = await self._readiness.ask()
        if why is not None:
            raise Refusal("not-ready", why.sentence if await self._may_read(scope) else _brief(why))
        answer = PlainTextResponse("ok", headers={"Cache-Control": "no-store"})
        await answer(scope, receive, send)

    async def _may_read(self, scope: Scope) -> bool:
        try:
            return await self._access.identify(scope) is not None
        except UmbelError:  # too many passwords, or no ledger to ask
            return False


def _brief(why: Unready) -> str:
    return (
        f"Umbel is not ready, because of its {why.part}. "
        "Those who may look at this cluster are told more."
    )
