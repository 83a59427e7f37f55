"""kombu's envelope of a virtual transport's message, opened in one pass.

The usual one (a base64 body) is decoded by msgspec straight into bytes; any other kind is
decoded field by field. Source: kombu/transport/virtual/base.py (`prepare_message`,
`Base64`).
"""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.broker.base import Frame
from umbel.broker.compression import BODY_MAX

#: A larger envelope cannot hold a body that is opened, whose base64 is longer by a third, bytes.
ENVELOPE_MAX: Final = BODY_MAX // 3 * 4 + 1024 * 1024
#: Messages that cannot be opened are handed on under this type, for the ingest to count.
UNREADABLE: Final = "application/vnd.umbel.unreadable"
_WIRE_NAMES: Final = {"type": "content-type", "coding": "content-encoding"}


class _Properties(msgspec.Struct, gc=False, frozen=True):
    body_encoding: str | None = None


class _Headers(msgspec.Struct, gc=False, frozen=True):
    compression: str | None = None


class _Envelope(msgspec.Struct, gc=False, rename=_WIRE_NAMES):
    body: bytes
    properties: _Properties
    type: str | None = None
    coding: str | None = None
    headers: _Headers | None = None


class _UnencodedEnvelope(msgspec.Struct, gc=False, rename=_WIRE_NAMES):
    body: str
    properties: _Properties = _Properties()
    type: str | None = None
    coding: str | None = None
    headers: _Headers | None = None


#: What is no envelope, or is nested too deeply to be skipped.
_DECODE_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

_decode: Final = msgspec.json.Decoder(_Envelope).decode
_decode_unencoded: Final = msgspec.json.Decoder(_UnencodedEnvelope).decode


def open_envelope(payload: bytes | bytearray, tag: int = 0) -> Frame:
    """The message inside `payload`; of type `UNREADABLE`, with all of it, if there is none."""
    if len(payload) > ENVELOPE_MAX:
        return Frame(bytes(payload), tag, content_type=UNREADABLE)
    try:
        envelope: _Envelope | _UnencodedEnvelope = _decode(payload)
        is_unencoded = envelope.properties.body_encoding != "base64"
    except _DECODE_ERRORS:
        is_unencoded = True
    if is_unencoded:
        try:
            envelope = _decode_unencoded(payload)
        except _DECODE_ERRORS:
            return Frame(bytes(payload), tag, content_type=UNREADABLE)
    body = envelope.body
    return Frame(
        body if isinstance(body, bytes) else body.encode("utf-8", "replace"),
        tag,
        None,
        envelope.type or "application/json",
        envelope.coding or "utf-8",
        _compressed(envelope.headers),
    )


def _compressed(headers: _Headers | None) -> dict[str, object] | None:
    if headers is None or not headers.compression:
        return None
    return {"compression": headers.compression}
