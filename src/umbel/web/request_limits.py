"""Bounds of addresses and bodies, in bytes and in seconds.

`RequestLimits` refuses what declares itself too large, before anything else looks at it.
`BodyMiddleware` reads bodies after authentication; meanwhile the request gives its slot back
(`request_slots`), so that slow senders keep nobody out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.services.fair_shares import asker, release
from umbel.web.http.problems import Refusal
from umbel.web.http.scopes import path_of
from umbel.web.request_slots import RequestSlot, leave_slot, no_room

#: The largest body of a request that changes nothing, bytes.
BODY_MAX: Final = 64 * 1024
#: The largest body of one that does: ten thousand ids, or the arguments of a task.
CHANGE_MAX: Final = 4 * 1024 * 1024
#: The largest body of a login, bytes: the longest name and password, however they are written.
#: It comes from people who are not known yet.
LOGIN_MAX: Final = 16 * 1024
#: How long a body may take to come, seconds.
BODY_S = 60.0
#: How much of bodies is held in memory at once, bytes, and how much of one person's.
HELD_MAX: Final = 32 * 1024 * 1024
HELD_EACH: Final = 16 * 1024 * 1024
#: The longest path and query together, bytes: 4,000 characters of a search, each of them up
#: to twelve bytes when it is quoted, and room for the rest.
URL_MAX: Final = 56 * 1024


class RequestLimits:
    """Refuses long addresses, and bodies that say that they are too large."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _check(scope)
        await self._app(scope, receive, send)


class BodyMiddleware:
    """Reads each body whole before the rest; refuses large and slow ones, and more than
    `HELD_MAX` bytes of them at once, `HELD_EACH` of one person. Behind `RequestSlotMiddleware`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._held: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        if "transfer-encoding" not in headers and "content-length" not in headers:
            await self._app(scope, receive, send)
            return
        body = bytearray()
        try:
            await self._read_aside(scope, receive, body)
            await self._app(scope, _replay(bytes(body), receive), send)
        finally:
            release(self._held, asker(), len(body))

    async def _read_aside(self, scope: Scope, receive: Receive, body: bytearray) -> None:
        leave_slot(scope)
        try:
            async with asyncio.timeout(BODY_S):
                await self._read(receive, body, _most(scope))
        except TimeoutError:
            raise _too_slow() from None
        slot: RequestSlot | None = scope.get("umbel.slot")
        if slot is not None:
            slot.take()

    async def _read(self, receive: Receive, body: bytearray, most: int) -> None:
        """Read the whole body into `body`, which is counted as held from then on."""
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _cut_off()
            part = message.get("body", b"")
            if len(body) + len(part) > most:
                raise _too_large(most)
            if self._held.total() + len(part) > HELD_MAX:
                raise no_room("Too many large bodies are being read")
            if self._held[asker()] + len(part) > HELD_EACH:
                raise no_room("Too many large bodies of yours are being read")
            body += part
            self._held[asker()] += len(part)
            if not message.get("more_body", False):
                return


def _check(scope: Scope) -> None:
    length = len(scope.get("raw_path") or scope["path"]) + len(scope["query_string"])
    if length > URL_MAX:
        raise Refusal(
            "url-too-long",
            f"The address has {length:,} bytes; up to {URL_MAX:,} are read.",
        )
    if path_of(scope).startswith("/api/") and not _is_text(scope.get("raw_path") or b""):
        raise Refusal("bad-request", "The address is not text in UTF-8.")
    most = _most(scope)
    if _declared_length(Headers(scope=scope)) > most:
        raise _too_large(most)


def _is_text(raw_path: bytes) -> bool:
    """Whether a name in it is what somebody wrote: servers decode a path leniently."""
    try:
        unquote_to_bytes(raw_path).decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _most(scope: Scope) -> int:
    if scope.get("method") != "POST":
        return BODY_MAX
    path = path_of(scope)
    return LOGIN_MAX if path == "/login" or path.startswith("/login/") else CHANGE_MAX


def _declared_length(headers: Headers) -> int:
    declared = headers.get("content-length", "0")
    return int(declared) if declared.isascii() and declared.isdigit() else 0


def _replay(body: bytes, receive: Receive) -> Receive:
    """The same body from memory; what comes after it comes from the connection."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return waiting.pop() if waiting else await receive()

    return replay


def _too_large(most: int) -> Refusal:
    detail = f"Bodies of up to {most:,} bytes are read."
    return Refusal("body-too-large", detail, headers={"Connection": "close"})


def _cut_off() -> Refusal:
    """Nobody reads this answer; but half a request must not be carried out."""
    return Refusal("bad-request", "The connection ended before the body was whole.")


def _too_slow() -> Refusal:
    detail = f"The body did not come within {BODY_S:.0f} s, so nothing was done. Send it again."
    return Refusal("too-slow", detail, headers={"Connection": "close"})
