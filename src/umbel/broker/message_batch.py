"""What one read of a subscribed Redis connection brought, also as it goes between processes.

In a process of its own the reader (`reader_main`) hands on batches over a socket: four bytes with
the length, then the batch in MessagePack, with what a message of the usual kind has by default left
out. So opening them costs the collector a small part of what reading them from Redis would.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Frame
from umbel.broker.compression import JSON
from umbel.broker.envelope import UNREADABLE, open_envelope
from umbel.broker.resp import ErrorReply, is_notice, is_pong
from umbel.broker.shedding import shed_kind

#: Bytes of the length before each batch.
LENGTH_BYTES: Final = 4
#: In so many messages of each read the mark of the stream is looked for, where one lacks it: under
#: a flood they are thousands.
MARKS_LOOKED_FOR: Final = 100


class ReaderStart(msgspec.Struct, frozen=True, array_like=True):
    """What a reader needs to go on where another one stopped: the patterns that are subscribed to,
    the tag of the last frame, the bytes that were read and are not whole yet, and the marks of
    messages whose sender writes the stream."""

    patterns: list[bytes]
    tag: int
    rest: bytes
    marks: tuple[bytes, bytes] | None


class MessageBatch(msgspec.Struct, array_like=True):
    """`is_pong`: Redis has answered a PING. `refusal`: what it refused. `is_kept`: whether all
    comes from who writes the stream, and `any_kept` whether one of the first messages does.
    `rest`: the reader stops here, with these bytes of a message that is not whole; `ended`: it
    cannot go on, and why."""

    frames: list[Frame] = []
    is_pong: bool = False
    refusal: str | None = None
    is_kept: bool = True
    any_kept: bool = False
    rest: bytes | None = None
    ended: str | None = None


def batch_of(
    payloads: Sequence[bytes],
    others: Sequence[object],
    tag: int,
    marks: tuple[bytes, bytes] | None = None,
) -> MessageBatch:
    """The messages in kombu's envelopes, with tags after `tag`, and what else Redis said. `marks`
    are looked for if there are any."""
    batch = MessageBatch(opened(payloads, tag))
    if others:
        last = tag + len(payloads)
        batch.frames += [unreadable(other, last) for other in others if not is_notice(other)]
        batch.is_pong = any(map(is_pong, others))
        batch.refusal = next((str(each) for each in others if isinstance(each, ErrorReply)), None)
    if marks is not None:
        one, other = marks
        batch.is_kept = all(one in each or other in each for each in payloads)
        batch.any_kept = any(one in each or other in each for each in payloads[:MARKS_LOOKED_FOR])
    return batch


def opened(payloads: Sequence[bytes], tag: int) -> list[Frame]:
    """The messages in kombu's envelopes, with tags after `tag`."""
    return [open_envelope(payload, tag + number) for number, payload in enumerate(payloads, 1)]


def unreadable(value: object, tag: int = 0) -> Frame:
    """Something was pushed that is not understood. It may have been an event, so it is counted
    and shown as one that could not be read, never dropped."""
    return Frame(repr(value).encode(), tag, content_type=UNREADABLE)


_encoder: Final = msgspec.msgpack.Encoder()
_decode: Final = msgspec.msgpack.Decoder(MessageBatch).decode


def packed(batch: MessageBatch) -> bytearray:
    """The batch as it goes over the socket. What its messages tell is found out here."""
    frames = [
        (frame.body, frame.tag, shed_kind(frame))
        if frame.content_type == JSON
        and frame.headers is None
        and frame.content_encoding == "utf-8"
        else frame
        for frame in batch.frames
    ]
    buffer = bytearray(LENGTH_BYTES)
    _encoder.encode_into(
        (
            frames,
            batch.is_pong,
            batch.refusal,
            batch.is_kept,
            batch.any_kept,
            batch.rest,
            batch.ended,
        ),
        buffer,
        LENGTH_BYTES,
    )
    buffer[:LENGTH_BYTES] = (len(buffer) - LENGTH_BYTES).to_bytes(LENGTH_BYTES, "little")
    return buffer


def unpacked_from(buffer: bytearray) -> Iterator[MessageBatch]:
    """Take the batches that are whole from the beginning of `buffer`."""
    while (size := batch_bytes(buffer)) is not None and len(buffer) >= size:
        with memoryview(buffer) as view:
            batch = _decode(view[LENGTH_BYTES:size])
        del buffer[:size]
        yield batch


def batch_bytes(buffer: bytearray) -> int | None:
    """How long the first batch in `buffer` is, with its length; None if that has not come."""
    if len(buffer) < LENGTH_BYTES:
        return None
    return LENGTH_BYTES + int.from_bytes(buffer[:LENGTH_BYTES], "little")
