"""One writer for a directory.

The lock is the kernel's (`flock`) on a file that stays; it goes when the process that
holds it dies, however it dies. The file tells who holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from umbel.errors import StoreBusy
from umbel.store.sqlite.files import identity
from umbel.store.sqlite.troubles import told


class WriterLock:
    """Held from construction to `release`. Raises `StoreBusy` if another process, or
    another store of this one, has it."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "writer.lock"
        self._file: int | None = None
        self.hold()

    def hold(self) -> None:
        """Take the lock anew if its file was removed or replaced, since the one that is held
        then keeps nobody away."""
        if self.is_held():
            return
        self.release()
        with told(self._directory):
            self._directory.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise StoreBusy(
                f"Another Umbel (process {holder}) already collects into {self._directory}.",
                remedy="Stop it first, or give this one a directory of its own with --data.",
            ) from error
        self._file = file
        # Who holds it is only told; a full disk need not hear of it.
        with contextlib.suppress(OSError):
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)

    def is_held(self) -> bool:
        """Whether it keeps others away."""
        if self._file is None:
            return False
        held = os.fstat(self._file)
        return identity(self._path) == (held.st_dev, held.st_ino)

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
