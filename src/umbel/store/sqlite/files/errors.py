"""SQLite's and the system's errors, translated to `StoreError`s that a person can act on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from umbel.errors import StoreBusy, StoreCorrupt, StoreError, StoreFull, StoreUnwritable

_UNWRITABLE = (apsw.CantOpenError, apsw.PermissionsError, apsw.AuthError)
# A file that is no longer what it was, or lost some of its pages, lacks tables and columns.
DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError)
#: What the system says when there is no room: on the disk, in a quota, in a limit on files.
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_LOCKED = (apsw.BusyError, apsw.LockedError)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Translate errors: whatever goes wrong inside with the file or directory at `path` is raised
    as a `StoreError`."""
    try:
        yield
    except apsw.FullError as error:
        raise _full(path) from error
    except DAMAGED as error:
        raise _damaged(path, error) from error
    except apsw.ReadOnlyError as error:
        raise _read_only(path, str(error)) from error
    except _UNWRITABLE as error:
        raise unwritable(path, str(error)) from error
    except _LOCKED as error:
        raise _locked(path) from error
    except apsw.IOError as error:
        raise _failing(path, error) from error
    except OSError as error:
        raise _refused(path, error.errno, error.strerror or str(error)) from error


def unwritable(path: Path, reason: str) -> StoreUnwritable:
    return StoreUnwritable(
        f"Umbel cannot use {path} ({reason}).",
        remedy="Check that the directory exists, belongs to the user that runs Umbel and is "
        "not mounted read-only, or choose another one with --data.",
    )


def _locked(path: Path) -> StoreBusy:
    return StoreBusy(
        f"Another program keeps a file in {path} locked.",
        remedy="End it (a database browser, a backup that copies files one by one) and try again.",
    )


def missing(path: Path) -> StoreError:
    return StoreError(
        f"There is no Umbel data in {path}.",
        remedy="Check --data, or start a collector that writes there.",
    )


def cut_off(path: Path) -> StoreError:
    return StoreError(
        f"The copy in {path} is not whole: it was cut off while it was made, or is still made.",
        remedy="Take another copy. For a new history name another directory, or remove *.partial.",
    )


def replaced(path: Path) -> StoreError:
    return StoreError(
        f"Files in {path} were removed, replaced or cut short while Umbel wrote to them.",
        remedy="What was in them is gone from here; collecting goes on with the files that are "
        "there now. Stop Umbel before you move its files.",
    )


def _full(path: Path) -> StoreFull:
    return StoreFull(
        f"The disk that holds {path} is full.",
        remedy="Free some space or lower the retention (retention.max_size); what was stored is "
        "safe, and collecting goes on as soon as there is room.",
    )


def _read_only(path: Path, reason: str) -> StoreUnwritable:
    if not is_read_only(path):
        return unwritable(path, reason)
    return StoreUnwritable(
        f"The file system that holds {path} is read-only.",
        remedy="Systems mount a disk so when it fails: look into the system's log (dmesg), then "
        "mount it for writing again, or choose another directory with --data. Collecting goes "
        "on by itself as soon as it can be written.",
    )


def is_read_only(path: Path) -> bool:
    """Whether nothing can be written to the file system at `path`."""
    try:
        return bool(os.statvfs(path if path.exists() else path.parent).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _damaged(path: Path, error: Exception) -> StoreCorrupt:
    return StoreCorrupt(
        f"{path} is damaged ({error}).",
        remedy="Stop Umbel, move that file away or put it back from a backup, and start again; "
        "everything in other files stays.",
    )


def failing_again(path: Path, reason: str) -> StoreCorrupt:
    """Too many files proved damaged for it to be the files."""
    return StoreCorrupt(
        f"One file after another in {path} proves damaged (last: {reason}).",
        remedy="The disk or the memory of this machine fails: look into the system's log (dmesg). "
        "Stop Umbel, and let it write to another disk with --data.",
    )


def keep_errno(connection: apsw.Connection, error: BaseException) -> None:
    """Note with an error what the system said, which SQLite keeps with the connection."""
    if isinstance(error, apsw.IOError):
        error.system_errno = connection.system_errno  # type: ignore[attr-defined]


def _failing(path: Path, error: apsw.IOError) -> StoreError:
    number = getattr(error, "system_errno", 0)
    if number == errno.EROFS or is_read_only(path):
        return _read_only(path, str(error))
    # A limit on file sizes and a quota come as a failed write, not as a full disk.
    # Where nobody knows what the system said, that is the likely reason.
    unknown = not number and getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_WRITE
    if number in NO_ROOM or unknown:
        return _full(path)
    reason = f"{error}: {os.strerror(number)}" if number else str(error)
    return unwritable(path, reason)


def _refused(path: Path, number: int | None, reason: str) -> StoreError:
    if number in NO_ROOM:
        return _full(path)
    return _read_only(path, reason) if number == errno.EROFS else unwritable(path, reason)
