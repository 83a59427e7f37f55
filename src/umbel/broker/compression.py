"""Bodies of messages as they were before they were packed, up to a bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from umbel.errors import EventError
from umbel.unpacking import OPENERS, Opener

#: A larger body, packed or not, is not opened.
BODY_MAX: Final = 16 * 1024 * 1024

JSON: Final = "application/json"


#: By the names that kombu puts into the header `compression`.
_OPENERS: Final[dict[str, Callable[[], Opener]]] = {
    **OPENERS,
    "gzip": OPENERS["application/x-gzip"],
    "zlib": OPENERS["application/x-gzip"],
    "bzip2": OPENERS["application/x-bz2"],
    "lzma": OPENERS["application/x-lzma"],
    "xz": OPENERS["application/x-lzma"],
}
_ZSTD: Final = OPENERS["application/zstd"]


def unpacked(body: bytes, compression: object = None) -> bytes:
    """The body behind `compression` (the message's header, if it has one). Raises
    `EventError` when it is too large, damaged or packed in an unknown way."""
    body = _bounded(body)
    if not compression:
        return body
    name = str(compression)
    opener = _OPENERS.get(name) or (_ZSTD if "zst" in name else None)
    if opener is None:
        raise EventError(
            "compression",
            f"A message is compressed with {name[:60]!r}, which Umbel does not open.",
        )
    try:
        opened = opener().decompress(body, BODY_MAX + 1)
    except Exception as error:
        raise EventError("compression", f"A compressed body is damaged: {error}") from error
    return _bounded(opened)


def _bounded(body: bytes) -> bytes:
    if len(body) > BODY_MAX:
        raise EventError(
            "too-large", f"A message holds more than {BODY_MAX // 2**20} MB and was not opened."
        )
    return body
