"""A TCP proxy that can go silent, as a network does that drops packets."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Callable, Iterator


class Proxy:
    """Forwards connections to `port`. `mute` says, of what a client sends, whether its connection
    is to hear `last` and nothing more; `deafen`, whether it arrives and its connection hears
    nothing more. `silent` keeps every socket open and forwards nothing, new connections included;
    what waits is forwarded when it ends. `cut` resets them all."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._lock = threading.Lock()
        self._closing = False
        self.silent = False
        self.mute: Callable[[bytes], bool] = lambda _: False
        self.last = b""
        self.deafen: Callable[[bytes], bool] = lambda _: False
        self._muted: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """End every connection."""
        with self._lock:
            for side in list(self._pairs):
                self._drop(side)

    def connections(self) -> list[socket.socket]:
        """The clients' ends of those that stand now."""
        with self._lock:
            return [side for side in self._pairs if side.getsockname()[1] == self.port]

    def close(self) -> None:
        self._closing = True
        self._thread.join(5)
        self.cut()
        self._listener.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._closing:
            if self.silent:
                threading.Event().wait(0.02)
                continue
            for key, _ in self._selector.select(0.02):
                if self.silent:  # since it was looked: what came now waits as well
                    break
                with self._lock:
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.fileobj, socket.socket):
                        self._forward(key.fileobj)

    def _accept(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._target), timeout=5)
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            self._pairs[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _forward(self, side: socket.socket) -> None:
        if side not in self._pairs:
            return
        try:
            came = side.recv(65_536)
            if came:
                self._pass_on(came, side, self._pairs[side])
                return
        except OSError:
            pass
        self._drop(side)

    def _pass_on(self, came: bytes, one: socket.socket, other: socket.socket) -> None:
        if one in self._muted or other in self._muted:
            return
        if self.mute(came):
            self._muted.add(one)
            one.sendall(self.last)
            return
        other.sendall(came)
        if self.deafen(came):
            self._muted.add(one)

    def _drop(self, side: socket.socket) -> None:
        for one in (side, self._pairs.get(side)):
            if one is not None and self._pairs.pop(one, None) is not None:
                self._selector.unregister(one)
                one.close()


@contextlib.contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
