"""Redis' protocol, in whatever pieces it arrives."""

from __future__ import annotations

import pytest

from umbel.broker.message_batch import unreadable
from umbel.broker.resp import ErrorReply, MalformedReply, RespParser, is_notice
from umbel.services.ingest.message_bodies import events_of

PATTERN = b"/0.celeryev/*"


def bulk(text: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(text), text)


def message(payload: bytes, sign: bytes = b">", pattern: bytes = PATTERN) -> bytes:
    parts = (b"pmessage", pattern, b"/0.celeryev/task.multi", payload)
    return sign + b"4\r\n" + b"".join(map(bulk, parts))


@pytest.mark.parametrize("sign", [b">", b"*"])
def test_messages_come_out_whole_however_they_are_cut(sign: bytes) -> None:
    """Payloads may hold line ends and look like protocol themselves."""
    payloads = [b"{}", b"", b'{"a": "\r\n$5\r\n"}', b"x" * 300, message(b"inner")]
    wire = b"".join(message(payload, sign) for payload in payloads)

    for size in range(1, len(wire) + 1, 7):
        replies, got = RespParser([PATTERN]), []
        for start in range(0, len(wire), size):
            replies.buffer += wire[start : start + size]
            got += replies.take()[0]
        assert got == payloads
        assert not replies.buffer


def test_confirmations_and_answers_are_told_apart_from_messages() -> None:
    replies = RespParser([PATTERN])
    replies.buffer += b">3\r\n" + bulk(b"psubscribe") + bulk(PATTERN) + b":1\r\n"
    replies.buffer += message(b"one") + b"+PONG\r\n" + message(b"two")
    replies.buffer += b"*2\r\n" + bulk(b"pong") + bulk(b"") + b"_\r\n$-1\r\n"

    payloads, others = replies.take()

    assert payloads == [b"one", b"two"]
    assert others == [[b"psubscribe", PATTERN, 1], "PONG", [b"pong", b""], "", None]
    assert all(map(is_notice, others))


def test_messages_of_several_patterns_keep_their_order() -> None:
    replies = RespParser([PATTERN, b"/0.celeryev"])
    names = [PATTERN, b"/0.celeryev", PATTERN]
    for number, name in enumerate(names):
        replies.buffer += message(b"%d" % number, pattern=name)

    payloads, others = replies.take()

    assert payloads == [b"0", b"1", b"2"]
    assert not others


@pytest.mark.parametrize("sign", [b">", b"*"], ids=["RESP3", "RESP2"])
@pytest.mark.parametrize("kind", [b"pmessage", b"Message"])
def test_a_message_that_was_not_foreseen_is_a_message_all_the_same(
    sign: bytes, kind: bytes
) -> None:
    """Nothing that Redis publishes to us is thrown away for the form it came in."""
    replies = RespParser([PATTERN])
    replies.buffer += message(b"one", sign)
    if kind == b"pmessage":
        replies.buffer += message(b"two", sign, pattern=b"/1.celeryev/*")
    else:
        parts = (kind, b"/0.celeryev", b"two")
        replies.buffer += sign + b"3\r\n" + b"".join(map(bulk, parts))
    replies.buffer += message(b"three", sign)

    payloads, others = replies.take()

    assert payloads == [b"one", b"two", b"three"]
    assert not others


@pytest.mark.parametrize(
    "push",
    [
        b"*3\r\n" + bulk(b"pmessage") + bulk(PATTERN) + bulk(b"short"),
        b"*4\r\n" + bulk(b"pmessage") + bulk(PATTERN) + bulk(b"name") + b":1\r\n",
        b">2\r\n" + bulk(b"xmessage") + bulk(b"payload"),
        b"*0\r\n",
    ],
)
def test_a_push_that_cannot_be_understood_counts_as_an_event_that_was_not_read(
    push: bytes,
) -> None:
    replies = RespParser([PATTERN])
    replies.buffer += push

    payloads, (other,) = replies.take()
    decoded = events_of(unreadable(other), received_at=0.0)

    assert not payloads
    assert not is_notice(other)
    assert [fault.reason for fault in decoded.faults] == ["unreadable"]


def test_an_error_is_a_value_of_its_own() -> None:
    replies = RespParser([PATTERN])
    replies.buffer += b"-NOPERM no channels\r\n" + b"!5\r\nOUCH!\r\n"

    _, others = replies.take()

    assert others == ["NOPERM no channels", "OUCH!"]
    assert all(isinstance(other, ErrorReply) for other in others)


@pytest.mark.parametrize(
    "bytes_", [b"HTTP/1.1 400 Bad Request\r\n", b"$x\r\n", b"*1\r\n" * 20 + b":1\r\n"]
)
def test_what_is_not_redis_ends_the_connection(bytes_: bytes) -> None:
    replies = RespParser([PATTERN])
    replies.buffer += bytes_

    with pytest.raises(MalformedReply):
        replies.take()


def test_a_message_of_ten_megabytes_is_not_parsed_with_every_read() -> None:
    replies, payload = RespParser([PATTERN]), b"x" * 10_000_000
    wire = message(payload)
    got: list[bytes] = []

    for start in range(0, len(wire), 65_536):
        replies.buffer += wire[start : start + 65_536]
        got += replies.take()[0]

    assert got == [payload]
