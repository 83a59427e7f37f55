"""A Bloom filter over the task ids of a partition: whether the partition may have a task.

Most tasks that arrive are new, and must not cost a look-up in each of ten partitions. The
filter of a million tasks takes 2 MiB, and says "perhaps" to one unknown id in 500 (its rate of
false positives). Filters are kept in files beside the partitions, so that a start
need not read every id: a file says how many ids it covers, and those above are added from the
table. A missing or damaged file is made again.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from pathlib import Path
from typing import Final

from umbel.store.sqlite.files import private_files
from umbel.store.sqlite.files.row import Id

#: Bits for each task that a partition is meant to hold.
_BITS_PER_TASK = 16
_HEADER: Final = struct.Struct("<8sQQI")
_MAGIC: Final = b"umbelsv1"


def hash_pair(uuid: Id) -> tuple[int, int]:
    """Two independent hashes of a task id, from which a Bloom filter takes its bits."""
    raw = uuid.encode() if isinstance(uuid, str) else uuid
    return zlib.crc32(raw), zlib.crc32(raw[::-1]) | 1


class BloomFilter:
    """Ids pass `may_hold` if they were added, and seldom otherwise."""

    def __init__(self, tasks: int, bits: bytearray | None = None, upto: int = 0) -> None:
        self._size = size_bits(tasks)
        self.bits = bits if bits is not None else bytearray(self._size // 8)
        #: Ids of all rows up to this one have been added.
        self.upto = upto

    def add(self, hashes: tuple[int, int]) -> None:
        first, step = hashes
        mask, bits = self._size - 1, self.bits
        for number in range(4):
            bit = (first + number * step) & mask
            bits[bit >> 3] |= 1 << (bit & 7)

    def may_hold(self, hashes: tuple[int, int]) -> bool:
        first, step = hashes
        mask, bits = self._size - 1, self.bits
        for number in range(4):
            bit = (first + number * step) & mask
            if not bits[bit >> 3] >> (bit & 7) & 1:
                return False
        return True

    def is_large_enough(self, tasks: int) -> bool:
        """Whether it has the size that so many tasks need."""
        return self._size >= size_bits(tasks)

    def shrunk(self) -> BloomFilter:
        """The same ids in no more room than they need: its halves laid over each other, since
        a hash's place in half the size is its place in the whole without the upper bit."""
        bits, size, wanted = self.bits, self._size, size_bits(self.upto)
        while size > wanted:
            size //= 2
            half = size // 8
            low, high = (int.from_bytes(part, "little") for part in (bits[:half], bits[half:]))
            bits = bytearray((low | high).to_bytes(half, "little"))
        return self if size == self._size else BloomFilter(size // _BITS_PER_TASK, bits, self.upto)

    def save(self, path: Path) -> None:
        """Write the file anew. What cannot be written is only slower to start."""
        head = _HEADER.pack(_MAGIC, self._size, self.upto, zlib.crc32(self.bits))
        fresh = path.with_name(path.name + ".new")
        with contextlib.suppress(OSError):
            private_files.write(fresh, head + bytes(self.bits))
            fresh.replace(path)


def size_bits(tasks: int) -> int:
    """A power of two, so that a mask can take the place of a division."""
    return 1 << max(13, (tasks * _BITS_PER_TASK - 1).bit_length())


def load(path: Path, tasks: int) -> BloomFilter:
    """The Bloom filter in the file, or an empty one."""
    try:
        with path.open("rb", buffering=0) as file:
            magic, size, upto, checksum = _HEADER.unpack(file.read(_HEADER.size))
            # At once where it stays: a copy would leave a hole in memory.
            bits = bytearray(min(size, size_bits(tasks)) // 8)
            is_whole = file.readinto(bits) == len(bits) and not file.read(1)
    except (OSError, struct.error):
        return BloomFilter(tasks)
    if (
        not is_whole
        or magic != _MAGIC
        or not size_bits(0) <= size <= size_bits(tasks)
        or size & (size - 1)
        or len(bits) * 8 != size
        or zlib.crc32(bits) != checksum
    ):
        return BloomFilter(tasks)
    return BloomFilter(size // _BITS_PER_TASK, bits, upto)


class BloomFilterFile:
    """A Bloom filter that is only read, byte by byte from its file, so that it takes no memory of
    the process. Raises `OSError` or `ValueError` if the file is missing or damaged."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        head = os.pread(self._file, _HEADER.size, 0)
        if len(head) < _HEADER.size:
            raise ValueError(f"{path} is cut short")
        magic, size, self.upto, checksum = _HEADER.unpack(head)
        bits = os.pread(self._file, os.fstat(self._file).st_size, _HEADER.size)
        if magic != _MAGIC or len(bits) * 8 != size or zlib.crc32(bits) != checksum:
            raise ValueError(f"{path} is damaged")
        self._size = size

    def may_hold(self, hashes: tuple[int, int]) -> bool:
        """See `BloomFilter.may_hold`."""
        first, step = hashes
        for number in range(4):
            bit = (first + number * step) & (self._size - 1)
            try:
                byte = os.pread(self._file, 1, _HEADER.size + (bit >> 3))
            except OSError:
                return True
            if byte and not byte[0] >> (bit & 7) & 1:
                return False
        return True

    def __del__(self) -> None:
        # Other threads may be asking until the last of them lets go.
        if hasattr(self, "_file"):
            os.close(self._file)
