"""One writer for a directory.

The lock is the kernel's (`flock`) on a file that stays; it goes when the process that
holds it dies, however it dies. The file tells who holds it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from umbel.errors import StoreBusy
from umbel.store.sqlite.troubles import told


class WriterLock:
    """Held from construction to `release`. Raises `StoreBusy` if another process, or
    another store of this one, has it."""

    def __init__(self, directory: Path) -> None:
        with told(directory):
            self._file: int | None = os.open(
                directory / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
            )
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise StoreBusy(
                f"Another Umbel (process {holder}) already collects into {directory}.",
                remedy="Stop it first, or give this one a directory of its own with --data.",
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
