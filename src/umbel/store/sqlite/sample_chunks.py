"""The values of up to 64 queues or workers in one bucket of time, as bytes.

A chunk is a count, the positions of its subjects (a byte each), and for each measure a column of
32-bit floats, NaN for what nobody could tell. Bytes of the same weight stand together before they
are compressed: most values are small whole numbers, so three of four bytes hardly vary.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Final

import msgspec
import zstandard

from umbel.store.samples import Values

#: How many subjects one chunk has at most.
WIDTH: Final = 64
_LEVEL: Final = 3
_FLOAT: Final = 4
#: Many measures more than there are.
_RAW_MAX: Final = 1 + WIDTH * (1 + 64 * _FLOAT)
_UNKNOWN: Final = math.nan


class SampleChunk(msgspec.Struct, frozen=True):
    """The positions of its subjects, in their order, and a column for each measure."""

    positions: bytes
    columns: Sequence[Sequence[float]]

    @classmethod
    def of(cls, values: Mapping[int, Values]) -> SampleChunk:
        """The chunk of these, by position. All have the same measures."""
        positions = sorted(values)
        rows = [[_as_float(value) for value in values[position]] for position in positions]
        return cls(bytes(positions), [*zip(*rows, strict=True)])

    def values(self, wanted: Collection[int] | None = None) -> dict[int, Values]:
        """The values by position, of all or of those that are wanted."""
        return {
            position: tuple(_from_float(column[index]) for column in self.columns)
            for index, position in enumerate(self.positions)
            if wanted is None or position in wanted
        }


class ChunkCodec:
    """One thread at a time."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL)
        self._decompressor = zstandard.ZstdDecompressor()

    def packed(self, chunk: SampleChunk) -> bytes:
        """The bytes of a chunk with anything in it."""
        floats = array("f", chain.from_iterable(chunk.columns))
        if sys.byteorder == "big":
            floats.byteswap()
        raw = floats.tobytes()
        planes = (raw[weight::_FLOAT] for weight in range(_FLOAT))
        count = bytes([len(chunk.positions)])
        return self._compressor.compress(b"".join((count, chunk.positions, *planes)))

    def chunk(self, content: bytes) -> SampleChunk:
        """The chunk of these bytes. Raises `BODY_DAMAGE` for what is damaged."""
        raw = self._decompressor.decompress(content, max_output_size=_RAW_MAX)
        count = raw[0] if raw else 0
        positions, planes = raw[1 : count + 1], raw[count + 1 :]
        measures, rest = divmod(len(planes), count * _FLOAT) if count else (0, 1)
        if rest or not measures:
            raise msgspec.DecodeError("A chunk of samples is not whole.")
        ordered = bytearray(len(planes))
        size = count * measures
        for weight in range(_FLOAT):
            ordered[weight::_FLOAT] = planes[weight * size : (weight + 1) * size]
        floats = array("f", bytes(ordered))
        if sys.byteorder == "big":
            floats.byteswap()
        return SampleChunk(positions, [floats[at : at + count] for at in range(0, size, count)])


def _as_float(value: float | None) -> float:
    """Beyond 32 bits a value is as good as infinite, and of no use to a chart."""
    return value if value is not None and -3e38 < value < 3e38 else _UNKNOWN


def _from_float(value: float) -> float | None:
    return None if value != value else value
