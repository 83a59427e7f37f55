"""When somebody last looked at the tasks of a directory, for the process that writes there.

It is the time of `writer.lock`, which every directory has that is written to: a reader sets it, a
second apart at most, and the writer reads it. A reader that may not set it is not known of, and
sees what comes a second later.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

#: A look is noted no more often than this, and holds for so long, seconds.
NOTED_EVERY_S: Final = 1.0
LOOK_S: Final = 5.0


def note_look(directory: Path, now: float) -> None:
    """Somebody looks at `now` (Unix seconds)."""
    with contextlib.suppress(OSError):
        os.utime(_path(directory), (now, now))


def is_looked_at(directory: Path, now: float) -> bool:
    """Whether somebody did lately. True where that cannot be known."""
    try:
        return abs(now - _path(directory).stat().st_mtime) < LOOK_S
    except OSError:
        return True


def _path(directory: Path) -> Path:
    return directory / "writer.lock"
