"""The listener: accepts connections a few at a time, so that a burst of them keeps nobody out.

asyncio's own server accepts as many at a time as may queue, begins to count a TLS connection when
its handshake is over, and when files run out writes a line for each that waits and takes nobody
on for a second. Here a few are accepted at a time, each counts from then on (`connection_table`),
and when files run out the longest waiting makes room and one line says what to do.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final

from umbel.web.serving.connection_table import ConnectionTable
from umbel.web.serving.connections import Connection

log = logging.getLogger("umbel.web.serving.connections")

#: How many are accepted before others have their turn.
AT_ONCE: Final = 32
#: How long nothing is accepted when it cannot be, seconds.
REST_S: Final = 0.1
#: How long a TLS handshake may take, and its end, seconds.
HANDSHAKE_S: Final = 10.0
SHUTDOWN_S: Final = 5.0
#: What says that files or memory have run out.
_RUN_OUT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Listener:
    """Accepts on one socket. On the event loop; the socket is the caller's."""

    def __init__(
        self,
        listening: socket.socket,
        connection: Callable[[], Connection],
        table: ConnectionTable,
        *,
        tls: ssl.SSLContext | None = None,
        shared: Sequence[str] = (),
    ) -> None:
        """`shared` are the networks of proxies, behind each address of which are many people."""
        self._loop = asyncio.get_running_loop()
        self._socket = listening
        self._connection = connection
        self._table = table
        self._tls = tls
        self._shared = [ip_network(network, strict=False) for network in shared]
        self._making: set[asyncio.Task[None]] = set()
        self._resting: asyncio.TimerHandle | None = None
        self._loop.add_reader(listening, self._accept)

    def close(self) -> None:
        """Accept no more, and end what is not made yet."""
        if self._resting is not None:
            self._resting.cancel()
        self._loop.remove_reader(self._socket)
        for making in self._making:
            making.cancel()

    async def wait_closed(self) -> None:
        """Until the last that was not made yet has ended."""
        if self._making:
            await asyncio.wait(self._making)

    def _accept(self) -> None:
        for _ in range(AT_ONCE):
            try:
                accepted, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(error)
                return
            self._take_on(accepted, address)

    def _take_on(self, accepted: socket.socket, address: Any) -> None:
        accepted.setblocking(False)
        connection = self._connection()
        if len(self._table) >= self._table.most:
            log.warning(
                "%d connections are open, half of the files that this process may open or the "
                "most that are of use. For each new one, the one that has asked nothing for the "
                "longest time is ended.",
                self._table.most,
            )
        if not self._table.enter(connection, client_of(address, self._shared)):
            accepted.close()
            return
        making = self._loop.create_task(self._make(accepted, connection))
        self._making.add(making)
        making.add_done_callback(partial(self._made, accepted, connection))
        connection.arrive(making, address)

    async def _make(self, accepted: socket.socket, connection: Connection) -> None:
        """With a handshake, where TLS is spoken."""
        await self._loop.connect_accepted_socket(
            lambda: connection,
            accepted,
            ssl=self._tls,
            ssl_handshake_timeout=HANDSHAKE_S if self._tls else None,
            ssl_shutdown_timeout=SHUTDOWN_S if self._tls else None,
        )

    def _made(
        self, accepted: socket.socket, connection: Connection, making: asyncio.Task[None]
    ) -> None:
        self._making.discard(making)
        failure = None if making.cancelled() else making.exception()
        if failure is None and not making.cancelled():
            return
        self._table.leave(connection)
        accepted.close()
        if failure is not None and not isinstance(failure, OSError):  # no mere bad handshake
            log.error("A connection could not be made.", exc_info=failure)

    def _rest(self, error: OSError) -> None:
        """Accept nothing for a moment, in which the longest waiting leaves its file."""
        self._loop.remove_reader(self._socket)
        self._resting = self._loop.call_later(REST_S, self._go_on)
        if error.errno in _RUN_OUT:
            self._table.make_room()
            log.warning(
                "A new connection had to wait: %s. Let this process open more files "
                "(LimitNOFILE= in systemd, ulimit -n, --ulimit nofile= in Docker).",
                error.strerror,
            )
        else:
            log.warning("A new connection could not be accepted: %s.", error.strerror)

    def _go_on(self) -> None:
        self._resting = None
        self._loop.add_reader(self._socket, self._accept)


def client_of(address: Any, shared: Sequence[IPv4Network | IPv6Network]) -> str | None:
    """What counts as one client of those whose sockets have this address: an address of IPv4, or
    a network of IPv6 (/64), in which one client can have every address. None where many people
    are behind it: this machine, a Unix socket, and the `shared` networks."""
    if not isinstance(address, tuple):  # a Unix socket
        return None
    parsed = ip_address(address[0].partition("%")[0])
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    if parsed.is_loopback or any(parsed in network for network in shared):
        return None
    if isinstance(parsed, IPv6Address):
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)
