"""Error middleware: the outermost place where an exception becomes a response."""

from __future__ import annotations

import logging
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.web.http.problems import respond_to

log = logging.getLogger("umbel.web")


class ErrorMiddleware:
    """Answers every exception with `respond`. After the response has begun, it can only be broken
    off: the exception is raised on, and logged by the outermost (`last`) middleware."""

    def __init__(
        self,
        app: ASGIApp,
        respond: Callable[[Exception], Response] = respond_to,
        *,
        last: bool = True,
    ) -> None:
        self._app = app
        self._respond = respond
        self._last = last

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def send_noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:
            if begun:
                if self._last:
                    log.exception("An answer broke off.")
                raise
            await self._respond(error)(scope, receive, send)
