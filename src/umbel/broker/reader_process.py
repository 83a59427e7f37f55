"""A process of its own that reads a subscribed Redis connection, while very much comes.

Theory of operation. All threads of a collector share one interpreter lock, so while messages are
found and opened nothing is decoded, joined or written. From `BUSY_FROM` messages a second on the
connection's socket is therefore handed to another process, which has a lock of its own: it finds
the messages, opens their envelopes and says what each tells, and hands them on in batches
(`message_batch`). Whoever is connected, subscribes, sends PINGs and gives up on silence is still
the session, on its own copy of the socket. When less comes again the process hands the connection
back with what it has of a message that is not whole, so nothing is lost at either change.

What waits in that process is bounded, and beyond that in Redis, as with a slow thread. If it ends
by itself the connection counts as lost: that is a gap, and the next one is read by the thread for
`FAILED_S`. TLS is decrypted in the process that made the connection, so there the thread reads.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO, Final

import msgspec

import umbel
from umbel.broker.message_batch import (
    LENGTH_BYTES,
    MessageBatch,
    ReaderStart,
    unpacked_from,
)
from umbel.broker.wire import PipeEnd, Wakeup
from umbel.clock import Clock

log = logging.getLogger(__name__)

#: From so many messages a second on, over `MEASURED_S` seconds, a process reads them: then a thread
#: would hold the interpreter's lock for a tenth of the time.
BUSY_FROM: Final = 15_000
MEASURED_S: Final = 1.0
#: With fewer than so many a second for `CALM_S` seconds the thread reads them again.
CALM_BELOW: Final = 7_500
CALM_S: Final = 30.0
#: After one that ended by itself none is started for so long, seconds.
FAILED_S: Final = 60.0
#: A process that was told to stop hands on what it has within this, seconds.
STOP_S: Final = 2.0
#: While the process pauses, the connection is not seen to be empty: a read waits longer, seconds.
LEAST_WAIT_S: Final = 0.1
#: Only the two packages that it needs, whatever else is installed.
_CODE: Final = (
    "import sys; sys.path[:0] = sys.argv[2:]; from umbel.broker.reader_main import main; main()"
)


class ReaderProcesses:
    """Whether a process is to read the connection of a source, over all its connections."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._may_start_at = float("-inf")
        self.begin()

    def begin(self) -> None:
        """Whoever reads has changed: measure anew."""
        self._since = self._calm_since = self._clock.monotonic()
        self._messages = 0

    def note(self, messages: int) -> None:
        """So many have just come."""
        self._messages += messages

    def wanted(self, *, has_one: bool) -> bool:
        """Whether a process is to read from now on; `has_one`: one does."""
        now = self._clock.monotonic()
        if now - self._since < MEASURED_S:
            return has_one
        rate = self._messages / (now - self._since)
        self._since, self._messages = now, 0
        if rate >= CALM_BELOW:
            self._calm_since = now
        if has_one:
            return now - self._calm_since < CALM_S
        return rate >= BUSY_FROM and now >= self._may_start_at

    def failed(self, why: object) -> None:
        """One could not be started, or ended by itself."""
        self._may_start_at = self._clock.monotonic() + FAILED_S
        log.warning("No process of its own reads the events of Redis: %s.", why)


class ReaderEnded(ConnectionError):
    """The process has ended by itself, and with it the connection that it read."""


class ReaderProcess:
    """The process for one connection; one thread uses it. `reads`: it has the connection."""

    def __init__(self, sock: socket.socket, wakeup: Wakeup, clock: Clock) -> None:
        """Raises `OSError` if it cannot be started."""
        self.reads = False
        self._clock = clock
        paths = [str(Path(each.__file__ or "").parents[1]) for each in (umbel, msgspec)]
        self._process: subprocess.Popen[bytes] = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _CODE, str(sock.fileno()), *paths],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            pass_fds=(sock.fileno(),),
        )
        self._commands: IO[bytes] = self._process.stdin  # type: ignore[assignment]
        self._pipe = PipeEnd(self._process.stdout, wakeup)  # type: ignore[arg-type]
        self._buffer = bytearray()
        self._last: MessageBatch | None = None

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_ready(self) -> bool:
        """Whether it has started and waits for the connection. Raises `OSError` if it ended."""
        self._pipe.read_into(self._buffer, 0.0)
        return any(True for _ in unpacked_from(self._buffer))

    def begin(self, start: ReaderStart) -> None:
        """It reads from now on."""
        raw = msgspec.msgpack.encode(start)
        self._send(len(raw).to_bytes(LENGTH_BYTES, "little") + raw)
        self.reads = True

    def read(self, timeout_s: float) -> MessageBatch | None:
        """What it has handed on, as one batch; None if nothing came. Raises `OSError` once it, or
        the connection, has ended."""
        if self._last is not None:
            raise ConnectionResetError(self._last.ended)
        try:
            if not self._pipe.read_into(self._buffer, max(timeout_s, LEAST_WAIT_S)):
                return None
        except OSError as error:
            raise ReaderEnded("the process that reads its events has ended") from error
        merged: MessageBatch | None = None
        for batch in unpacked_from(self._buffer):
            merged = batch if merged is None else _joined(merged, batch)
        if merged is not None and merged.ended is not None:
            self._last = merged
        return merged

    def stop(self) -> MessageBatch:
        """Take the connection back: all that it had, and the `rest`, if the connection stands.
        Raises `OSError`."""
        deadline = self._clock.monotonic() + STOP_S
        with contextlib.suppress(BrokenPipeError):
            self._send(b"!")
        merged = MessageBatch()
        while merged.rest is None and merged.ended is None:
            left_s = deadline - self._clock.monotonic()
            if left_s <= 0:
                raise TimeoutError("the process that reads did not hand on what it had")
            batch = self.read(left_s)
            if batch is not None:
                merged = _joined(merged, batch)
        self.kill()
        return merged

    def _send(self, raw: bytes) -> None:
        while raw:
            raw = raw[self._commands.write(raw) or 0 :]

    def kill(self) -> None:
        """End it, whatever it has. May be called twice."""
        self.reads = False
        self._commands.close()
        self._pipe.close()
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()


def _joined(one: MessageBatch, other: MessageBatch) -> MessageBatch:
    """Both as one; `other` came later."""
    return MessageBatch(
        one.frames + other.frames,
        one.is_pong or other.is_pong,
        one.refusal or other.refusal,
        one.is_kept and other.is_kept,
        one.any_kept or other.any_kept,
        other.rest,
        other.ended,
    )


def can_be_read(sock: object) -> bool:
    """Whether another process can read this socket, and there may be one: not where TLS is, and
    not where a library of green threads has replaced sockets and processes."""
    is_ours = socket.socket.__module__ == "socket" and hasattr(select, "poll")
    return os.name == "posix" and bool(sys.executable) and is_ours and type(sock) is socket.socket
