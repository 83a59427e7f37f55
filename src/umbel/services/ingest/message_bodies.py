"""From a message as it came to events, whatever its serializer and compression.

JSON goes straight to `cluster.decode`. msgpack and YAML are decoded here, by decoders that
can only make plain values. Pickle and everything unknown is counted and never loaded.
Compressed bodies are opened up to a bound, so that a small message cannot fill the memory, and
no message is given more than about half a second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from umbel.broker.base import Frame
from umbel.broker.compression import BODY_MAX, JSON, unpacked
from umbel.broker.envelope import UNREADABLE
from umbel.cluster.decode import decode, decode_all, lenient, sample
from umbel.cluster.events import Decoded, Fault
from umbel.errors import EventError
from umbel.msgpack_size import check_msgpack
from umbel.services.ingest.yaml_events import read_yaml

_UTF_8: Final = frozenset({"utf-8", "utf8", "binary", "ascii", "us-ascii"})
#: Others that are decoded, in linear time. Python knows many more: some take the square of the
#: length (punycode), and each unknown name would stay in its memory.
_ENCODINGS: Final = frozenset(
    {"utf-16", "utf-16le", "utf-16be", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "latin-1",
     "latin1", "iso-8859-1", "iso8859-1", "iso-8859-15", "cp1250", "cp1251", "cp1252",
     "windows-1250", "windows-1251", "windows-1252", "koi8-r", "shift_jis", "euc-jp", "gb2312",
     "gbk", "gb18030", "big5", "euc-kr"}
)  # fmt: skip
#: More values, or deeper ones, are not made of a msgpack body.
_VALUES_MAX: Final = 50_000
_DEPTH_MAX: Final = 100
_PICKLE: Final = frozenset({"application/x-python-serialize", "application/x-python"})
_MSGPACK: Final = "application/x-msgpack"
_YAML: Final = "application/x-yaml"


def events_of_all(frames: Sequence[Frame], received_at: float) -> Decoded:
    """`events_of` for the frames of one read, in their order."""
    json_bodies = [frame.body for frame in frames if _is_plain(frame)]
    if len(json_bodies) == len(frames):
        return decode_all(json_bodies, received_at)
    each = [events_of(frame, received_at) for frame in frames]
    return Decoded(
        [event for decoded in each for event in decoded.events],
        [fault for decoded in each for fault in decoded.faults],
    )


def events_of(frame: Frame, received_at: float) -> Decoded:
    """The events of one message, and what in it could not be understood. Never raises for
    anything that a message can hold."""
    if _is_plain(frame):
        return decode(frame.body, received_at)
    try:
        return _unusual(frame, received_at)
    except EventError as error:
        return Decoded([], [Fault(error.reason, str(error), sample(frame.body))])


def _is_plain(frame: Frame) -> bool:
    return (
        frame.content_type == JSON
        and frame.content_encoding == "utf-8"
        and frame.headers is None
        and len(frame.body) <= BODY_MAX
    )


def _unusual(frame: Frame, received_at: float) -> Decoded:
    body = unpacked(frame.body, (frame.headers or {}).get("compression"))
    kind = frame.content_type.split(";")[0].strip().lower()
    if kind == JSON:
        return decode(_as_utf_8(body, frame.content_encoding), received_at)
    if kind == _MSGPACK:
        return lenient(_loaded(_msgpack, body, "msgpack"), received_at)
    if kind == _YAML:
        return lenient(_loaded(read_yaml, body, "YAML"), received_at)
    if kind in _PICKLE:
        raise EventError(
            "pickle",
            "A message is pickled, and Umbel never loads pickle. "
            "Set event_serializer = 'json' in the application that sends it.",
        )
    if kind == UNREADABLE:
        raise EventError(
            "unreadable",
            "The broker handed out something that has not the form of a message of Celery. "
            "Look for what else publishes to Celery's event exchange.",
        )
    raise EventError(
        "content-type", f"A message is of type {kind[:100]!r}, which Umbel does not read."
    )


def _as_utf_8(body: bytes, encoding: str) -> bytes:
    if encoding.lower() in _UTF_8:
        return body
    name = encoding.lower()
    if name not in _ENCODINGS:
        raise EventError(
            "encoding",
            f"A message is in the encoding {encoding[:60]!r}, which Umbel does not read.",
        )
    return body.decode(name, "replace").encode("utf-8", "replace")


def _msgpack(body: bytes) -> object:
    check_msgpack(body, values_max=_VALUES_MAX, depth_max=_DEPTH_MAX)
    return msgspec.msgpack.decode(body)


def _loaded(load: Callable[[bytes], object], body: bytes, kind: str) -> object:
    try:
        return load(body)
    except EventError:
        raise
    except Exception as error:
        raise EventError(f"not-{kind.lower()}", f"The body is not {kind}: {error}") from error
