"""The queue of one live reader: what it is sent, in order, and bounded.

A stream buffers `BUFFER` deltas. A reader that is slower loses deltas, never memory: they
are counted, and told as `skipped` as soon as it has caught up. Ids are change numbers of
the store, and a stream's id never runs ahead of what was given to it, so that a reader who
comes back with its last id misses nothing. Where all streams together hold too much
(`load_shedding`), one loses what it has buffered in the same way.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Literal

import msgspec

from umbel.services.live.deltas import Delta

BUFFER = 2

_encode: Final = msgspec.json.Encoder().encode


class Notice(msgspec.Struct, frozen=True):
    """One event of a stream: its kind, the change number that it leads to, and its JSON."""

    event: Literal["hello", "changes", "status", "reached", "reset"]
    seq: int
    body: bytes


class Stream:
    """Filled by the hub and read by one reader, both on the event loop."""

    def __init__(self) -> None:
        self._seq = 0
        self._first: list[Notice] = []
        self._deltas: deque[Delta] = deque()
        self._missed = 0
        self._missed_to = 0
        self._sending = 0
        self._pulse: bytes | None = None
        self._wake = asyncio.Event()
        self.closed = False

    @property
    def unread_bytes(self) -> int:
        """What it buffers."""
        return sum(len(delta.body) for delta in self._deltas)

    @property
    def held_bytes(self) -> int:
        """What it buffers, and what its reader took and has not sent yet."""
        return self.unread_bytes + self._sending

    def shed(self) -> int:
        """Only count what is buffered, as if the reader had been too slow for it; how many bytes
        that was."""
        size = self.unread_bytes
        if self._deltas:
            self._missed += sum(delta.tasks for delta in self._deltas)
            self._missed_to = max(self._missed_to, self._deltas[-1].seq)
            self._deltas.clear()
        return size

    def start(self, seq: int) -> None:
        """Begin with a `hello`: every change after change number `seq` will be sent."""
        self._seq = seq
        self._first.append(Notice("hello", seq, _encode({"seq": seq})))
        self._wake.set()

    def reset(self, seq: int, reason: str) -> None:
        """The reader must start over from `seq`; what was not read yet is void."""
        self._seq = seq
        self._deltas.clear()
        self._missed = 0
        self._first = [each for each in self._first if each.event != "reset"]
        self._first.append(Notice("reset", seq, _encode({"seq": seq, "reason": reason})))
        self._wake.set()

    def add(self, delta: Delta, *, has_intents: bool = False) -> None:
        """Buffer a delta, or only count it while the reader is too slow. With `has_intents` it is
        new even if its change number is not."""
        if delta.seq < self._seq or (delta.seq == self._seq and not has_intents):
            return
        if self._missed or len(self._deltas) >= BUFFER:
            self._missed += delta.tasks
            self._missed_to = delta.seq
        else:
            self._deltas.append(delta)
        self._wake.set()

    def advance(self, seq: int) -> None:
        """Nothing changed for this reader up to `seq`: when it comes back it may begin there."""
        if not (self._deltas or self._missed):
            self._seq = max(self._seq, seq)

    def pulse(self, body: bytes) -> None:
        """Give a status, in place of one that was not read yet."""
        self._pulse = body
        self._wake.set()

    def close(self) -> None:
        """End the stream: what was not read is dropped."""
        self.closed = True
        self._wake.set()

    async def read(self, timeout_s: float) -> list[Notice]:
        """What there is to tell, waited for up to `timeout_s`; empty when nothing came, or
        when the stream is closed. Who reads has sent what it read before."""
        self._sending = 0
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            return []
        if self.closed:
            return []
        self._wake.clear()
        return self._take()

    def _take(self) -> list[Notice]:
        taken, self._first = self._first, []
        self._sending = self.unread_bytes
        deltas, self._deltas = self._deltas, deque()
        if self._missed:
            deltas.append(Delta(self._missed_to, skipped=self._missed))
            self._missed = 0
        for delta in deltas:
            self._seq = delta.seq
            taken.append(Notice("changes", delta.seq, delta.body))
        if self._pulse is not None:
            taken.append(Notice("status", self._seq, self._pulse))
            self._pulse = None
        return taken
