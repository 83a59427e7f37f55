"""The directory of a store: made, and closed to other users, before anything is put into it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from umbel.errors import StoreError, StoreUnwritable
from umbel.owner import user_name
from umbel.store.sqlite.files.damage import FOLDER
from umbel.store.sqlite.files.errors import cut_off, unwritable
from umbel.store.sqlite.files.paths import is_cut_off, meta_path
from umbel.store.sqlite.files.private_files import close_to_others, planted


def make_directory(directory: Path) -> None:
    """Arguments of tasks are nobody else's business: only this user may look inside.
    What is there already is closed to others. Raises `StoreError`."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnwritable(
            f"The data directory {directory} cannot be made: {error.strerror}.",
            remedy="Name another with --data.",
        ) from error
    if is_cut_off(directory):
        raise cut_off(directory)
    foreign = planted(directory)
    if foreign is not None:
        raise StoreError(
            f"{foreign} belongs to {user_name(foreign.lstat().st_uid)}, in a data directory where "
            "everybody may put files. It could let somebody in.",
            remedy="Name a directory of its own with --data; if this is one, chmod o-rwx it.",
        )
    close_to_others(directory, directory / FOLDER)


def must_be_readable(directory: Path, command: str = "umbel ...") -> None:
    """Raises `StoreError` naming whose directory it is where this user may not look into it;
    one that is not there is another matter."""
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.scandir(directory).close()
            meta_path(directory).stat()
    except PermissionError as error:
        # Where a directory above is closed, its own owner cannot be told.
        seen = next(path for path in (directory, *directory.absolute().parents) if _is_seen(path))
        owner = user_name(seen.stat().st_uid)
        what = "it" if seen == directory else seen
        raise StoreError(
            f"The data directory {directory} cannot be read by {user_name(os.geteuid())}: {what} "
            f"belongs to {owner}.",
            remedy=f"Run this as that user: sudo -u {owner} {command}",
        ) from error
    except OSError as error:
        raise unwritable(directory, error.strerror or str(error)) from error


def _is_seen(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 (whose parent is closed is not seen, and no error)
