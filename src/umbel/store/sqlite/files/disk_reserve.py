"""Room that is kept for the moment when the disk is full: SQLite needs some to go on, even to
record that something was removed."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

#: How large the file is, and at most which part of the disk.
RESERVE_BYTES: Final = 4 * 2**20
_SHARE: Final = 16
#: It is made while so many times its size are free.
_PLENTY: Final = 4


class DiskReserve:
    """A file of no content in the data directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.path = directory / "umbel.reserve"

    def release(self) -> bool:
        """Give the room back to the disk; whether there was any."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True

    def keep(self) -> None:
        """Make the file if it is missing and there is room enough."""
        with contextlib.suppress(OSError):
            if self.path.exists():
                return
            disk = shutil.disk_usage(self._directory)
            size = min(RESERVE_BYTES, disk.total // _SHARE)
            if disk.free < _PLENTY * size:
                return
            self._make(size)

    def _make(self, size: int) -> None:
        file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, size)
        except OSError:
            self.release()
            raise
        finally:
            os.close(file)

    def size_bytes(self) -> int:
        """What it takes on the disk."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0
