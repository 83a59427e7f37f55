"""ASGI scopes that are not HTTP: lifespan and WebSockets. Everything behind sees HTTP only."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send


class NonHttpMiddleware:
    """Completes the lifespan protocol, and refuses WebSockets."""

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
