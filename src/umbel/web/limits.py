"""Requests that are too large, or too many, are refused before anything looks at them. Bodies
are read when it is known who sends them."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.web.problems import Refusal

#: The largest body of a request that changes nothing, bytes.
BODY_MAX: Final = 64 * 1024
#: The largest body of one that does: ten thousand ids, or the arguments of a task.
CHANGE_MAX: Final = 4 * 1024 * 1024
#: How much of bodies is held in memory at once, bytes.
HELD_MAX: Final = 32 * 1024 * 1024
#: The longest path and query together, bytes: 4,000 characters of a search, each of them up
#: to twelve bytes when it is quoted, and room for the rest.
URL_MAX: Final = 56 * 1024
#: How many requests may be open at once, live streams among them.
OPEN_MAX: Final = 500


class Limits:
    """Refuses long addresses, bodies that say that they are too large, and more than
    `OPEN_MAX` requests at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._open >= OPEN_MAX:
            raise _too_busy(f"{OPEN_MAX} requests are open")
        self._open += 1
        try:
            _check(scope)
            await self._app(scope, receive, send)
        finally:
            self._open -= 1


class Bodies:
    """Reads each body whole before the rest; refuses large ones, and more than `HELD_MAX`
    bytes of them at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if "transfer-encoding" not in headers and "content-length" not in headers:
            await self._app(scope, receive, send)
            return
        body = bytearray()
        try:
            await self._read(receive, body, _most(scope))
            await self._app(scope, _replay(bytes(body), receive), send)
        finally:
            self._held -= len(body)

    async def _read(self, receive: Receive, body: bytearray, most: int) -> None:
        """Read the whole body into `body`, which is counted as held from then on."""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return
            part = message.get("body", b"")
            if len(body) + len(part) > most:
                raise _too_large(most)
            if self._held + len(part) > HELD_MAX:
                raise _too_busy("Too many large bodies are being read")
            body += part
            self._held += len(part)
            if not message.get("more_body", False):
                return


def _check(scope: Scope) -> None:
    length = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    if length > URL_MAX:
        raise Refusal(
            "url-too-long",
            f"The address has {length:,} bytes; up to {URL_MAX:,} are read.",
        )
    most = _most(scope)
    if _told_length(Headers(scope=scope)) > most:
        raise _too_large(most)


def _most(scope: Scope) -> int:
    return CHANGE_MAX if scope.get("method") == "POST" else BODY_MAX


def _told_length(headers: Headers) -> int:
    told = headers.get("content-length", "0")
    return int(told) if told.isascii() and told.isdigit() else 0


def _replay(body: bytes, receive: Receive) -> Receive:
    """The same body from memory; what comes after it comes from the connection."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _too_large(most: int) -> Refusal:
    detail = f"Bodies of up to {most:,} bytes are read."
    return Refusal("body-too-large", detail, headers={"Connection": "close"})


def _too_busy(why: str) -> Refusal:
    detail = f"{why}, and more are not taken. Try again soon."
    return Refusal("too-busy", detail, headers={"Retry-After": "2"})
