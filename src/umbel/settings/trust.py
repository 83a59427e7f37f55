"""Whose files are read though nobody named them, and who may read what stands in them.

A settings file that lies in the current directory may name an application, whose code then runs.
In a directory of somebody else (`/tmp`, a share) that would be their code, so such a file counts
only if it is this user's or root's, and nobody else may write to it; git and direnv do alike.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from umbel.errors import SettingsError
from umbel.owner import user_name


def check_found(path: Path, environ: Mapping[str, str]) -> None:
    """Raises `SettingsError` for a file that was found, not named, and may be somebody else's."""
    trusted = {0, os.geteuid()}
    if os.geteuid() == 0 and environ.get("SUDO_UID", "").isdigit():
        trusted.add(int(environ["SUDO_UID"]))  # who may become root has written it
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
    return SettingsError(
        f"{path} is in the current directory, but {why}, and what it names would be run.",
        setting="config",
        remedy="If it is meant, name it (--config, for Flower's --conf, for Celery's -A); "
        "--config none reads no file.",
    )
