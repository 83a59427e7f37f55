"""Trusted owners of settings files that nobody named, and files that every user may read.

A settings file that lies in the current directory may name an application, whose code then runs.
In a directory of somebody else (`/tmp`, a share) that would be their code, so such a file counts
only if it is this user's or root's, and nobody else may write to it; git and direnv do alike.
Who names an application has it imported from the current directory before any other, as with
`celery -A`; so files of the directory's owner count then, who could run anything anyhow.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from umbel.errors import SettingsError
from umbel.owner import user_name

#: Variables that name an application.
_NAMING: Final = ("UMBEL_APP", "CELERY_APP")
#: How a file is named that was found, by its name.
_NAMED_BY: Final = {"flowerconfig.py": "--conf={0}", "celeryconfig.py": "-A celery:current_app"}


def trusted_owners(
    environ: Mapping[str, str], directory: Path, *, names_application: bool
) -> frozenset[int]:
    """Whose files are read that are found in the current `directory`, or in this user's own."""
    trusted = {0, os.geteuid()}
    if os.geteuid() == 0 and environ.get("SUDO_UID", "").isdigit():
        trusted.add(int(environ["SUDO_UID"]))  # who may become root has written it
    if names_application or any(environ.get(name) for name in _NAMING):
        trusted.add(directory.stat().st_uid)
    return frozenset(trusted)


def is_there(path: Path) -> bool:
    """Whether there is such a file, as far as this user can see: `sudo -u umbel` starts in a
    directory that is closed to that user."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def is_named_file(path: Path) -> bool:
    """Whether there is a file that somebody named. Raises `SettingsError` where it cannot be
    seen."""
    try:
        return path.is_file()
    except OSError as error:
        raise SettingsError(
            f"The file {path} cannot be read by {user_name(os.geteuid())}: {error.strerror}.",
            remedy="Let that user read it, the directories above it included, or run this as "
            "another.",
        ) from error


def check_found(path: Path, trusted: Collection[int]) -> None:
    """Raises `SettingsError` for a file that was found, not named, and may be somebody else's."""
    for found in (path.stat(), path.lstat()):
        if found.st_uid not in trusted:
            raise _refused(path, f"it belongs to {user_name(found.st_uid)}")
        if found.st_mode & stat.S_IWOTH and not stat.S_ISLNK(found.st_mode):
            raise _refused(path, "everybody may write to it")


def is_open_to_all(path: Path) -> bool:
    """Whether every user of the machine may read the file."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _refused(path: Path, why: str) -> SettingsError:
    named = _NAMED_BY.get(path.name, "--config {0}").format(path)
    return SettingsError(
        f"{path} was found, not named, but {why}, and settings can name code that is run.",
        setting="config",
        remedy=f"If it is meant, name it ({named}); otherwise --config none reads no file.",
    )
