"""A reader of server-sent events on the application itself, as slow as a test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import msgspec
from starlette.types import ASGIApp, Message

PATIENCE_S = 20.0


class Told(msgspec.Struct, frozen=True):
    """One event: its kind, its id, and its decoded data."""

    event: str
    id: int
    data: dict[str, Any]


class Listener:
    """What came, event by event. While `reading` is cleared, the reader takes nothing."""

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers: dict[str, str] = {}
        self.reading = asyncio.Event()
        self.reading.set()
        self.ended = asyncio.Event()
        self._gone = asyncio.Event()
        self._arrived = asyncio.Event()
        self._text = ""
        self.told: list[Told] = []
        self.comments: list[str] = []

    async def next(self, kind: str) -> Told:
        """The next event of this kind; those before it are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                while self.told:
                    event = self.told.pop(0)
                    if event.event == kind:
                        return event
                self._arrived.clear()
                await self._arrived.wait()

    async def body(self) -> dict[str, Any]:
        """The answer as JSON, when it is no stream."""
        async with asyncio.timeout(PATIENCE_S):
            await self.ended.wait()
        answer: dict[str, Any] = json.loads(self._text)
        return answer

    def hang_up(self) -> None:
        """The reader is gone."""
        self._gone.set()
        self.reading.set()

    async def receive(self) -> Message:
        """ASGI's receive: nothing until the reader is gone."""
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """ASGI's send, which waits while the reader takes nothing."""
        await self.reading.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            pairs = message["headers"]
            self.headers = {name.decode(): value.decode() for name, value in pairs}
            return
        self._text += message.get("body", b"").decode()
        if "text/event-stream" in self.headers["content-type"]:
            *whole, self._text = self._text.split("\n\n")
            self.comments += [block for block in whole if block.startswith(":")]
            self.told += [event for block in whole if (event := _event(block)) is not None]
        if not message.get("more_body", False):
            self.ended.set()
        self._arrived.set()


def _event(block: str) -> Told | None:
    """One event, or None for a comment or a setting."""
    fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
    if "data" not in fields:
        return None
    return Told(fields["event"], int(fields["id"]), json.loads(fields["data"]))


@asynccontextmanager
async def listen(
    app: ASGIApp,
    *,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
    **parameters: Any,
) -> AsyncIterator[Listener]:
    """A reader of `/api/v1/live`, gone at the end."""
    listener = Listener()
    given = {"host": "localhost", **(headers or {})}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/api/v1/live",
        "raw_path": b"/api/v1/live",
        "root_path": "",
        "query_string": urlencode(parameters).encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("localhost", 80),
    }
    answering = asyncio.create_task(_answer(app, scope, listener))
    try:
        yield listener
    finally:
        listener.hang_up()
        async with asyncio.timeout(PATIENCE_S):
            await answering


async def _answer(app: ASGIApp, scope: dict[str, Any], listener: Listener) -> None:
    await app(scope, listener.receive, listener.send)
