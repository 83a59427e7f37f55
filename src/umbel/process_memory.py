"""Memory given back to the system after large responses and batches (`mallopt` of glibc).

glibc keeps what they used: each large block that is freed raises the size from which
blocks are given back at once, up to 32 MB, and each thread has an arena of its own. Fixed bounds
undo both. With another C library nothing is done.
"""

from __future__ import annotations

import ctypes
import gc
from contextlib import suppress
from typing import Final

#: mallopt(3): parameters, and the values that they get.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_BOUNDS: Final = {_TRIM_THRESHOLD: 1024 * 1024, _ARENA_MAX: 2}
#: So many more new objects than are gone, and so many looks at the youngest and at the middle ones.
_CYCLE_THRESHOLDS: Final = (100_000, 10, 100)
#: Blocks of this size come from the system, and go back to it, each by itself.
LARGE_BYTES: Final = 48 * 1024


def give_memory_back(large_bytes: int = LARGE_BYTES) -> None:
    """Let this process keep little of the memory that it no longer uses. Once, at its start."""
    with suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        for parameter, value in {**_BOUNDS, _MMAP_THRESHOLD: large_bytes}.items():
            libc.mallopt(parameter, value)


def collect_cycles_rarely() -> None:
    """Let Python look for cycles of garbage in this process less often than after each 700 new
    objects, and not among all that was imported. Once, when that has been done: what events become
    holds no cycles, and goes when nobody refers to it."""
    gc.freeze()
    gc.set_threshold(*_CYCLE_THRESHOLDS)
