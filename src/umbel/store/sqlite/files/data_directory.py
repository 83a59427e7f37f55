"""The directory of a store: made, and closed to other users, before anything is put into it."""

from __future__ import annotations

from pathlib import Path

from umbel.errors import StoreError, StoreUnwritable
from umbel.owner import user_name
from umbel.store.sqlite.files.damage import FOLDER
from umbel.store.sqlite.files.errors import cut_off
from umbel.store.sqlite.files.paths import is_cut_off
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
