"""What comes in that is not an HTTP request, so that everything behind sees only those."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class Entrance:
    """Answers the server's lifespan, and refuses WebSockets: there are none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._app(scope, receive, send)
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
