"""SQLite's and the system's errors as sentences that a person can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from umbel.errors import StoreBusy, StoreCorrupt, StoreError, StoreUnwritable

_UNWRITABLE = (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError, apsw.AuthError)
# A file that is no longer what it was, or lost some of its pages, lacks tables and columns.
DAMAGED = (apsw.CorruptError, apsw.NotADBError, apsw.SQLError)
_LOCKED = (apsw.BusyError, apsw.LockedError)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Raise what goes wrong inside, with the file or directory at `path`, as a
    `StoreError`."""
    try:
        yield
    except apsw.FullError as error:
        raise _full(path) from error
    except DAMAGED as error:
        raise _damaged(path, error) from error
    except _UNWRITABLE as error:
        raise unwritable(path, str(error)) from error
    except _LOCKED as error:
        raise _locked(path) from error
    except apsw.IOError as error:
        raise _failing(path, error) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise _full(path) from error
        raise unwritable(path, error.strerror or str(error)) from error


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


def replaced(path: Path) -> StoreError:
    return StoreError(
        f"Files in {path} were removed, replaced or cut short while Umbel wrote to them.",
        remedy="What was in them is gone from here; collecting goes on with the files that are "
        "there now. Stop Umbel before you move its files.",
    )


def _full(path: Path) -> StoreUnwritable:
    return StoreUnwritable(
        f"The disk that holds {path} is full.",
        remedy="Free some space or lower the retention; what was stored is safe, and "
        "collecting goes on as soon as there is room.",
    )


def _damaged(path: Path, error: Exception) -> StoreCorrupt:
    return StoreCorrupt(
        f"A file in {path} is damaged ({error}).",
        remedy="Stop Umbel, move the damaged file away or restore it from a backup, and "
        "start again; the other files stay usable.",
    )


def _failing(path: Path, error: apsw.IOError) -> StoreError:
    # A limit on file sizes and a quota come as a failed write, not as a full disk.
    if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_WRITE:
        return _full(path)
    return unwritable(path, str(error))
