"""Decompression of message bodies by their header `compression`, up to `BODY_MAX`.

Bounded, since a few kilobytes from a stranger can unpack to gigabytes (a decompression bomb).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from umbel.decompression import OPENERS, Opener, opened_max
from umbel.errors import EventError

#: A larger body, packed or not, is not opened, bytes.
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
    body = _bounded(body, BODY_MAX)
    if not compression:
        return body
    name = str(compression)
    opener = _OPENERS.get(name) or (_ZSTD if "zst" in name else None)
    if opener is None:
        raise EventError(
            "compression",
            f"A message is compressed with {name[:60]!r}, which Umbel does not open.",
        )
    most = opened_max(opener, BODY_MAX)
    try:
        opened = opener().decompress(body, most + 1)
    except Exception as error:
        raise EventError("compression", f"A compressed body is damaged: {error}") from error
    return _bounded(opened, most)


def _bounded(body: bytes, most: int) -> bytes:
    if len(body) > most:
        raise EventError(
            "too-large", f"A message holds more than {most // 2**20} MB and was not opened."
        )
    return body
