"""A small HTTP(S) server in threads of this process, whose every answer a test can replace."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """What was asked. `headers` by their names in small letters."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: Mapping[str, str]

    @property
    def bearer(self) -> str | None:
        """The token of `Authorization: Bearer`."""
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind.lower() == "bearer" else None


@dataclass(frozen=True)
class Reply:
    """An answer. `body` is JSON unless it is bytes or a text (HTML). With `drip_s` it comes a byte
    at a time, with such a pause before each; with `stall` nothing comes until the server ends."""

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drip_s: float | None = None
    stall: bool = False


NOT_FOUND = Reply({"message": "Not Found"}, 404)


def redirect(address: str) -> Reply:
    """A redirect of the browser."""
    return Reply(status=302, headers={"location": address})


class LocalServer:
    """Answers at `address` (`http://127.0.0.1:PORT`, or https with `tls`: a certificate's and its
    key's file) while it is a context. `requests` are all that came; a path in `instead` is
    answered by that alone."""

    def __init__(self, *, tls: tuple[Path, Path] | None = None) -> None:
        self.requests: list[Request] = []
        self.instead: dict[str, Reply | Callable[[Request], Reply]] = {}
        self._over = threading.Event()
        self._server = _Listener(("127.0.0.1", 0), _handler_of(self))
        self._server.tls = _tls_context(tls) if tls else None
        port = self._server.server_address[1]
        self.host = f"127.0.0.1:{port}"
        self.address = f"{'https' if tls else 'http'}://{self.host}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def answer(self, request: Request) -> Reply:
        """What is answered, unless `instead` says something else."""
        raise NotImplementedError

    def asked(self, path: str) -> list[Request]:
        """The requests for this path that came so far."""
        return [each for each in self.requests if each.path == path]

    def respond(self, request: Request) -> Reply:
        """The answer to a request that came, which is taken down."""
        self.requests.append(request)
        other = self.instead.get(request.path)
        if other is None:
            return self.answer(request)
        return other if isinstance(other, Reply) else other(request)

    def pause(self, seconds: float | None) -> bool:
        """Wait, but no longer than the server lives; whether it still does."""
        return not self._over.wait(seconds)

    def close(self) -> None:
        """No more answers: connections are refused."""
        self._over.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join(5)
        self._server.server_close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: object, client_address: object) -> None:
        """In the connection's thread, where a handshake keeps nobody else waiting."""
        try:
            if self.tls is not None:
                request = self.tls.wrap_socket(request, server_side=True)  # type: ignore[arg-type]
            super().finish_request(request, client_address)  # type: ignore[arg-type]
        except OSError:
            pass  # the client has left, or does not believe the certificate
        finally:
            if isinstance(request, ssl.SSLSocket):
                request.close()


def _tls_context(files: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, files))
    return context


def _handler_of(server: LocalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing is printed."""

        def _do(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
            reply = server.respond(
                Request(
                    self.command,
                    address.path,
                    dict(parse_qsl(address.query, keep_blank_values=True)),
                    dict(parse_qsl(body, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                )
            )
            if reply.stall:
                server.pause(None)
                return
            self._write(reply)

        def _write(self, reply: Reply) -> None:
            content, body = _encoded(reply.body)
            self.send_response(reply.status)
            for name, value in {"content-type": content, **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            if reply.drip_s is None:
                self.wfile.write(body)
                return
            for index in range(len(body)):
                if not server.pause(reply.drip_s):
                    return
                self.wfile.write(body[index : index + 1])
                self.wfile.flush()

    return Handler


def _encoded(body: object) -> tuple[str, bytes]:
    if isinstance(body, bytes):
        return "application/json", body
    if isinstance(body, str):
        return "text/html; charset=utf-8", body.encode()
    return "application/json", json.dumps(body).encode()
