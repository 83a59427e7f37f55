"""Serving the application until the process is told to stop.

The sockets are opened before (`sockets`), so that a port in use is one clear sentence and the
real address is known when `on_listening` is called. On SIGTERM, SIGINT or SIGHUP (its terminal was
closed) live streams end first, so that nothing is left to wait for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

import uvicorn
from starlette.applications import Starlette

from umbel.errors import SettingsError
from umbel.open_files import connections_max, raise_limit
from umbel.process_memory import give_memory_back
from umbel.web.app import end_streams
from umbel.web.http.trusted_proxies import LOOPBACK
from umbel.web.log_throttle import LogThrottle
from umbel.web.serving.connection_table import ConnectionTable
from umbel.web.serving.connections import HEAD_MAX, Connection
from umbel.web.serving.listener import Listener
from umbel.web.serving.sockets import METRICS_PORT, open_tcp, open_unix
from umbel.web.serving.tls import Tls

#: Who warns of what strangers do, and uvicorn's.
_WARN_OF_STRANGERS: Final = ("umbel.web.serving.connections", "uvicorn.error")
#: How long open requests may go on after a signal, seconds.
GRACE_S: Final = 1
#: How often the date in answers is renewed, seconds.
TICK_S: Final = 1.0
#: The part of all connections that one client may have, unless many people are behind it.
SHARE: Final = 1 / 4

Listening = Callable[[str], None]


def serve(
    app: Starlette,
    address: str,
    port: int,
    unix_socket: Path | None = None,
    *,
    url_prefix: str = "",
    tls: Tls | None = None,
    trusted_proxies: Sequence[str] = LOOPBACK,
    metrics_port: int | None = None,
    on_listening: Listening | None = None,
) -> None:
    """Serve `app` until SIGINT, SIGTERM or SIGHUP, then return. Port 0 is any free port; with `tls`
    HTTPS is spoken. Behind each of the `trusted_proxies` are
    many people, so it is not held to the share of one client. At `metrics_port` of the same address
    is listened as well.

    `on_listening` is called once connections are taken, with the address to open (a URL, or
    `unix:` and a path). Raises `SettingsError` when the address cannot be listened on.
    Called in the main thread.
    """
    raise_limit()
    throttle = LogThrottle()
    for name in _WARN_OF_STRANGERS:
        logging.getLogger(name).addFilter(throttle)
    give_memory_back()
    context = tls.context() if tls is not None else None
    sockets = [open_unix(unix_socket)] if unix_socket else open_tcp(address, port)
    if metrics_port is not None:
        sockets += _also(sockets, address, metrics_port)
    scheme = "https" if context is not None else "http"
    try:
        url = f"unix:{unix_socket}" if unix_socket else _url(scheme, sockets[0], address)
        where = url if unix_socket else url + url_prefix
        _Server(app, on_listening, where, context, trusted_proxies).run(sockets)
    finally:
        for opened in sockets:
            opened.close()
        if unix_socket is not None:
            unix_socket.unlink(missing_ok=True)


class _Server(uvicorn.Server):
    """uvicorn, with streams that end at a signal, and an exit that is a success."""

    def __init__(
        self,
        app: Starlette,
        on_listening: Listening | None,
        where: str,
        tls: ssl.SSLContext | None,
        trusted_proxies: Sequence[str],
    ) -> None:
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=HEAD_MAX,
            timeout_graceful_shutdown=GRACE_S,
        )
        config.load()
        super().__init__(config)
        self._app = app
        self._on_listening = on_listening
        self._where = where
        self._tls = tls
        self._trusted_proxies = trusted_proxies
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """In place of uvicorn's: see `listener`."""
        self._loop = asyncio.get_running_loop()
        await self.lifespan.startup()
        most = connections_max()
        table = ConnectionTable(most, max(1, int(most * SHARE)))

        def connection() -> Connection:
            return Connection(self.config, self.server_state, {}, table=table)

        shared = self._trusted_proxies
        self.servers = [
            Listener(each, connection, table, tls=self._tls, shared=shared)  # type: ignore[misc]
            for each in sockets or []
        ]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup has it
            signal.signal(signal.SIGHUP, self.handle_exit)
        self.started = True
        if self._on_listening is not None:
            self._on_listening(self._where)

    async def main_loop(self) -> None:
        """uvicorn's own wakes ten times a second, for what changes once: the date in answers."""
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), TICK_S)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """A second signal does not wait for open requests. uvicorn's own would raise the
        signal again in the end, and so turn a wanted exit into a failure."""
        self.force_exit = self.should_exit
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(end_streams, self._app)
            self._loop.call_soon_threadsafe(self._leaving.set)


def _also(opened: Sequence[socket.socket], address: str, port: int) -> list[socket.socket]:
    """More sockets; without them the others are closed."""
    try:
        return open_tcp(address, port, METRICS_PORT)
    except SettingsError:
        for each in opened:
            each.close()
        raise


def _url(scheme: str, opened: socket.socket, address: str) -> str:
    """What a person opens; an address that means every interface is shown as localhost."""
    host, port = opened.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104  shown, not listened on
        host = "localhost"
    elif opened.family == socket.AF_INET6:
        host = f"[{host}]"
    elif address == "localhost":
        host = address
    return f"{scheme}://{host}:{port}"
