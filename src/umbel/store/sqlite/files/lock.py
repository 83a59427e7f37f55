"""One writer for a directory.

The lock is the kernel's (`flock`) on a file that stays; it goes when the process that
holds it dies, however it dies. The file tells who holds it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from pathlib import Path

from umbel.errors import StoreBusy
from umbel.store.sqlite.files import private_files
from umbel.store.sqlite.files.errors import translated
from umbel.store.sqlite.files.paths import identity


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
        with translated(self._directory):
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self._locked()
        self._file = file
        # Who holds it is only told; a full disk need not hear of it.
        with contextlib.suppress(OSError):
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)

    def _locked(self) -> int:
        """The file of the directory, open and locked, and private: who could open the one of an
        earlier version may still have it open, and lock it between two of ours, so such a file is
        replaced."""
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, private_files.MODE)
            self._lock(file)
            if identity(self._path) != _identity(file):
                os.close(file)  # replaced by another Umbel meanwhile
                continue
            if not os.fstat(file).st_mode & 0o077:
                return file
            fresh = self._path.with_name(f"{self._path.name}.{secrets.token_hex(8)}")
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            replacing = os.open(fresh, flags, private_files.MODE)
            self._lock(replacing)
            fresh.replace(self._path)
            os.close(file)
            return replacing

    def _lock(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(file, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(file)
            raise StoreBusy(
                f"Another Umbel (process {holder}) already collects into {self._directory}.",
                remedy="Stop it first, or give this one a directory of its own with --data. If no "
                f"Umbel uses it, on no machine and in no container, remove {self._path}: somebody "
                "else holds it.",
            ) from error

    def is_held(self) -> bool:
        """Whether it keeps others away."""
        if self._file is None:
            return False
        return identity(self._path) == _identity(self._file)

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _identity(file: int) -> tuple[int, int]:
    held = os.fstat(file)
    return held.st_dev, held.st_ino
