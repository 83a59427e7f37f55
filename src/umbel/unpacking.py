"""What opens packed bodies and results, up to a bound, by kombu's content types.

A small packed body can be gigabytes of zeros, so nothing is opened without an end in sight.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import Final, Protocol


class Opener(Protocol):
    """Opens one packed text, to at most `limit` bytes; raises its library's errors."""

    def decompress(self, packed: bytes, limit: int, /) -> bytes: ...


class _zstd:  # noqa: N801
    """zstandard's streaming reader, with the shape of the others."""

    def decompress(self, packed: bytes, limit: int, /) -> bytes:
        import zstandard

        opener = zstandard.ZstdDecompressor(max_window_size=2**27)
        with opener.stream_reader(packed) as reader:
            return reader.read(limit)


#: As kombu/compression.py registers them.
OPENERS: Final[dict[str, Callable[[], Opener]]] = {
    "application/x-gzip": zlib.decompressobj,
    "application/x-bz2": bz2.BZ2Decompressor,
    "application/x-lzma": lzma.LZMADecompressor,
    "application/zstd": _zstd,
}
