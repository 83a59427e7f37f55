"""Decompression of bodies and results, up to a bound, by kombu's content types.

A small packed body can be gigabytes of zeros, so nothing is opened without an end in sight.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

#: Openers that would take more memory than this, whatever comes out, refuse. What kombu packs
#: takes at most 9 MB.
_MEMORY_MAX: Final = 32 * 2**20
#: How far back zstandard may refer: what every decoder should take (RFC 8878, 3.1.1.1.2).
_WINDOW_MAX: Final = 8 * 2**20


class Opener(Protocol):
    """Opens one packed text, to at most `limit` bytes; raises its library's errors."""

    def decompress(self, packed: bytes, limit: int, /) -> bytes: ...


class _zstd:  # noqa: N801
    """zstandard's streaming reader, with the shape of the others."""

    def decompress(self, packed: bytes, limit: int, /) -> bytes:
        import zstandard

        opener = zstandard.ZstdDecompressor(max_window_size=_WINDOW_MAX)
        with opener.stream_reader(packed) as reader:
            return reader.read(limit)


#: bzip2 is opened at a few megabytes a second where others have hundreds, bytes of what comes.
_SLOWLY_MAX: Final = 2 * 2**20

#: As kombu/compression.py registers them.
OPENERS: Final[dict[str, Callable[[], Opener]]] = {
    "application/x-gzip": zlib.decompressobj,
    "application/x-bz2": bz2.BZ2Decompressor,
    "application/x-lzma": partial(lzma.LZMADecompressor, memlimit=_MEMORY_MAX),
    "application/zstd": _zstd,
}


def opened_max(open_one: Callable[[], Opener], most: int) -> int:
    """How much may come out, bytes: `most`, or less of what takes long to open."""
    return min(most, _SLOWLY_MAX) if open_one is bz2.BZ2Decompressor else most
