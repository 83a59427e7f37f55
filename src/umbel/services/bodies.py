"""From a message as it came to events, whatever its serializer and compression.

JSON goes straight to `cluster.decode`. msgpack and YAML are decoded here, by decoders that
can only make plain values. Pickle and everything unknown is counted and never loaded.
Compressed bodies are opened up to a bound, so that a small message cannot fill the memory.
"""

from __future__ import annotations

import codecs
import importlib
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from umbel.broker.base import Frame
from umbel.broker.compression import BODY_MAX, JSON, unpacked
from umbel.broker.envelope import UNREADABLE
from umbel.cluster.decode import decode, decode_all, lenient, sample
from umbel.cluster.events import Decoded, Fault
from umbel.errors import EventError

_UTF_8: Final = frozenset({"utf-8", "utf8", "binary", "ascii", "us-ascii"})
_PICKLE: Final = frozenset({"application/x-python-serialize", "application/x-python"})
_MSGPACK: Final = "application/x-msgpack"
_YAML: Final = "application/x-yaml"


def events_of_all(frames: Sequence[Frame], received_at: float) -> Decoded:
    """`events_of` for the frames of one read, in their order."""
    plain = [frame.body for frame in frames if _is_plain(frame)]
    if len(plain) == len(frames):
        return decode_all(plain, received_at)
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
        return lenient(_loaded(msgspec.msgpack.decode, body, "msgpack"), received_at)
    if kind == _YAML:
        return lenient(_loaded(_yaml, body, "YAML"), received_at)
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
    try:
        return body.decode(codecs.lookup(encoding).name, "replace").encode("utf-8", "replace")
    except (LookupError, UnicodeError, ValueError) as error:
        raise EventError(
            "encoding", f"A message is in the encoding {encoding[:60]!r}, which is not known."
        ) from error


def _loaded(load: Callable[[bytes], Any], body: bytes, kind: str) -> object:
    try:
        return load(body)
    except EventError:
        raise
    except Exception as error:
        raise EventError(f"not-{kind.lower()}", f"The body is not {kind}: {error}") from error


def _yaml(body: bytes) -> object:
    try:
        yaml = importlib.import_module("yaml")
    except ImportError:
        raise EventError(
            "content-type",
            "A message is YAML. Install PyYAML beside Umbel, or set event_serializer = 'json' "
            "in the application that sends it.",
        ) from None
    text = body.decode("utf-8", "replace")
    # A few aliases, nested, write out to gigabytes; events have no use for them.
    if any(isinstance(one, yaml.AliasEvent) for one in yaml.parse(text, yaml.SafeLoader)):
        raise ValueError("it holds aliases")
    return yaml.safe_load(text)
