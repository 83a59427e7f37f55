"""Batches of messages go from one process to another as they are."""

from __future__ import annotations

import json
from base64 import b64encode

from umbel.broker.base import Frame
from umbel.broker.envelope import UNREADABLE
from umbel.broker.message_batch import MessageBatch, batch_of, packed, unpacked_from
from umbel.broker.resp import ErrorReply

MARKS = (b'"umbel-stream": "0/s"', b'"umbel-stream": "0/s?"')


def envelope(body: bytes, **headers: str) -> bytes:
    properties = {"body_encoding": "base64"}
    text = b64encode(body).decode()
    return json.dumps(
        {"body": text, "content-type": "application/json", "properties": properties}
        | {"content-encoding": "utf-8", "headers": headers}
    ).encode()


def test_messages_arrive_with_their_tags_and_what_they_tell() -> None:
    begun, failed = b'{"type": "task-sent"}', b'{"type": "task-failed"}'
    buffer = packed(batch_of([envelope(begun), envelope(failed)], [], 7))

    (batch,) = unpacked_from(buffer)

    assert batch.frames == [Frame(begun, 8, "begun"), Frame(failed, 9, "other")]
    assert not buffer


def test_unusual_messages_keep_all_that_tells_how_to_open_them() -> None:
    odd = envelope(b"packed", compression="application/x-gzip")
    buffer = packed(batch_of([odd, b"rubbish"], [[b"pmessage", b"what?"]], 0))

    (batch,) = unpacked_from(buffer)

    compressed, rubbish, pushed = batch.frames
    assert compressed.headers == {"compression": "application/x-gzip"}
    assert (rubbish.body, rubbish.content_type, rubbish.tag) == (b"rubbish", UNREADABLE, 2)
    assert (pushed.content_type, pushed.tag) == (UNREADABLE, 2)


def test_answers_and_refusals_of_redis_go_along() -> None:
    batch = batch_of([], ["PONG", ErrorReply("NOPERM no")], 3)

    assert (batch.frames, batch.is_pong, batch.refusal) == ([], True, "NOPERM no")


def test_whether_senders_write_the_stream_goes_along() -> None:
    with_mark, without = envelope(b"{}", **{"umbel-stream": "0/s"}), envelope(b"{}")

    assert batch_of([with_mark], [], 0, MARKS).is_kept
    mixed = batch_of([with_mark, without], [], 0, MARKS)
    assert (mixed.is_kept, mixed.any_kept) == (False, True)


def test_what_has_come_by_halves_waits_for_the_rest() -> None:
    whole = packed(batch_of([envelope(b"a")], [], 0)) + packed(MessageBatch(rest=b"*4"))
    buffer = bytearray()
    found: list[MessageBatch] = []
    for byte in whole:
        buffer.append(byte)
        found += unpacked_from(buffer)

    assert [batch.rest for batch in found] == [None, b"*4"]
    assert found[0].frames[0].body == b"a"
