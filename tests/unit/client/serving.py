"""A small HTTP server whose answers a test writes."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Asked(NamedTuple):
    """One request as it came; `connection` tells connections apart."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


Answer = tuple[int, str, bytes]


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """A client that hung up, as some tests do."""


class Server:
    """Answers with what `answer` makes of a request, and remembers requests."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answer: Callable[[Asked], Answer] = lambda _: (200, "application/json", b"{}")
        self.drops = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                asked = Asked(
                    self.command, self.path, dict(self.headers), self.rfile.read(size), id(self)
                )
                outer.asked.append(asked)
                status, kind, body = outer.answer(asked)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                if outer.drops:  # as an idle connection is closed, without a word
                    self.close_connection = True

            do_GET = do_POST = respond  # noqa: N815

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def problem(self, kind: str, status: int, **more: Any) -> None:
        """Answer with this problem from now on."""
        body = {"type": f"urn:umbel:problem:{kind}", "title": kind, "status": status, **more}
        self.answer = lambda _: (status, "application/problem+json", json.dumps(body).encode())

    def say(self, body: Any) -> None:
        """Answer with this JSON from now on."""
        self.answer = lambda _: (200, "application/json", json.dumps(body).encode())

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """A running `Server`."""
    server = Server()
    server.start()
    try:
        yield server
    finally:
        server.stop()
