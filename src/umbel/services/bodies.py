"""From a message as it came to events, whatever its serializer and compression.

JSON goes straight to `cluster.decode`. msgpack and YAML are decoded here, by decoders that
can only make plain values. Pickle and everything unknown is counted and never loaded.
Compressed bodies are opened up to a bound, so that a small message cannot fill the memory.
"""

from __future__ import annotations

import bz2
import codecs
import importlib
import lzma
import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from umbel.broker.base import Frame
from umbel.cluster.decode import decode, lenient, sample
from umbel.cluster.events import Decoded, Fault
from umbel.errors import EventError

#: A larger body, packed or not, is counted and not opened.
BODY_MAX: Final = 16 * 1024 * 1024

JSON: Final = "application/json"
_UTF_8: Final = frozenset({"utf-8", "utf8", "binary", "ascii", "us-ascii"})
_PICKLE: Final = frozenset({"application/x-python-serialize", "application/x-python"})
_MSGPACK: Final = "application/x-msgpack"
_YAML: Final = "application/x-yaml"


def events_of(frame: Frame, received_at: float) -> Decoded:
    """The events of one message, and what in it could not be understood. Never raises for
    anything that a message can hold."""
    body = frame.body
    plain = frame.content_type == JSON and frame.content_encoding == "utf-8"
    if plain and frame.headers is None and len(body) <= BODY_MAX:
        return decode(body, received_at)
    try:
        return _unusual(frame, received_at)
    except EventError as error:
        return Decoded([], [Fault(error.reason, str(error), sample(body))])


def _unusual(frame: Frame, received_at: float) -> Decoded:
    body = _bounded(frame.body, len(frame.body))
    compression = (frame.headers or {}).get("compression")
    if compression:
        body = _unpacked(body, str(compression))
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
    raise EventError(
        "content-type", f"A message is of type {kind[:100]!r}, which Umbel does not read."
    )


def _bounded(body: bytes, size: int) -> bytes:
    if size > BODY_MAX:
        raise EventError(
            "too-large", f"A message holds more than {BODY_MAX // 2**20} MB and was not opened."
        )
    return body


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


class _Opener(Protocol):
    def decompress(self, packed: bytes, limit: int, /) -> bytes: ...


#: By the names that kombu puts into the header `compression`.
_OPENERS: Final[dict[str, Callable[[], _Opener]]] = {
    "application/x-gzip": zlib.decompressobj,
    "gzip": zlib.decompressobj,
    "zlib": zlib.decompressobj,
    "application/x-bz2": bz2.BZ2Decompressor,
    "bzip2": bz2.BZ2Decompressor,
    "application/x-lzma": lzma.LZMADecompressor,
    "lzma": lzma.LZMADecompressor,
    "xz": lzma.LZMADecompressor,
}


def _unpacked(body: bytes, compression: str) -> bytes:
    opener = _OPENERS.get(compression) or (_zstd if "zst" in compression else None)
    if opener is None:
        raise EventError(
            "compression",
            f"A message is compressed with {compression[:60]!r}, which Umbel does not open.",
        )
    try:
        opened = opener().decompress(body, BODY_MAX + 1)
    except Exception as error:
        raise EventError("compression", f"A compressed body is damaged: {error}") from error
    return _bounded(opened, len(opened))


class _zstd:  # noqa: N801
    """zstandard's streaming reader, with the shape of the others."""

    def decompress(self, packed: bytes, limit: int, /) -> bytes:
        import zstandard

        opener = zstandard.ZstdDecompressor(max_window_size=2**27)
        with opener.stream_reader(packed) as reader:
            return reader.read(limit)
