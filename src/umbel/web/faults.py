"""The last place where an exception becomes an answer."""

from __future__ import annotations

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.web.problems import respond_to

log = logging.getLogger("umbel.web")


class Faults:
    """Answers every exception with a problem; one after the answer began ends it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
                log.exception("An answer broke off.")
                raise
            await respond_to(error)(scope, receive, send)
