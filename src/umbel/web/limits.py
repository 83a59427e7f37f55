"""Requests that are too large, or too many, are refused before anything looks at them."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.web.problems import Refusal

#: The largest body, bytes.
BODY_MAX: Final = 64 * 1024
#: The longest path and query together, bytes: 4,000 characters of a search, each of them up
#: to twelve bytes when it is quoted, and room for the rest.
URL_MAX: Final = 56 * 1024
#: How many requests may be open at once, live streams among them.
OPEN_MAX: Final = 500


class Limits:
    """Refuses long addresses and large bodies, and more than `OPEN_MAX` requests at once; a
    body is read whole before the rest."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._open >= OPEN_MAX:
            detail = f"{OPEN_MAX} requests are open, and more are not taken. Try again soon."
            raise Refusal("too-busy", detail, headers={"Retry-After": "2"})
        self._open += 1
        try:
            await self._let_in(scope, receive, send)
        finally:
            self._open -= 1

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
        if length > URL_MAX:
            raise Refusal(
                "url-too-long",
                f"The address has {length:,} bytes; up to {URL_MAX:,} are read.",
            )
        headers = Headers(scope=scope)
        if _told_length(headers) > BODY_MAX:
            raise _too_large()
        if "transfer-encoding" in headers or "content-length" in headers:
            receive = await _read(receive)
        await self._app(scope, receive, send)


def _told_length(headers: Headers) -> int:
    told = headers.get("content-length", "0")
    return int(told) if told.isascii() and told.isdigit() else 0


async def _read(receive: Receive) -> Receive:
    """The same body from memory; what comes after it comes from the connection."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        if len(body) > BODY_MAX:
            raise _too_large()
        if not message.get("more_body", False):
            break
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _too_large() -> Refusal:
    detail = f"Bodies of up to {BODY_MAX:,} bytes are read."
    return Refusal("body-too-large", detail, headers={"Connection": "close"})
