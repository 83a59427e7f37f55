"""Where settings and the history live unless told otherwise.

By the XDG base directory specification on Linux and other Unixes, in the user's Library on
macOS. The environment comes as an argument, so that a test can bring its own.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path


def data_directory(environ: Mapping[str, str], platform: str = sys.platform) -> Path:
    """The directory of the history."""
    if platform == "darwin":
        return _home(environ) / "Library" / "Application Support" / "Umbel"
    return _xdg(environ, "XDG_DATA_HOME", ".local/share") / "umbel"


def config_files(
    environ: Mapping[str, str], directory: Path, platform: str = sys.platform
) -> tuple[Path, ...]:
    """The files that are looked for when none is named, the first found is used."""
    if platform == "darwin":
        home = _home(environ) / "Library" / "Application Support" / "Umbel"
    else:
        home = _xdg(environ, "XDG_CONFIG_HOME", ".config") / "umbel"
    return (directory / "umbel.toml", home / "umbel.toml")


def _xdg(environ: Mapping[str, str], variable: str, otherwise: str) -> Path:
    """A relative path in the variable is invalid by the specification and passed over."""
    given = Path(environ.get(variable) or ".")
    return given if given.is_absolute() else _home(environ) / otherwise


def _home(environ: Mapping[str, str]) -> Path:
    """A user whom the machine does not know (`docker run --user 10001`) has the root directory,
    as Docker says itself; it cannot be written, which is told with what to do."""
    if environ.get("HOME"):
        return Path(environ["HOME"])
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")
