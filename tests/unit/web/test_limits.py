"""How many requests may be open at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from umbel.web.limits import OPEN_MAX, Limits
from umbel.web.problems import Refusal

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def nothing(*_: object) -> Any:
    raise AssertionError


async def test_requests_beyond_the_limit_are_refused_until_one_is_over() -> None:
    over = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001
        await over.wait()

    limits = Limits(app)

    def ask() -> asyncio.Task[None]:
        scope = {"type": "http", "path": "/", "query_string": b"", "headers": []}
        return asyncio.ensure_future(limits(scope, nothing, nothing))

    opened = [ask() for _ in range(OPEN_MAX)]
    with pytest.raises(Refusal) as caught:
        await ask()
    over.set()
    await asyncio.gather(*opened)
    await ask()

    assert caught.value.problem.status == 503
    assert caught.value.headers == {"Retry-After": "2"}
