"""The queue between the thread that reads the broker and the one that writes the disk.

It is bounded in bytes and `put` never waits: what does not fit is dropped and counted as shed, what
matters least first (see `shedding`).
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Frame, ShedKind
from umbel.broker.shedding import ROOM, shed_kind

#: What a frame costs in memory besides its body, in bytes.
_FRAME_BYTES: Final = 160


class Chunk(msgspec.Struct, frozen=True):
    """Frames of one read, in order, and when they came: `received_at` in Unix seconds,
    `came_at` on the monotonic clock, which nobody sets. `empty_at`: when, on the same clock,
    the broker was last seen to keep nothing before that (see `lag`). `interrupted`: others may
    have been lost before them. `is_prompt`: nothing in it has waited at the broker."""

    frames: Sequence[Frame]
    received_at: float
    came_at: float
    size_bytes: int
    empty_at: float | None = None
    interrupted: bool = False
    is_prompt: bool = False


def chunk_of(
    frames: Sequence[Frame],
    received_at: float,
    *,
    came_at: float = 0.0,
    empty_at: float | None = None,
    interrupted: bool = False,
    is_prompt: bool = False,
) -> Chunk:
    """The chunk of these frames, with their size."""
    size = sum([len(frame.body) for frame in frames]) + _FRAME_BYTES * len(frames)
    return Chunk(frames, received_at, came_at, size, empty_at, interrupted, is_prompt)


#: From which part of the buffer on it matters what a message tells.
_FIRST_SHED: Final = min(ROOM.values())


class FrameBuffer:
    """A queue bounded in bytes, which one thread puts into. `put` never waits; what does not fit is
    not kept."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._chunks: deque[Chunk] = deque()
        self._size_bytes = 0
        self._filled = threading.Condition()

    @property
    def size_bytes(self) -> int:
        """What is held, with what frames cost beside their bodies."""
        return self._size_bytes

    def put(self, chunk: Chunk, *, bounded: bool) -> Mapping[ShedKind, int]:
        """Add what of a chunk fits, and return how many frames of which kind did not. An empty
        buffer takes a frame of any size; `bounded=False` takes all."""
        shed: Counter[ShedKind] = Counter()
        # Before it is locked: meanwhile others only make room, and need not wait.
        if bounded and self._size_bytes + chunk.size_bytes > self._max_bytes * _FIRST_SHED:
            chunk = self._fitting(chunk, shed)
        if chunk.frames:
            with self._filled:
                self._chunks.append(chunk)
                self._size_bytes += chunk.size_bytes
                self._filled.notify()
        return shed

    def _fitting(self, chunk: Chunk, shed: Counter[ShedKind]) -> Chunk:
        """What of the chunk there is room for, by its kind; the rest is counted in `shed`."""
        before_bytes = size_bytes = self._size_bytes
        room_bytes = {kind: self._max_bytes * part for kind, part in ROOM.items()}
        kept: list[Frame] = []
        for frame in chunk.frames:
            kind = frame.kind or shed_kind(frame)
            after = size_bytes + len(frame.body) + _FRAME_BYTES
            if after > room_bytes[kind] and size_bytes:
                shed[kind] += 1
            else:
                kept.append(frame)
                size_bytes = after
        return msgspec.structs.replace(chunk, frames=kept, size_bytes=size_bytes - before_bytes)

    def take(self, timeout_s: float) -> Chunk | None:
        """The oldest chunk, None if none came within `timeout_s`."""
        with self._filled:
            if not self._chunks:
                self._filled.wait(timeout_s)
            if not self._chunks:
                return None
            chunk = self._chunks.popleft()
            self._size_bytes -= chunk.size_bytes
            return chunk

    def is_full(self) -> bool:
        """Whether `put` would find no room for more."""
        return self._size_bytes >= self._max_bytes

    def wake(self) -> None:
        """End a wait in `take`."""
        with self._filled:
            self._filled.notify_all()

    def oldest_at(self) -> float | None:
        """When the oldest frame came, on the monotonic clock."""
        with self._filled:
            return self._chunks[0].came_at if self._chunks else None
