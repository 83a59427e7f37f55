"""kombu's envelope."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from umbel.broker.envelope import UNREADABLE, open_envelope

BODY = b'{"type": "task-started"}'


def envelope(**changes: Any) -> bytes:
    """An envelope as kombu's virtual transports write it."""
    fields = {
        "body": base64.b64encode(BODY).decode(),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"hostname": "w1@host"},
        "properties": {"delivery_mode": 1, "body_encoding": "base64", "priority": 0},
    }
    return json.dumps({**fields, **changes}).encode()


def test_a_usual_envelope_gives_its_body() -> None:
    frame = open_envelope(envelope(), tag=7)

    assert (frame.body, frame.tag) == (BODY, 7)
    assert (frame.content_type, frame.content_encoding) == ("application/json", "utf-8")
    assert frame.headers is None


def test_a_body_that_is_not_packed_is_taken_as_it_is() -> None:
    frame = open_envelope(envelope(body=BODY.decode(), properties={}))

    assert frame.body == BODY


def test_text_that_happens_to_be_base64_is_not_unpacked() -> None:
    frame = open_envelope(envelope(body="YWJj", properties={"body_encoding": None}))

    assert frame.body == b"YWJj"


def test_type_encoding_and_compression_are_told() -> None:
    recent = envelope(
        **{
            "content-type": "application/x-msgpack",
            "content-encoding": "binary",
            "headers": {"compression": "application/x-gzip"},
        }
    )

    frame = open_envelope(recent)

    assert (frame.content_type, frame.content_encoding) == ("application/x-msgpack", "binary")
    assert frame.headers == {"compression": "application/x-gzip"}


@pytest.mark.parametrize(
    "payload", [b"", b"\xff\xfe", b"[]", b"{}", b'{"body": 1, "properties": {}}', b"[" * 100_000]
)
def test_what_is_no_envelope_is_handed_on_to_be_counted(payload: bytes) -> None:
    frame = open_envelope(payload)

    assert frame.content_type == UNREADABLE
    assert frame.body == payload
