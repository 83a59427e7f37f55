"""How long bodies may take, and that they are in nobody's way meanwhile."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from umbel.web.http.problems import Refusal
from umbel.web.request_limits import BODY_S, BodyMiddleware, RequestLimits
from umbel.web.request_slots import STRANGERS_EACH, RequestSlotMiddleware, RequestSlots

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def nothing(*_: object) -> Any:
    raise AssertionError


def limited() -> RequestLimits:
    return RequestLimits(RequestSlotMiddleware(BodyMiddleware(done), slots=RequestSlots()))


def posted() -> Scope:
    return {
        "type": "http", "method": "POST", "path": "/login", "query_string": b"",
        "headers": [(b"content-length", b"10")],
    }  # fmt: skip


async def done(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
    await receive()


async def test_requests_whose_bodies_are_on_their_way_take_nobodys_place() -> None:
    arriving = asyncio.Event()

    async def slowly() -> dict[str, Any]:
        await arriving.wait()
        return {"type": "http.request", "body": b"0123456789", "more_body": False}

    limits = limited()

    slow = [asyncio.ensure_future(limits(posted(), slowly, nothing)) for _ in range(STRANGERS_EACH)]
    await asyncio.sleep(0)
    for _ in range(2 * STRANGERS_EACH):
        await limits({**posted(), "headers": []}, nothing_sent, nothing)
    arriving.set()
    await asyncio.gather(*slow)
    for _ in range(2 * STRANGERS_EACH):
        await limits(posted(), slowly, nothing)


async def nothing_sent() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BODY_S == 60
    monkeypatch.setattr("umbel.web.request_limits.BODY_S", 0.01)
    limits = limited()

    async def never() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(Refusal) as caught:
        await limits(posted(), never, nothing)

    assert caught.value.problem.status == 408
    assert caught.value.headers == {"Connection": "close"}
