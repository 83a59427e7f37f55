"""Memory given back to the system after large responses and batches (`mallopt` of glibc).

glibc keeps what they used: each large block that is freed raises the size from which
blocks are given back at once, up to 32 MB, and each thread has an arena of its own. Fixed bounds
undo both. With another C library nothing is done.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

#: mallopt(3): parameters, and the values that they get.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_BOUNDS: Final = {_TRIM_THRESHOLD: 1024 * 1024, _ARENA_MAX: 2}
#: Blocks of this size come from the system, and go back to it, each by itself.
LARGE_BYTES: Final = 48 * 1024


def give_memory_back(large_bytes: int = LARGE_BYTES) -> None:
    """Let this process keep little of the memory that it no longer uses. Once, at its start."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        for parameter, value in {**_BOUNDS, _MMAP_THRESHOLD: large_bytes}.items():
            libc.mallopt(parameter, value)
