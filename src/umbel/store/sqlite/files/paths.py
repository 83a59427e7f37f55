"""The files of a data directory, and how they are opened."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apsw

from umbel.store.sqlite.files import private_files
from umbel.store.sqlite.files.migrations import Kind, check, migrate, scripts, version

#: How long a statement waits for another process's lock before it gives up.
BUSY_MS = 5_000
#: Page caches, in KiB. The file system's cache does the rest for every process at once.
_WRITER_CACHE_KIB = 4_096
_READER_CACHE_KIB = 1_024
#: Of a partition that takes no new tasks, and of whoever only looks for tasks to ask about.
_SMALL_CACHE_KIB = 128
_TEXT_CACHE_KIB = 1_024
#: A WAL that grew beyond this is cut back when it is checkpointed.
WAL_MAX_BYTES = 64 * 2**20
_WAL_CHECKPOINT_PAGES = 2_000
_WAL_LEAST_PAGES = 64
#: How long those who read are waited for before a file is closed.
_CHECKPOINT_MS = 500


class NotYetMade(Exception):
    """The file is there, but whoever makes it has not finished."""


def meta_path(directory: Path) -> Path:
    return directory / "umbel.db"


def id_path(directory: Path) -> Path:
    return directory / "umbel.id"


def cluster_path(directory: Path) -> Path:
    return directory / "umbel.cluster"


def ledger_path(directory: Path) -> Path:
    return directory / "umbel-ledger.db"


def samples_path(directory: Path) -> Path:
    return directory / "umbel-samples.db"


def questions_path(directory: Path) -> Path:
    return directory / "questions.lock"


def tasks_path(directory: Path, number: int) -> Path:
    return directory / f"tasks-{number:06}.db"


def text_path(directory: Path, number: int) -> Path:
    return directory / f"tasks-{number:06}.text"


def bloom_filter_path(directory: Path, number: int) -> Path:
    return directory / f"tasks-{number:06}.sieve"


def numbers_in(directory: Path) -> set[int]:
    """The numbers of the files of tasks that are there."""
    names = (path.name[len("tasks-") : -len(".db")] for path in directory.glob("tasks-*.db"))
    return {int(digits) for digits in names if digits.isdecimal()}


def partial_path(path: Path) -> Path:
    """What a file of a copy is called until all of the copy is there."""
    return path.with_name(f"{path.name}.partial")


def is_cut_off(directory: Path) -> bool:
    """Whether it is a copy that is not whole."""
    return next(directory.glob("*.db.partial"), None) is not None


def with_journals(path: Path) -> tuple[Path, ...]:
    """A database file and those that SQLite keeps beside it."""
    return path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")


def identity(path: Path) -> tuple[int, int] | None:
    """Which file is at `path` now, None if there is none. While a file is held open, no other
    is given its identity."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


class OpenedFile:
    """The file that was at `path` when it was opened to write; ours never grow shorter."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.identity = identity(path)
        self._size_bytes = 0

    def is_in_place(self) -> bool:
        """Whether it is still the one in the directory, and has all that it had."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return False
        before, self._size_bytes = self._size_bytes, found.st_size
        return (found.st_dev, found.st_ino) == self.identity and found.st_size >= before


def only_row(
    connection: apsw.Connection, sql: str, parameters: Sequence[apsw.SQLiteValue] = ()
) -> tuple[Any, ...]:
    """The row of a query that always gives one (an aggregate, or a row known to exist)."""
    row: tuple[Any, ...] | None = connection.execute(sql, parameters).fetchone()
    if row is None:
        raise apsw.CorruptError(f"{connection.filename} lacks a row that must be there")
    return row


def open_writer(path: Path, kind: Kind) -> apsw.Connection:
    """The one connection that writes and checkpoints a file; made if it is missing."""
    private_files.make(path)
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(BUSY_MS)
    connection.pragma("page_size", 8192)
    connection.pragma("journal_mode", "wal")
    # What is settled with the broker outlives even the machine's sudden end.
    connection.pragma("synchronous", "normal" if kind == "text" else "full")
    connection.pragma("cache_size", -(_TEXT_CACHE_KIB if kind == "text" else _WRITER_CACHE_KIB))
    connection.pragma("temp_store", "memory")
    connection.pragma("journal_size_limit", WAL_MAX_BYTES)
    connection.wal_autocheckpoint(_WAL_CHECKPOINT_PAGES)
    migrate(connection, kind)
    return connection


def bound_wal(connection: apsw.Connection) -> None:
    """Begin the WAL anew if it has grown too long because someone was always reading."""
    wal = Path(f"{connection.filename}-wal")
    if wal.exists() and wal.stat().st_size > WAL_MAX_BYTES:
        # Those who read end within their budget; if not, the next commit tries again.
        with contextlib.suppress(apsw.BusyError):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_RESTART)


def keep_little(connection: apsw.Connection) -> None:
    """Give back the pages that a connection keeps in memory, and keep few from now on."""
    connection.pragma("cache_size", -_SMALL_CACHE_KIB)
    connection.execute("PRAGMA shrink_memory")


def bound_checkpoints(connection: apsw.Connection, size_bytes: int) -> None:
    """Checkpoint a WAL that is larger than this, where less than usual may stay."""
    page_bytes = 8_192
    pages = max(_WAL_LEAST_PAGES, min(_WAL_CHECKPOINT_PAGES, size_bytes // page_bytes))
    connection.wal_autocheckpoint(pages)
    connection.pragma("journal_size_limit", min(WAL_MAX_BYTES, 4 * pages * page_bytes))


def checkpoint(connection: apsw.Connection) -> None:
    """Put what the WAL has into the file itself and cut the WAL to nothing, as far as those
    who read let it; so that a copy of the file alone is whole."""
    connection.set_busy_timeout(_CHECKPOINT_MS)
    try:
        with contextlib.suppress(apsw.Error):
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        connection.set_busy_timeout(BUSY_MS)


def open_reader(path: Path, kind: Kind, *, is_small: bool = False) -> apsw.Connection:
    """A connection that can only read; a small one keeps few pages in memory."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(BUSY_MS)
    connection.pragma("cache_size", -(_SMALL_CACHE_KIB if is_small else _READER_CACHE_KIB))
    connection.pragma("temp_store", "memory")
    check(connection, len(scripts(kind)))
    if version(connection) == 0:
        connection.close()
        raise NotYetMade(str(path))
    return connection
