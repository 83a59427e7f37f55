"""Files that must be there and are not, or have nothing in them: somebody removed one, forgot one
in a copy, or a file system emptied it after a power loss.

What umbel.db lists was there when it was listed. Only who begins a history makes umbel.db after
nothing at all, and before the first file of tasks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from umbel.store.sqlite.files.damage import numbers_aside
from umbel.store.sqlite.files.migrations import Kind
from umbel.store.sqlite.files.paths import (
    NotYetMade,
    meta_path,
    numbers_in,
    open_reader,
    tasks_path,
)

ABSENT: Final = "is not there"
EMPTY: Final = "is empty"


def removed_by_others(listed: set[int], files: set[int]) -> set[int]:
    """Those of the listed partitions whose files are not there, but for what retention may have
    unlinked before it was killed: it begins with the oldest, and leaves the newest."""
    oldest = min(files, default=0)
    return {each for each in listed - files if each > oldest}


def is_empty(path: Path, kind: Kind) -> bool:
    """Whether a database that is there has not even the first table."""
    try:
        # By SQLite alone: to close a descriptor of our own would drop its locks.
        open_reader(path, kind, is_small=True).close()
    except NotYetMade:
        return True
    except Exception:
        return False
    return False


def lacking_partition(directory: Path, number: int, listed: set[int]) -> str | None:
    """Why a partition of the list, which was read just now, has nothing to read; None if it has,
    or if somebody else knows that it is gone."""
    if number not in listed:
        return None
    files = numbers_in(directory)
    if number in files:
        return EMPTY if is_empty(tasks_path(directory, number), "tasks") else None
    is_gone = number in removed_by_others(listed, files) - numbers_aside(directory)
    return ABSENT if is_gone else None


def lacking_catalog(directory: Path) -> str | None:
    """Why umbel.db has nothing to read though there are tasks; None if it has."""
    if not numbers_in(directory):
        return None
    if not meta_path(directory).exists():
        return ABSENT
    return EMPTY if is_empty(meta_path(directory), "meta") else None
