"""Ownership of a data directory, and what root may do there.

A service keeps its history as a user of its own. Files that root makes there (`sudo umbel token
create`) could not be written by it, and its ledger would be closed for good. So what a command of
root makes new is given to the directory's owner, and root does not serve or collect there, since
that makes files at any time. (What SQLite makes beside a database it gives to that one's owner.)
"""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path


def user_name(uid: int) -> str:
    """The name of a user, or the number of one without."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def foreign_owner(directory: Path) -> int | None:
    """The user to whom the directory belongs, if this process is root and that is another."""
    if os.geteuid() != 0:
        return None
    try:
        uid = directory.stat().st_uid
    except OSError:  # one that is to be made will be root's
        return None
    return uid or None


@contextlib.contextmanager
def owned(directory: Path) -> Iterator[None]:
    """Files that are made in the directory inside belong to its owner afterwards."""
    if foreign_owner(directory) is None:
        yield
        return
    try:
        before = set(os.listdir(directory))  # noqa: PTH208
    except OSError:  # root without its rights, in a container: nothing will be made there
        yield
        return
    try:
        yield
    finally:
        for name in set(os.listdir(directory)) - before:  # noqa: PTH208
            with contextlib.suppress(OSError):
                _give(directory, name)


def _give(directory: Path, name: str) -> None:
    """Only a file of root's that has no other name: the owner of the directory may put links
    there, and is to gain nothing by them."""
    file = os.open(directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = os.fstat(file)
        if stat.S_ISREG(found.st_mode) and found.st_uid == 0 and found.st_nlink == 1:
            owner = directory.stat()
            os.fchown(file, owner.st_uid, owner.st_gid)
    finally:
        os.close(file)


def own_temporary_directory() -> Path | None:
    """A directory of this user's own among temporary files, the same at every start, which nobody
    else can read; None where there can be none."""
    try:
        directory = Path(tempfile.gettempdir()) / f"umbel-{os.geteuid()}"
        with contextlib.suppress(FileExistsError):
            directory.mkdir(mode=0o700)
        found = directory.lstat()
    except OSError:
        return None
    is_own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    return directory if is_own and not found.st_mode & 0o077 else None
