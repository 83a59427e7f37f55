"""A database file beside the history that every process writes: the ledger, and the samples.

Nothing is opened before it is needed, so a directory that cannot be written stops only
those who write. Writers take turns (`BEGIN IMMEDIATE` and SQLite's own lock); readers wait
for nobody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import apsw

from umbel.errors import StoreError
from umbel.store.sqlite.files import private_files
from umbel.store.sqlite.files.errors import translated
from umbel.store.sqlite.files.migrations import Kind, migrate, version
from umbel.store.sqlite.files.paths import BUSY_MS, NotYetMade, open_reader

#: Between two attempts to open a file that another process is just making, seconds.
_PAUSE_S: Final = 0.02
#: Making the file closes a descriptor of it, which drops every lock that this process has
#: on it; so nobody else in this process opens it meanwhile.
_making = threading.Lock()


class SharedFile:
    """One process's connections to the file at `path`, used from any thread. `durable`: what is
    written outlives even the machine's sudden end, not only that of the process."""

    def __init__(self, path: Path, kind: Kind, *, durable: bool) -> None:
        self._directory = path.parent
        self._path = path
        self._kind: Kind = kind
        self._durable = durable
        self._writer = _Connection()
        self._reader = _Connection()
        self._closed = False

    @contextmanager
    def reading(self) -> Iterator[apsw.Connection | None]:
        """A connection that only reads; None as long as nothing was ever written."""
        with self._reader.lock, translated(self._path):
            yield self._opened_reader()

    @contextmanager
    def writing(self) -> Iterator[apsw.Connection]:
        """A transaction: all of what is done inside is durable after it, or none of it."""
        with self._writer.lock, translated(self._path):
            connection = self._opened_writer()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled it back already.
                with suppress(apsw.SQLError):
                    connection.execute("ROLLBACK")
                raise

    def rows(self, sql: str, parameters: Sequence[apsw.SQLiteValue] = ()) -> list[tuple[Any, ...]]:
        """What `sql` finds; nothing as long as nothing was ever written."""
        with self.reading() as connection:
            return [] if connection is None else connection.execute(sql, parameters).fetchall()

    def row_of_format(
        self, format_: int, sql: str, parameters: Sequence[apsw.SQLiteValue]
    ) -> tuple[Any, ...] | None:
        """The first row; None from a file of an older format."""
        with self.reading() as connection:
            if connection is None or version(connection) < format_:
                return None
            row: tuple[Any, ...] | None = connection.execute(sql, parameters).fetchone()
            return row

    def close(self) -> None:
        """Close both connections once those who use them are done."""
        self._closed = True
        for each in (self._reader, self._writer):
            with each.lock:
                each.close()

    def _opened_reader(self) -> apsw.Connection | None:
        self._refuse_if_closed()
        if not self._reader.is_of(self._path):
            try:
                with _making:
                    return self._reader.open(self._path, open_reader(self._path, self._kind))
            except (apsw.CantOpenError, NotYetMade):
                if self._path.exists() and self._path.stat().st_size:
                    raise
                return None
        return self._reader.opened

    def _opened_writer(self) -> apsw.Connection:
        self._refuse_if_closed()
        if not self._writer.is_of(self._path):
            with _making:
                self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                private_files.make(self._path)
                opened = _open_patiently(self._path, self._kind, durable=self._durable)
                return self._writer.open(self._path, opened)
        return self._writer.opened

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreError(f"{self._path} is closed.", remedy="Umbel is about to end.")


class _Connection:
    """A connection, which file it has open, and the lock of the thread that uses it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._connection: apsw.Connection | None = None
        self._file: tuple[int, int] | None = None

    def is_of(self, path: Path) -> bool:
        """Whether it is open, on the file that is at `path` now: what is written to one that
        was removed would be lost."""
        return self._connection is not None and _identity(path) == self._file

    @property
    def opened(self) -> apsw.Connection:
        if self._connection is None:
            raise RuntimeError("This connection is not open.")
        return self._connection

    def open(self, path: Path, connection: apsw.Connection) -> apsw.Connection:
        self.close()
        self._connection, self._file = connection, _identity(path)
        return connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _open_patiently(path: Path, kind: Kind, *, durable: bool) -> apsw.Connection:
    """A connection that writes. SQLite does not wait while another process turns a new file
    into a WAL file, so this does."""
    deadline = time.monotonic() + BUSY_MS / 1_000
    while True:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            connection.set_busy_timeout(BUSY_MS)
            connection.pragma("journal_mode", "wal")
            connection.pragma("synchronous", "full" if durable else "normal")
            migrate(connection, kind)
        except BaseException as error:
            connection.close()
            if not isinstance(error, apsw.BusyError) or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE_S)
        else:
            return connection
