"""Files that prove damaged: how that is noticed, and how they are set aside.

Theory of operation. One bad file must not stop the others. Whoever writes finds out when
SQLite refuses a file, at its opening or in the middle of a batch; it moves the file into
`damaged/`, into a folder of its own, and goes on with the rest. Nothing in there is touched
again but by retention, when the tasks would have had to go anyway. The folders are the record
of what is missing: it outlives umbel.db, and ends when a person removes the folder.

Whoever only reads moves nothing: it leaves out what cannot be read, and says so.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from pathlib import Path
from typing import Final

import apsw
import msgspec
import zstandard

from umbel.store.base import DamagedPart
from umbel.store.sqlite.files import private_files
from umbel.store.sqlite.files.paths import (
    meta_path,
    only_row,
    open_reader,
    samples_path,
    tasks_path,
    with_journals,
)

#: Where damaged files are moved to, in the data directory.
FOLDER: Final = "damaged"
_ABOUT: Final = "about.json"
_SAMPLES: Final = "samples-"
#: So many damaged copies of umbel.db are kept.
_CATALOGS_MAX: Final = 3
_NUMBERED: Final = re.compile(r"tasks-(\d{6,})(?:\.db|-)")
#: Ways in which the system says that a file cannot be read, as SQLite names them.
_READING_FAILED: Final = frozenset(
    {
        apsw.SQLITE_IOERR_READ, apsw.SQLITE_IOERR_SHORT_READ, apsw.SQLITE_IOERR_CORRUPTFS,
        apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_IN_PAGE,
    }
)  # fmt: skip
#: What a single body says that cannot be read, while the file is as it should be.
BODY_DAMAGE: Final = (zstandard.ZstdError, msgspec.DecodeError)
_LACKING: Final = ("no such table", "no such column", "malformed", "unsupported file format")


class Damaged(Exception):
    """A file of the store proved damaged. `number` is the partition's, None for umbel.db."""

    def __init__(self, number: int | None, error: BaseException) -> None:
        super().__init__(str(error))
        self.number = number
        self.reason = str(error) or type(error).__name__


def is_damage(error: BaseException) -> bool:
    """Whether an error says that a file is no longer what was written to it."""
    if isinstance(error, apsw.IOError):
        return getattr(error, "extendedresult", 0) in _READING_FAILED
    if isinstance(error, apsw.SQLError):
        return any(sign in str(error) for sign in _LACKING)
    return isinstance(
        error,
        apsw.CorruptError
        | apsw.NotADBError
        | zstandard.ZstdError
        | msgspec.DecodeError
        | UnicodeDecodeError,
    )


def set_aside(directory: Path, damaged: Damaged, now: float) -> DamagedPart:
    """Move what is damaged out of the way. Raises `OSError`."""
    number = damaged.number
    path = meta_path(directory) if number is None else tasks_path(directory, number)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    folder = _new_folder(directory / FOLDER, f"{path.stem}-{stamp}")
    about = _about(path, folder / path.name, damaged.reason, now, number)
    private_files.write(folder / _ABOUT, msgspec.json.format(msgspec.json.encode(about)))
    for each in with_journals(path):
        if each.exists():
            each.rename(folder / each.name)
    if number is None:
        _forget_catalogs(directory)
    return about


def note_removed(directory: Path, number: int, now: float) -> DamagedPart:
    """Write down that the file of a partition is not there, though nobody here removed it. Raises
    `OSError`."""
    path = tasks_path(directory, number)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    folder = _new_folder(directory / FOLDER, f"{path.stem}-{stamp}")
    about = DamagedPart(
        name=path.name,
        path=str(path),
        since=now,
        reason="it was removed",
        is_aside=True,
        sentence=f"{path} is not there any more, and Umbel did not remove it. The tasks in it are "
        "missing from what you see; recording goes on in other files.",
        remedy=f"{_restoring(path)}Remove the folder {folder} when you need it no more, and this "
        "is no longer said.",
    )
    private_files.write(folder / _ABOUT, msgspec.json.format(msgspec.json.encode(about)))
    return about


def set_samples_aside(directory: Path, reason: str, now: float) -> None:
    """Move the file of samples out of the way, so that a new one is begun. One copy is kept. Raises
    `OSError`."""
    path = samples_path(directory)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    folder = _new_folder(directory / FOLDER, f"{_SAMPLES}{stamp}")
    about = DamagedPart(
        name=path.name,
        path=str(folder / path.name),
        since=now,
        reason=reason,
        is_aside=True,
        tasks=0,
        sentence=f"{path} was damaged ({reason}) and begun anew. No task is missing; charts of "
        "queues and workers have nothing from before.",
        remedy=f"It was moved to {folder}. Remove that folder when you need it no more, and this "
        "is no longer said.",
    )
    private_files.write(folder / _ABOUT, msgspec.json.format(msgspec.json.encode(about)))
    for each in with_journals(path):
        if each.exists():
            each.rename(folder / each.name)
    for older in [each for each in _folders(directory) if each.name.startswith(_SAMPLES)][:-1]:
        shutil.rmtree(older, ignore_errors=True)


def _new_folder(parent: Path, name: str) -> Path:
    parent.mkdir(mode=0o700, exist_ok=True)
    for number in range(1, 1_000):
        folder = parent / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            return folder
    raise FileExistsError(f"{parent} is full of {name}")


def unreadable(
    directory: Path, number: int | None, error: BaseException, now: float
) -> DamagedPart:
    """What is said of a damaged file that stays where it is."""
    path = meta_path(directory) if number is None else tasks_path(directory, number)
    reason = str(error) or type(error).__name__
    if number is None:
        missing = "Workers and the collectors' reports are missing from what you see, no task is."
    else:
        missing = "Tasks in it may be missing from what you see."
    return DamagedPart(
        name=path.name,
        path=str(path),
        since=now,
        reason=reason,
        is_aside=False,
        sentence=f"{path} cannot be read ({reason}). {missing} Everything else is answered.",
        remedy="Restore it from a backup. A collector that meets the same while it writes moves "
        "the file aside and goes on; until then it stays where it is.",
    )


def lacking(directory: Path, number: int | None, reason: str, now: float) -> DamagedPart:
    """What is said of a file that is not there, or empty, while nobody writes."""
    path = meta_path(directory) if number is None else tasks_path(directory, number)
    if number is None:
        missing = "Workers and the collectors' reports are missing from what you see, no task is."
        remedy = (
            "A collector (umbel serve, umbel collect) makes it anew from the other files; or "
            "restore it from a backup."
        )
    else:
        missing = (
            f"{meta_path(directory).name} lists it, so its tasks are missing from what you see."
        )
        remedy = f"Copy a sound {path.name} from a backup to {path.parent}."
    return DamagedPart(
        name=path.name,
        path=str(path),
        since=now,
        reason=f"it {reason}",
        is_aside=False,
        sentence=f"{path} {reason}. {missing} Everything else is answered.",
        remedy=remedy,
    )


def _about(path: Path, moved: Path, reason: str, now: float, number: int | None) -> DamagedPart:
    tasks = oldest = newest = None
    if number is not None:
        tasks, oldest, newest = _contents(path)
    return DamagedPart(
        name=path.name,
        path=str(moved),
        since=now,
        reason=reason,
        is_aside=True,
        tasks=0 if number is None else tasks,
        oldest=oldest,
        newest=newest,
        sentence=(
            _catalog_sentence(path, reason)
            if number is None
            else _partition_sentence(path, reason, tasks, oldest, newest)
        ),
        remedy=(
            f"It was moved to {moved.parent}. "
            + ("" if number is None else _restoring(path))
            + "Remove that folder when you need it no more, and this is no longer said."
        ),
    )


def _contents(path: Path) -> tuple[int | None, float | None, float | None]:
    """How many tasks the file has, and when the first and last were first seen, as far as it
    can still say."""
    tasks = oldest = newest = None
    try:
        connection = open_reader(path, "tasks")
    except Exception:
        return None, None, None
    with contextlib.suppress(Exception):
        tasks = int(only_row(connection, "SELECT max(id) FROM task")[0] or 0)
    with contextlib.suppress(Exception):
        oldest = only_row(connection, "SELECT seen FROM task ORDER BY id LIMIT 1")[0]
    with contextlib.suppress(Exception):
        newest = only_row(connection, "SELECT seen FROM task ORDER BY id DESC LIMIT 1")[0]
    with contextlib.suppress(apsw.Error):
        connection.close()
    return tasks, oldest, newest


def _partition_sentence(
    path: Path,
    reason: str,
    tasks: int | None,
    oldest: float | None,
    newest: float | None,
) -> str:
    what = "The tasks" if tasks is None else f"About {tasks:,} tasks"
    when = ""
    if oldest is not None and newest is not None:
        when = f" of {_moment(oldest)} to {_moment(newest)} UTC"
    return (
        f"{path} was damaged ({reason}). {what} in it{when} are missing from what you see; "
        "recording goes on in other files."
    )


def _restoring(path: Path) -> str:
    return (
        f"To have its tasks back, copy a sound {path.name} from a backup to {path.parent}; it is "
        "taken in within a minute. "
    )


def _catalog_sentence(path: Path, reason: str) -> str:
    return (
        f"{path} was damaged ({reason}) and was made anew from the other files. No task is "
        "missing; workers that are not known yet show again with their next heartbeat."
    )


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(at))


# -- what is there -----------------------------------------------------------------------


def aside(directory: Path) -> tuple[DamagedPart, ...]:
    """Everything that was set aside and is still there, the oldest first."""
    found = []
    for folder in _folders(directory):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            found.append(msgspec.json.decode((folder / _ABOUT).read_bytes(), type=DamagedPart))
    return tuple(sorted(found, key=lambda each: each.since or 0.0))


def numbers_aside(directory: Path) -> set[int]:
    """The numbers of partitions that were set aside: they are not given again."""
    return {number for folder in _folders(directory) if (number := _number(folder)) is not None}


def size_bytes(directory: Path) -> int:
    """What everything that was set aside takes on the disk."""
    total = 0
    for folder in _folders(directory):
        with contextlib.suppress(OSError):
            total += sum(path.stat().st_size for path in folder.iterdir())
    return total


def newest_aside(directory: Path, number: int) -> float:
    """When the last task of a partition that was set aside was first seen; when it was set
    aside if that is not known."""
    for each in aside(directory):
        found = _NUMBERED.match(each.name)
        if found is not None and int(found[1]) == number:
            return (each.since or 0.0) if each.newest is None else each.newest
    return 0.0


def drop_aside(directory: Path, number: int) -> int:
    """Remove a partition that was set aside; how many bytes that frees."""
    freed = 0
    for folder in _folders(directory):
        if _number(folder) == number:
            with contextlib.suppress(OSError):
                freed += sum(path.stat().st_size for path in folder.iterdir())
            shutil.rmtree(folder)
    return freed


def _folders(directory: Path) -> list[Path]:
    try:
        return sorted((directory / FOLDER).iterdir())
    except OSError:
        return []


def _number(folder: Path) -> int | None:
    found = _NUMBERED.match(folder.name)
    return None if found is None else int(found[1])


def _forget_catalogs(directory: Path) -> None:
    copies = [each for each in _folders(directory) if each.name.startswith("umbel-")]
    for folder in copies[:-_CATALOGS_MAX]:
        shutil.rmtree(folder, ignore_errors=True)
