"""What is no HTTP request."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Message

from tests.api.world import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def answers(kind: str, *told: str) -> list[dict[str, Any]]:
    """What the whole application sends when it is told this."""
    waiting: list[Message] = [{"type": name} for name in told]
    sent: list[dict[str, Any]] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        sent.append(dict(message))

    scope = {"type": kind, "path": "/api/v1/live", "query_string": b"", "headers": []}
    await World().app(scope, receive, send)
    return sent


async def test_a_server_that_asks_for_a_lifespan_is_answered() -> None:
    sent = await answers("lifespan", "lifespan.startup", "lifespan.shutdown")

    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_a_websocket_is_refused() -> None:
    sent = await answers("websocket", "websocket.connect")

    assert sent == [{"type": "websocket.close", "code": 1008}]
