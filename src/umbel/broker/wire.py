"""Bulk reads from a connected socket.

kombu and its drivers read a message in many small calls. A fast path takes the socket over
once the handshakes are done and asks for as much as there is.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
import time
from typing import IO, Final

#: How much one read asks for, in bytes. Each read waits for the interpreter's lock, which the
#: thread that writes rarely lets go of under a flood, so one has to bring what came meanwhile.
READ_BYTES: Final = 1_048_576
#: How long a connection that is left waits for the other side to have read all, seconds.
FINISH_S: Final = 0.5
#: A socket that stalls in the middle of something is given up after this long.
STALL_S: Final = 10.0


class Wakeup:
    """Ends another thread's wait in `Wire.read`."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        return self._reader.fileno()

    def set(self) -> None:
        """Wake the reader, or let its next wait end at once. Any thread."""
        try:
            self._writer.send(b"!")
        except (BlockingIOError, OSError):
            # A full buffer has woken the reader already; a closed one has no reader.
            return

    def wait(self, timeout_s: float) -> None:
        """Wait until `set` or for `timeout_s`."""
        if _poll(timeout_s, self):
            self.clear()

    def clear(self) -> None:
        try:
            self._reader.recv(4096)
        except (BlockingIOError, OSError):
            return

    def close(self) -> None:
        self._reader.close()
        self._writer.close()


class Wire:
    """Bulk reads of `sock`, plain or TLS, that `wakeup` can end early."""

    def __init__(self, sock: socket.socket, wakeup: Wakeup) -> None:
        sock.settimeout(STALL_S)
        self.sock = sock
        self._wakeup = wakeup
        # TLS sockets hold decrypted bytes that no poll of the socket tells of.
        self._pending = getattr(sock, "pending", lambda: 0)
        self._chunk = bytearray(READ_BYTES)
        self._view = memoryview(self._chunk)

    def read_into(self, buffer: bytearray, timeout_s: float) -> int:
        """Append what has come to `buffer` and return its size in bytes, 0 if nothing came.

        Raises `OSError` for a connection that is gone.
        """
        if not self._pending():
            ready = _poll(timeout_s, self._wakeup, self.sock)
            if self._wakeup.fileno() in ready:
                self._wakeup.clear()
            if self.sock.fileno() not in ready:
                return 0
        got = 0
        while got < READ_BYTES:
            size = self._receive()
            if size is None:
                break
            if not size:
                raise ConnectionResetError("The broker closed the connection.")
            buffer += self._view[:size]
            got += size
            if not self._pending():
                break
        return got

    def _receive(self) -> int | None:
        """One read into the chunk; None when a TLS socket was readable for its own sake
        (a session ticket, part of a record), where a waiting read would wait for events."""
        if type(self.sock) is socket.socket:
            try:
                # What is ready, without the wait before it that a timeout of the socket brings.
                return os.readv(self.sock.fileno(), (self._view,))
            except BlockingIOError:
                return None
        if not isinstance(self.sock, ssl.SSLSocket):
            return self.sock.recv_into(self._view)
        self.sock.settimeout(0)
        try:
            return self.sock.recv_into(self._view)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        finally:
            self.sock.settimeout(STALL_S)


def finish_sending(sock: socket.socket) -> None:
    """Before `sock` is closed: let the other side have all that was sent. Where bytes that came are
    unread, the system ends a connection with a reset, and the other side may lose the last
    acknowledgements. Takes `FINISH_S` at most; raises `OSError`."""
    sock.settimeout(FINISH_S)
    # An `SSLSocket` forgets its encryption when it is told so by itself, and cannot be closed then.
    socket.socket.shutdown(sock, socket.SHUT_WR)
    ends = time.monotonic() + FINISH_S
    while time.monotonic() < ends and sock.recv(READ_BYTES):
        pass


class PipeEnd:
    """Bulk reads of a pipe from another process, that `wakeup` can end early. The pipe is made as
    large as a read, as far as the system lets it be."""

    def __init__(self, pipe: IO[bytes], wakeup: Wakeup) -> None:
        self._pipe = pipe
        self._wakeup = wakeup
        self._view = memoryview(bytearray(READ_BYTES))
        os.set_blocking(pipe.fileno(), False)
        with contextlib.suppress(OSError, ImportError, AttributeError):
            import fcntl

            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, READ_BYTES)

    def read_into(self, buffer: bytearray, timeout_s: float) -> int:
        """As `Wire.read_into`."""
        ready = _poll(timeout_s, self._wakeup, self._pipe)
        if self._wakeup.fileno() in ready:
            self._wakeup.clear()
        if self._pipe.fileno() not in ready:
            return 0
        size = os.readv(self._pipe.fileno(), (self._view,))
        if not size:
            raise ConnectionResetError("The other process closed the pipe.")
        buffer += self._view[:size]
        return size

    def close(self) -> None:
        self._pipe.close()


def _poll(timeout_s: float, *files: Wakeup | socket.socket | IO[bytes]) -> set[int]:
    if not hasattr(select, "poll"):
        # eventlet takes it away from the applications that it patches, and lets its other
        # threads run in `select`.
        return {file.fileno() for file in select.select(files, (), (), max(0.0, timeout_s))[0]}
    poller = select.poll()
    for file in files:
        poller.register(file.fileno(), select.POLLIN)
    return {number for number, _ in poller.poll(max(0.0, timeout_s) * 1000)}
