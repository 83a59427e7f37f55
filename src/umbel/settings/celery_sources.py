"""Where Celery's own commands find an application that nobody named.

`celery worker` without `-A` runs Celery's default application, which reads `celeryconfig.py` in
the current directory, or what these variables say. Umbel without `-A` and `-b` watches the same.
Source: celery/bin/celery.py, celery/loaders/default.py, celery/app/utils.py (`Settings`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from umbel.settings.flower import SettingsNotice
from umbel.settings.trust import check_found, is_there

#: Celery's default application, by a name that `celery -A` takes as well.
DEFAULT_APPLICATION: Final = "celery:current_app"
_NAMING: Final = "CELERY_APP"
_CONFIGURING: Final = ("CELERY_CONFIG_MODULE", "CELERY_LOADER", "CELERY_BROKER_URL")
_FILE: Final = "celeryconfig.py"


def named_for_celery(
    environ: Mapping[str, str], directory: Path, trusted: Collection[int], *, files: bool
) -> dict[str, tuple[str, str]]:
    """The setting `app` and where it is from, if `celery` in `directory` would have one. A file
    counts if `files` are read; one that is not of the `trusted` is refused (`SettingsError`)."""
    if environ.get(_NAMING):
        return {"app": (environ[_NAMING], _NAMING)}
    for variable in _CONFIGURING:
        if environ.get(variable):
            return {"app": (DEFAULT_APPLICATION, variable)}
    file = directory / _FILE
    if not (files and is_there(file)):
        return {}
    check_found(file, trusted)
    return {"app": (DEFAULT_APPLICATION, str(file))}


def unread_configuration(directory: Path) -> list[SettingsNotice]:
    """What is said where the broker is named, and Celery would have read more."""
    file = directory / _FILE
    if not is_there(file):
        return []
    return [
        SettingsNotice(
            "broker",
            f"{file} is not read, since the broker's address was given without an application. "
            f"For all that it says, leave the address out, or add -A {DEFAULT_APPLICATION}.",
        )
    ]
