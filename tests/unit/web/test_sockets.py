"""Sockets to listen on."""

from __future__ import annotations

import asyncio
import socket

from umbel.web.serving.sockets import open_tcp


def test_answers_leave_at_once_and_wait_for_no_acknowledgement() -> None:
    options: list[int] = []

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted = transport.get_extra_info("socket")
            options.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    async def connect_once() -> None:
        (listening,) = open_tcp("127.0.0.1", 0)
        server = await asyncio.get_running_loop().create_server(Accepting, sock=listening)
        async with server:
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            await reader.read()
            writer.close()
            await writer.wait_closed()

    asyncio.run(connect_once())

    assert options == [1]
