"""Files that their owner alone may open, whoever made the directory and whatever the umask.

Arguments and results of tasks are nobody else's business, and a data directory that systemd, a
container or a package made is often one that everybody may enter.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

#: Read and written by the owner.
MODE: Final = 0o600
_OTHERS: Final = 0o077
_OURS: Final = re.compile(
    r"umbel(?:-ledger|-samples)?\.(?:db|id|cluster|reserve)|tasks-\d+\.|session\.key|writer\.lock|questions\.lock"
)


def make(path: Path) -> None:
    """An empty file if there is none. SQLite gives its journals the mode of their database."""
    # What keeps it from being made is told by whoever opens it next.
    with contextlib.suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, MODE))


def write(path: Path, content: bytes, *, durable: bool = False) -> None:
    """The file with this content and no other. Raises `OSError`."""
    opened = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, MODE)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())


def close_to_others(directory: Path, folder: Path) -> None:
    """Take away from others what an earlier version, or a umask, let them open: the files of a
    data directory and, in `folder`, those that were set aside. Only files of this user."""
    for path in [*_ours(directory), *_below(folder)]:
        with contextlib.suppress(OSError):
            _close(path)


def planted(directory: Path) -> Path | None:
    """A file under a name of ours that belongs to somebody else, where everybody may put files:
    a ledger with a token of theirs, a key of sessions that they know. None where nobody else may,
    since files of a former user of Umbel's are no such thing."""
    directory_is = directory.stat()
    if not directory_is.st_mode & stat.S_IWOTH:
        return None
    trusted = {0, os.geteuid()}
    if os.geteuid() == 0:
        trusted.add(directory_is.st_uid)  # root's commands work for who owns the directory
    for path in _ours(directory):
        with contextlib.suppress(OSError):
            if path.lstat().st_uid not in trusted:
                return path
    return None


def _ours(directory: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from (path for path in directory.iterdir() if _OURS.match(path.name))


def _below(folder: Path) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        yield from folder.rglob("*")


def _close(path: Path) -> None:
    """By its name, since closing a descriptor of a database drops SQLite's locks on it."""
    found = path.lstat()
    is_ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
    if is_ours and found.st_mode & _OTHERS:
        path.chmod(MODE)
