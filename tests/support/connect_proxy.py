"""A proxy of a company (HTTP's CONNECT), which leads names of the internet to servers of tests."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping


@contextlib.contextmanager
def connect_proxy(ports: Mapping[str, int]) -> Iterator[str]:
    """Its address, for `HTTPS_PROXY`. `ports` are of 127.0.0.1, by the name that is asked for;
    any other name is refused."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            near: socket.socket = self.request
            method, _, rest = _head(near).partition(" ")
            port = ports.get(rest.partition(":")[0])
            if method != "CONNECT" or port is None:
                near.sendall(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
                return
            with socket.create_connection(("127.0.0.1", port)) as far:
                near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                back = threading.Thread(target=_pass_on, args=(far, near), daemon=True)
                back.start()
                _pass_on(near, far)
                back.join(5)

    with _Proxy(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(5)


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


def _head(near: socket.socket) -> str:
    """The head of a request, whatever comes behind its end."""
    head = b""
    while b"\r\n\r\n" not in head and (came := near.recv(4_096)):
        head += came
    return head.decode("latin-1")


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while came := one.recv(65_536):
            other.sendall(came)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
