"""How much of answers waits in memory for readers who do not read: together, and of one person.

A large answer goes out in pieces, and the next is handed over when the connection took the one
before, so what waits is known here and no buffer has it twice. An answer for which there is no
room is refused before it begins; the next part of one that has begun waits for room.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from umbel.services.fair_shares import asker, release
from umbel.web.request_slots import no_room

#: The most bytes that are given to a connection at once. What is shorter is not counted.
PIECE: Final = 64 * 1024
#: The most bytes that wait for their readers, and of one person's.
WAITING_MAX: Final = 64 * 1024 * 1024
WAITING_EACH: Final = 16 * 1024 * 1024
#: How long the next part of an answer waits for room, seconds.
ROOM_S: Final = 30.0


class ResponseMemory:
    """The bytes that wait. On the event loop."""

    def __init__(self, most: int = WAITING_MAX, each: int = WAITING_EACH) -> None:
        self._most = most
        self._each = each
        self._held: Counter[str] = Counter()
        self._waiting: set[asyncio.Event] = set()

    def take(self, who: str, size: int) -> None:
        """Count `size` bytes more. Raises `Refusal` if there is no room. Whoever has nothing
        waiting may have one answer of any size that there is room for."""
        if not self._has_room(who, size):
            raise no_room("Too many large answers wait to be read")
        self._held[who] += size

    async def wait(self, who: str, size: int) -> None:
        """The same, waiting for room. Raises `TimeoutError` after `ROOM_S`."""
        async with asyncio.timeout(ROOM_S):
            while not self._has_room(who, size):
                room = asyncio.Event()
                self._waiting.add(room)
                try:
                    await room.wait()
                finally:
                    self._waiting.discard(room)
        self._held[who] += size

    def give_back(self, who: str, size: int) -> None:
        """They were read, or nobody is there to read them."""
        release(self._held, who, size)
        for room in self._waiting:
            room.set()

    def _has_room(self, who: str, size: int) -> bool:
        total, own = self._held.total(), self._held[who]
        return not (total and total + size > self._most) and not (own and own + size > self._each)


class ResponseMemoryMiddleware:
    """Sends large answers in pieces, and counts them. Behind `RequestSlotMiddleware`."""

    def __init__(self, app: ASGIApp, *, memory: ResponseMemory) -> None:
        self._app = app
        self._memory = memory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, _Sender(send, self._memory, asker()))


class _Sender:
    """`send` of one answer. It begins with its first part, for which there may be no room."""

    def __init__(self, send: Send, memory: ResponseMemory, who: str) -> None:
        self._send = send
        self._memory = memory
        self._who = who
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        body: bytes = message.get("body", b"")
        if len(body) <= PIECE:
            await self._begin()
            await self._send(message)
            return
        if self._start is not None:
            self._memory.take(self._who, len(body))
        else:
            await self._memory.wait(self._who, len(body))
        await self._send_counted(body, more=message.get("more_body", False))

    async def _begin(self) -> None:
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)

    async def _send_counted(self, body: bytes, *, more: bool) -> None:
        try:
            await self._begin()
            for at in range(0, len(body), PIECE):
                piece = body[at : at + PIECE]
                last = at + PIECE >= len(body)
                part = {"type": "http.response.body", "body": piece, "more_body": more or not last}
                await self._send(part)
        finally:
            self._memory.give_back(self._who, len(body))
