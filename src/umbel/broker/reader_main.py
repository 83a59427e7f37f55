"""The process that reads a subscribed Redis connection for a collector; see `reader_process`.

Started with the number of the connection's socket; it gets a `ReaderStart` by standard input and
hands on batches by standard output, both of them pipes. A further byte means to stop: then it
hands on what is left over and ends. When a pipe closes, the collector is gone, however it ended,
and this process ends with it. It imports little, so that it starts quickly and is small.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections import deque
from typing import Final

import msgspec

from umbel.broker.message_batch import LENGTH_BYTES, MessageBatch, ReaderStart, batch_of, packed
from umbel.broker.resp import MalformedReply, RespParser

_COMMANDS: Final = 0
_BATCHES: Final = 1
#: How much one read asks for, in bytes.
READ_BYTES: Final = 524_288
#: So much waits for the collector, in bytes, before the connection is left alone.
PENDING_BYTES: Final = 8 * 1024 * 1024
#: A read that brought less than this is followed by a pause, so that more comes with the next.
_FEW_BYTES: Final = 65_536
_PAUSE_MS: Final = 10
#: A collector that was told the last of it takes that within this, or has no use for it.
_LEAVE_MS: Final = 5_000
#: What the collector gets first: that the process is there.
READY: Final = packed(MessageBatch())


class CollectorGone(Exception):
    """The other end of a pipe to the collector is closed."""


class SocketReader:
    """Reads the connection with the number `source` until the collector says to stop."""

    def __init__(self, source: int, start: ReaderStart) -> None:
        self._source = source
        self._start = start
        self._tag = start.tag
        self._replies = RespParser(start.patterns)
        self._replies.buffer += start.rest
        self._view = memoryview(bytearray(READ_BYTES))
        self._pending: deque[memoryview] = deque()
        self._pending_bytes = 0
        self._is_stopping = False

    def run(self) -> None:
        """Raises `CollectorGone`."""
        while not self._is_stopping:
            self._turn()
        self._finish(MessageBatch(rest=bytes(self._replies.buffer)))

    def _turn(self) -> None:
        ready = self._poll(reads=self._pending_bytes < PENDING_BYTES)
        if self._source not in ready or self._is_stopping:
            return
        try:
            size = os.readv(self._source, (self._view,))
        except BlockingIOError:
            return
        except OSError as error:
            self._finish(MessageBatch(ended=str(error)))
            raise SystemExit from error
        if not size:
            self._finish(MessageBatch(ended="The broker closed the connection."))
            raise SystemExit
        self._replies.buffer += self._view[:size]
        self._hand_on()
        if size < _FEW_BYTES and not self._pending:
            self._poll(reads=False, timeout_ms=_PAUSE_MS)

    def _hand_on(self) -> None:
        try:
            payloads, others = self._replies.take()
        except MalformedReply as error:
            self._finish(MessageBatch(ended=str(error)))
            raise SystemExit from error
        batch = batch_of(payloads, others, self._tag, self._start.marks)
        self._tag += len(payloads)
        if batch.frames or others:
            self._put(batch)

    def _put(self, batch: MessageBatch) -> None:
        part = memoryview(packed(batch))
        self._pending.append(part)
        self._pending_bytes += len(part)
        self._write()

    def _write(self) -> None:
        """Hand on what the collector takes now."""
        while self._pending:
            part = self._pending[0]
            try:
                size = os.write(_BATCHES, part)
            except BlockingIOError:
                return
            except OSError as error:
                raise CollectorGone from error
            self._pending_bytes -= size
            if size < len(part):
                self._pending[0] = part[size:]
                return
            self._pending.popleft()

    def _finish(self, last: MessageBatch) -> None:
        self._is_stopping = True
        self._put(last)
        while self._pending:
            if not self._poll(reads=False, timeout_ms=_LEAVE_MS):
                raise CollectorGone

    def _poll(self, *, reads: bool, timeout_ms: int | None = None) -> set[int]:
        """Wait for the connection (if it `reads`) and the collector; what is ready."""
        poller = select.poll()
        poller.register(_COMMANDS, select.POLLIN)
        # Without an event of its own it still tells that nobody reads any more.
        poller.register(_BATCHES, select.POLLOUT if self._pending else 0)
        if reads:
            poller.register(self._source, select.POLLIN)
        ready = dict(poller.poll(timeout_ms))
        if ready.get(_BATCHES, 0) & ~select.POLLOUT:
            raise CollectorGone
        if _COMMANDS in ready:
            if not _received(1):
                raise CollectorGone
            self._is_stopping = True
        if _BATCHES in ready:
            self._write()
        return set(ready)


def _received(most: int) -> bytes:
    """What the collector said, up to so many bytes; empty if it is gone."""
    try:
        return os.read(_COMMANDS, most)
    except OSError:
        return b""


def _exactly(size: int) -> bytes:
    received = b""
    while len(received) < size:
        more = _received(size - len(received))
        if not more:
            raise CollectorGone
        received += more
    return received


def main() -> None:
    """Read until the collector says to stop, or is gone."""
    # Signals to all processes of a service or a terminal are for the collector.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        os.write(_BATCHES, READY)
        size = int.from_bytes(_exactly(LENGTH_BYTES), "little")
        start = msgspec.msgpack.decode(_exactly(size), type=ReaderStart)
        os.set_blocking(_BATCHES, False)
        SocketReader(int(sys.argv[1]), start).run()
    except (CollectorGone, BrokenPipeError, ConnectionResetError):
        return
