"""The key that browser sessions are signed with, a file in the data directory.

Every server of one directory reads the same, so a login holds with all of them and over
restarts. It never leaves the machine, and only its owner may read it.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from umbel.errors import StoreCorrupt, StoreUnwritable

KEY_BYTES: Final = 32
FILE: Final = "session.key"


def session_key(directory: Path) -> bytes:
    """The directory's key, made if there is none. Raises `StoreError`."""
    path = directory / FILE
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise StoreUnwritable(
            f"The key of browser sessions {path} cannot be kept: {error.strerror}.",
            remedy="Let this user write to the data directory, or name another with --data.",
        ) from error
    if len(key) != KEY_BYTES:
        raise StoreCorrupt(
            f"The key of browser sessions {path} is damaged.",
            remedy="Remove the file; a new one is made, and everybody logs in again.",
        )
    return key


def _make(path: Path) -> None:
    """Write beside and link, so that nobody reads half a key, nor replaces another's."""
    beside = path.with_name(f"{FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    opened = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink()
