"""AMQP deliveries, parsed in bulk from the bytes of a connection.

Theory of operation. A delivery is a method frame (basic.deliver), a header frame
(properties) and body frames. `Deliveries` reads these off for one channel; every other frame
(heartbeats, closes, cancellations, blocks) is handed to `other`, which is py-amqp's own
handler. Properties hardly vary (one set per worker), so their bytes are looked up before
they are parsed. Frames of other channels may stand between those of one message, so the
message under construction is state, not a scan.

Source: AMQP 0-9-1, 4.2.3 to 4.2.6; py-amqp `method_framing.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final

import msgspec
from amqp.basic_message import Message

from umbel.broker.base import Frame
from umbel.broker.envelope import UNREADABLE
from umbel.broker.event_queue import BOOKMARK

_HEADER, _BODY = 2, 3
_FRAME_END: Final = 0xCE
_frame: Final = Struct(">BHI").unpack_from
_long: Final = Struct(">Q").unpack_from
_DELIVER: Final = b"\x00\x3c\x00\x3c"
#: Different property sets that are remembered.
_PROPERTIES_CACHED_MAX: Final = 2_000
#: Larger ones are parsed each time: remembered, they could fill the memory.
_PROPERTIES_MAX_BYTES: Final = 1_024


class MalformedFrame(ConnectionError):
    """The bytes are not AMQP frames; the connection cannot be used any more."""


class Properties(msgspec.Struct, frozen=True):
    """What a message's header says of its body."""

    content_type: str
    content_encoding: str
    headers: dict[str, object] | None


class Deliveries:
    """What came for `channel`. `buffer` is filled by the caller; tags begin above `base`."""

    def __init__(
        self, channel: int, base: int, other: Callable[[tuple[int, int, bytes]], object]
    ) -> None:
        self.buffer = bytearray()
        #: Whether the first message had been delivered before; None until it comes.
        self.first_redelivered: bool | None = None
        self._channel = channel
        self._base = base
        self._other = other
        self._properties_cache: dict[bytes, Properties] = {}
        self._tag = 0
        self._left = 0
        self._properties: Properties | None = None
        self._parts: list[bytes] = []

    def take(self) -> list[Frame]:
        """The complete messages so far. Raises `MalformedFrame`, and whatever `other` raises."""
        frames: list[Frame] = []
        # One copy of all makes each part below one copy instead of two.
        received = bytes(self.buffer)
        size = len(received)
        channel = self._channel
        position = 0
        while position + 8 <= size:
            kind, owner, length = _frame(received, position)
            start = position + 7
            stop = start + length
            if stop >= size:
                break
            if received[stop] != _FRAME_END:
                raise MalformedFrame("RabbitMQ sent a frame without its end mark.")
            position = stop + 1
            if owner != channel:
                self._other((kind, owner, received[start:stop]))
            elif kind == _BODY:
                self._body(received[start:stop], frames)
            elif kind == _HEADER:
                self._header(received[start:stop], frames)
            elif received.startswith(_DELIVER, start):
                number = start + 5 + received[start + 4]
                (self._tag,) = _long(received, number)
                if self.first_redelivered is None:
                    self.first_redelivered = bool(received[number + 8] & 1)
            else:
                self._other((kind, owner, received[start:stop]))
        del self.buffer[:position]
        return frames

    def _header(self, payload: bytes, frames: list[Frame]) -> None:
        (self._left,) = _long(payload, 4)
        raw = payload[12:]
        self._properties = self._properties_cache.get(raw) or self._learn(raw, payload)
        if not self._left:
            self._finish(b"", frames)

    def _body(self, part: bytes, frames: list[Frame]) -> None:
        self._left -= len(part)
        if self._left <= 0 and not self._parts:
            self._finish(part, frames)
            return
        self._parts.append(part)
        if self._left <= 0:
            parts, self._parts = self._parts, []
            self._finish(b"".join(parts), frames)

    def _finish(self, body: bytes, frames: list[Frame]) -> None:
        properties, self._properties = self._properties, None
        if properties is None:
            raise MalformedFrame("RabbitMQ sent a body without its header.")
        if properties.content_type == BOOKMARK:
            return
        frames.append(
            Frame(
                body,
                self._base + self._tag,
                None,
                properties.content_type,
                properties.content_encoding,
                properties.headers,
            )
        )

    def _learn(self, raw: bytes, payload: bytes) -> Properties:
        found = _read(payload)
        if len(self._properties_cache) >= _PROPERTIES_CACHED_MAX:
            self._properties_cache.clear()
        if len(raw) <= _PROPERTIES_MAX_BYTES:
            self._properties_cache[raw] = found
        return found


def _read(payload: bytes) -> Properties:
    message = Message()
    try:
        message.inbound_header(payload)
    except Exception:  # tables within tables, or kinds of values that py-amqp does not know
        return Properties(UNREADABLE, "binary", None)
    return properties_of(message.properties)


def properties_of(properties: dict[str, object]) -> Properties:
    """py-amqp's view of a message's properties, reduced to what decides about its body."""
    headers = properties.get("application_headers")
    compression = headers.get("compression") if isinstance(headers, dict) else None
    return Properties(
        str(properties.get("content_type") or "application/json"),
        str(properties.get("content_encoding") or "utf-8"),
        {"compression": compression} if compression else None,
    )
