"""AMQP frames, in whatever pieces they arrive."""

from __future__ import annotations

from struct import pack
from typing import Any

import pytest
from amqp.basic_message import Message

from umbel.broker.base import Frame
from umbel.broker.deliveries import Deliveries, MalformedFrame

CHANNEL = 1
BASE = 1 << 40


def framed(kind: int, payload: bytes, channel: int = CHANNEL) -> bytes:
    return pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(tag: int) -> bytes:
    arguments = b"\x05ctag1" + pack(">QB", tag, 0) + b"\x08celeryev" + b"\x0atask.multi"
    return framed(1, pack(">HH", 60, 60) + arguments)


def header(body: bytes, **properties: Any) -> bytes:
    properties = {"content_type": "application/json", "content_encoding": "utf-8", **properties}
    packed = Message(body, **properties)._serialize_properties()
    return framed(2, pack(">HHQ", 60, 0, len(body)) + packed)


def delivery(tag: int, body: bytes, piece: int = 100, **properties: Any) -> bytes:
    pieces = [body[start : start + piece] for start in range(0, len(body), piece)]
    parts = b"".join(framed(3, part) for part in pieces)
    return method(tag) + header(body, **properties) + parts


def parsed(wire: bytes, size: int) -> tuple[list[Frame], list[tuple[int, int, bytes]]]:
    others: list[tuple[int, int, bytes]] = []
    deliveries = Deliveries(CHANNEL, BASE, others.append)
    frames: list[Frame] = []
    for start in range(0, len(wire), size):
        deliveries.buffer += wire[start : start + size]
        frames += deliveries.take()
    assert not deliveries.buffer
    return frames, others


def test_messages_come_out_whole_however_they_are_cut() -> None:
    """A body may come in many frames, or in none when it is empty."""
    bodies = [b"{}", b"", b"x" * 250, b"\xce" * 100]
    wire = b"".join(delivery(tag, body) for tag, body in enumerate(bodies, 1))

    for size in range(1, len(wire) + 1, 5):
        frames, others = parsed(wire, size)

        assert [frame.body for frame in frames] == bodies
        assert [frame.tag for frame in frames] == [BASE + 1, BASE + 2, BASE + 3, BASE + 4]
        assert not others


def test_frames_of_others_between_those_of_a_message_are_handed_on() -> None:
    heartbeat = framed(8, b"", channel=0)
    blocked = framed(1, pack(">HH", 10, 60) + b"\x00", channel=0)
    wire = method(9) + heartbeat + header(b"ab") + framed(3, b"a") + blocked + framed(3, b"b")

    frames, others = parsed(wire, len(wire))

    assert [(frame.body, frame.tag) for frame in frames] == [(b"ab", BASE + 9)]
    assert [(kind, channel) for kind, channel, _ in others] == [(8, 0), (1, 0)]


def test_other_methods_of_our_channel_are_handed_on() -> None:
    cancel = framed(1, pack(">HH", 60, 30) + b"\x05ctag1\x00")

    frames, others = parsed(cancel + delivery(1, b"{}"), 1000)

    assert [frame.body for frame in frames] == [b"{}"]
    assert others == [(1, CHANNEL, cancel[7:-1])]


def test_properties_say_how_to_read_the_body() -> None:
    wire = delivery(1, b"?", content_type="application/x-msgpack", content_encoding="binary")
    wire += delivery(2, b"?", application_headers={"compression": "zlib", "hostname": "w"})
    wire += delivery(3, b"?", application_headers={"hostname": "w"})

    (first, second, third), _ = parsed(wire, len(wire))

    assert (first.content_type, first.content_encoding) == ("application/x-msgpack", "binary")
    assert second.headers == {"compression": "zlib"}
    assert third.headers is None


def test_ever_new_large_properties_are_not_remembered() -> None:
    deliveries = Deliveries(CHANNEL, BASE, lambda _: None)
    for tag in range(5):
        large = {"hostname": f"{tag}" * 5_000}
        deliveries.buffer += delivery(tag, b"{}", application_headers=large)

    assert len(deliveries.take()) == 5
    assert deliveries._properties_cache == {}


def test_a_frame_without_its_end_mark_ends_the_connection() -> None:
    broken = bytearray(method(1))
    broken[-1] = 0

    with pytest.raises(MalformedFrame):
        parsed(bytes(broken) + method(2), 1000)


def test_a_body_without_a_header_ends_the_connection() -> None:
    with pytest.raises(MalformedFrame):
        parsed(framed(3, b"body"), 1000)
