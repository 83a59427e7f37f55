"""A secret of the ledger that lies in the data directory as a file, such as `session.key`.

An earlier Umbel kept the key of sessions there, and a person may put another one there to end all
sessions. The ledger takes it over, in place of what it has, and the file goes: a secret is in one
place only.
"""

from __future__ import annotations

from pathlib import Path

from umbel.errors import StoreCorrupt
from umbel.store.ledger import SECRET_BYTES
from umbel.store.sqlite.files.errors import translated


def read(directory: Path, name: str) -> bytes | None:
    """The secret in the file, None if there is no file. Raises `StoreError`."""
    path = _path(directory, name)
    with translated(path):
        try:
            with path.open("rb") as file:
                found = file.read(SECRET_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
    if len(found) != SECRET_BYTES:
        raise StoreCorrupt(
            f"The secret in {path} is damaged: it has not {SECRET_BYTES} bytes.",
            remedy="Remove the file; if it was the key of sessions, everybody logs in again.",
        )
    return found


def remove(directory: Path, name: str) -> None:
    """Remove the file, whoever else does so at the same time. Raises `StoreError`."""
    path = _path(directory, name)
    with translated(path):
        path.unlink(missing_ok=True)


def _path(directory: Path, name: str) -> Path:
    return directory / f"{name}.key"
