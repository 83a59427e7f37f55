"""Connections that ask nothing or read nothing end; others are not touched."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from uvicorn.server import ServerState

from umbel.open_files import CONNECTIONS_MAX, connections_max
from umbel.web.serving import connections
from umbel.web.serving.connection_table import ConnectionTable
from umbel.web.serving.connections import Connection
from umbel.web.serving.listener import Listener
from umbel.web.serving.sockets import open_tcp

pytestmark = pytest.mark.anyio

PATIENCE_S = 20.0
#: More than the kernel takes on for a reader who does not read.
LARGE = b"x" * 32 * 1024 * 1024
REQUEST = b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n"

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, at length, or only when its reader is gone."""
    body = LARGE if scope["path"] == "/large" else b"ok"
    if scope["path"] == "/never":
        while (await receive())["type"] != "http.disconnect":
            pass
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


class Door:
    """Where `app` is served, and those who came."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, said: bytes = b"") -> Ends:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.writers.append(writer)
        writer.write(said)
        return reader, writer


@asynccontextmanager
async def serving(most: int = CONNECTIONS_MAX) -> AsyncIterator[Door]:
    table, state = ConnectionTable(most, most), ServerState()
    config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None, access_log=False)
    config.load()
    (listening,) = open_tcp("127.0.0.1", 0)
    listener = Listener(listening, lambda: Connection(config, state, {}, table=table), table)
    door = Door(listening.getsockname()[1])
    try:
        yield door
    finally:
        for connection in list(state.connections):
            connection.transport.abort()
        for writer in door.writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
        listener.close()
        await listener.wait_closed()
        listening.close()


async def is_over(ends: Ends) -> bool:
    """Whether the server ends it, with nothing more said."""
    async with asyncio.timeout(PATIENCE_S):
        try:
            return await ends[0].read() == b""
        except ConnectionError:
            return True


async def answer(ends: Ends) -> bytes:
    """The head of an answer and its two bytes."""
    async with asyncio.timeout(PATIENCE_S):
        return await ends[0].readuntil(b"ok")


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "], ids=["nothing", "half a head"]
)
async def test_who_asks_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.05)
    async with serving() as door:
        assert await is_over(await door.connect(said))


async def test_half_a_request_after_a_whole_one_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.05)
    async with serving() as door:
        ends = await door.connect(REQUEST % b"" + b"GET / HT")

        await answer(ends)
        assert await is_over(ends)


async def test_who_waits_for_an_answer_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "REQUEST_S", 0.02)
    async with serving() as door:
        waits = await door.connect(REQUEST % b"never")
        assert await is_over(await door.connect())
        assert await is_over(await door.connect())

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await waits[0].read(1)
        assert not waits[0].at_eof()


async def test_who_does_not_read_the_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WRITE_S", 0.05)
    async with serving() as door:
        reader, writer = await door.connect(REQUEST % b"large")
        transport = writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        other = await door.connect(REQUEST % b"")
        await answer(other)
        monkeypatch.setattr(connections, "REQUEST_S", 0.3)
        assert await is_over(await door.connect())

        transport.resume_reading()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            async with asyncio.timeout(PATIENCE_S):
                await reader.readexactly(len(LARGE))


async def test_who_goes_on_reading_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "WRITE_S", 0.2)
    monkeypatch.setattr(connections, "REQUEST_S", 0.05)
    async with serving() as door:
        reader, _ = await door.connect(REQUEST % b"large")

        async with asyncio.timeout(PATIENCE_S):
            await reader.readuntil(b"\r\n\r\n")
            assert await reader.readexactly(len(LARGE)) == LARGE


async def test_when_too_many_are_open_the_idle_one_makes_room() -> None:
    async with serving(most=3) as door:
        asking = await door.connect(REQUEST % b"never")
        idle = await door.connect()
        later = await door.connect()

        new = await door.connect(REQUEST % b"")

        assert (await answer(new)).startswith(b"HTTP/1.1 200 ")
        assert await is_over(idle)
        for kept in (asking, later):
            assert not kept[0].at_eof()


async def test_what_is_no_http_is_told_with_the_headers_of_every_answer() -> None:
    async with serving() as door:
        reader, _ = await door.connect(b"\x16\x03\x01\r\n\r\n")
        async with asyncio.timeout(PATIENCE_S):
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")

    assert json.loads(body)["type"] == "urn:umbel:problem:bad-request"
    assert b"content-security-policy: default-src 'none'" in head
    assert b"cache-control: no-store" in head


def test_half_of_the_files_that_a_process_may_open_are_left_for_its_own() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, before[1]))
        assert connections_max() == 512
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_a_body_that_does_not_come_makes_room() -> None:
    async with serving(most=2) as door:
        half = await door.connect(
            b"POST /never HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
        )
        await door.connect()
        new = await door.connect(REQUEST % b"")

        assert (await answer(new)).startswith(b"HTTP/1.1 200 ")
        assert await is_over(half)


async def test_many_at_once_each_make_room_for_another() -> None:
    async with serving(most=3) as door:
        many = [await door.connect() for _ in range(12)]
        new = await door.connect(REQUEST % b"")

        assert (await answer(new)).startswith(b"HTTP/1.1 200 ")
        for each in many[:9]:
            assert await is_over(each)
