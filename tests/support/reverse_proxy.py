"""A reverse proxy over TLS, as people reach an Umbel under a path of a site."""

from __future__ import annotations

import contextlib
import http.client
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

#: Headers of one connection alone (RFC 9110, 7.6.1).
_OF_CONNECTIONS = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class ReverseProxy:
    """`url` is that of the site with the `prefix`. Requests go to the upstream whose number
    `choose(path)` gives, the first unless a test says otherwise; `says` are the headers that it
    sets, and takes away from clients if they are empty. Paths that have been asked for are in
    `asked`, with the number of the upstream."""

    def __init__(self, upstreams: Sequence[str], prefix: str) -> None:
        self.prefix = prefix
        self.url = ""
        self.choose: Callable[[str], int] = lambda _: 0
        self.says: Mapping[str, str] = {}
        self.asked: list[tuple[str, int]] = []
        self._upstreams = [urlsplit(each).netloc for each in upstreams]

    def upstream(self, path: str) -> str:
        """Host and port of who answers."""
        number = self.choose(path)
        self.asked.append((path, number))
        return self._upstreams[number]

    def headers(self, shown: Mapping[str, str]) -> dict[str, str]:
        """Those of a client (by names in small letters), as they are passed on."""
        own = {name.lower(): value for name, value in self.says.items()}
        kept = {name: each for name, each in shown.items() if name not in _OF_CONNECTIONS | {*own}}
        return {
            **kept,
            **{name: value for name, value in own.items() if value},
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-proto": "https",
            "x-forwarded-prefix": self.prefix,
            "connection": "close",
        }


@contextlib.contextmanager
def reverse_proxy(
    upstreams: Sequence[str], tls: tuple[Path, Path], prefix: str = "/tools"
) -> Iterator[ReverseProxy]:
    """It runs in threads of this process."""
    proxy = ReverseProxy(upstreams, prefix)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, tls))
    server = _Server(("127.0.0.1", 0), _handler_of(proxy))
    server.tls = context
    proxy.url = f"https://127.0.0.1:{server.server_address[1]}{prefix}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    #: A browser opens a connection for each part of a page, and gives up on those that are refused.
    request_queue_size = 128
    tls: ssl.SSLContext

    def finish_request(self, request: object, client_address: object) -> None:
        """In the connection's thread. Browsers break off at any time."""
        with (
            contextlib.suppress(OSError, http.client.HTTPException),
            self.tls.wrap_socket(request, server_side=True) as secure,  # type: ignore[arg-type]
        ):
            super().finish_request(secure, client_address)


def _handler_of(proxy: ReverseProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing is printed."""

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            shown = {name.lower(): value for name, value in self.headers.items()}
            upstream = http.client.HTTPConnection(proxy.upstream(self.path), timeout=60)
            with contextlib.closing(upstream):
                upstream.request(self.command, self.path, body or None, proxy.headers(shown))
                answer = upstream.getresponse()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in _OF_CONNECTIONS:
                        self.send_header(name, value)
                self.send_header("connection", "close")
                self.end_headers()
                while part := answer.read1(65_536):
                    self.wfile.write(part)
                    self.wfile.flush()

    return Handler
