"""Snapshots of all files of a data directory, of one moment, while others write to it.

A snapshot is a read transaction: what it sees stays as it is, and a file that retention removes
meanwhile stays readable. Those of all files are taken together, again if a file of tasks came or
went in between.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import apsw

from umbel.store.sqlite.files import catalog
from umbel.store.sqlite.files.damage import numbers_aside
from umbel.store.sqlite.files.errors import DAMAGED, translated
from umbel.store.sqlite.files.lacking_files import ABSENT, EMPTY, removed_by_others
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import (
    BUSY_MS,
    ledger_path,
    meta_path,
    numbers_in,
    samples_path,
    tasks_path,
)

#: How long files that come or go are waited for.
_SETTLING_S: Final = 2.0
_PAUSE_S: Final = 0.02


class Snapshot:
    """One moment of a database file, until it is closed."""

    def __init__(self, path: Path, damage: str = "") -> None:
        self.path = path
        self.damage = damage
        self.size_bytes = 0
        self.connection: apsw.Connection | None = None
        if damage:
            return
        try:
            self.connection = _begun(path)
            # What the WAL has is counted once, however long it has grown.
            pages = int(self.connection.pragma("page_count"))
            self.size_bytes = pages * int(self.connection.pragma("page_size"))
        except DAMAGED as error:
            self.damage = str(error)

    def must_have_tables(self) -> None:
        """An empty file would become a new one in the copy."""
        if self.connection is not None and version(self.connection) == 0:
            self.close()
            self.damage = f"it {EMPTY}"

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def _begun(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        connection.set_busy_timeout(BUSY_MS)
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def snapshots_of(directory: Path) -> Iterator[list[Snapshot]]:
    """Snapshots of all files, those that are written to most first."""
    deadline = time.monotonic() + _SETTLING_S
    while True:
        with translated(directory):
            numbers = numbers_in(directory)
            found = _opened(directory, numbers)
            if found and (_agree(directory, numbers, found) or time.monotonic() > deadline):
                break
        for each in found:
            each.close()
        time.sleep(_PAUSE_S)
    _note_lacking(directory, numbers, found)
    try:
        yield found
    finally:
        for each in found:
            each.close()


def _opened(directory: Path, numbers: set[int]) -> list[Snapshot]:
    """umbel.db first: what it lists is there when the others are opened. Nothing if one of them
    was removed meanwhile."""
    paths = [meta_path(directory)] if meta_path(directory).exists() else []
    paths += [tasks_path(directory, number) for number in sorted(numbers, reverse=True)]
    for beside in (ledger_path(directory), samples_path(directory)):
        if beside.exists() and beside.stat().st_size:
            paths.append(beside)
    found: list[Snapshot] = []
    try:
        for path in paths:
            found.append(Snapshot(path))
    except BaseException as error:
        for each in found:
            each.close()
        if isinstance(error, apsw.CantOpenError) and not path.exists():
            return []
        raise
    return found


def _agree(directory: Path, numbers: set[int], found: list[Snapshot]) -> bool:
    """Whether no file of tasks came or went meanwhile. While old ones are removed, umbel.db
    lists them until those of their tasks that go on are in another file."""
    if numbers_in(directory) != numbers:
        return False
    listed = _listed(directory, found)
    return listed is None or listed == numbers


def _listed(directory: Path, found: list[Snapshot]) -> set[int] | None:
    """The partitions that umbel.db lists; None if it cannot tell."""
    connection = found[0].connection
    if found[0].path != meta_path(directory) or connection is None:
        return None
    try:
        return set(catalog.partitions(connection))
    except DAMAGED:
        return None


def _note_lacking(directory: Path, numbers: set[int], found: list[Snapshot]) -> None:
    """What must be there and is not, or is empty, is told as damaged parts are."""
    listed = _listed(directory, found)
    if found[0].path != meta_path(directory):
        found.append(Snapshot(meta_path(directory), damage=f"it {ABSENT}"))
    for each in found:
        is_listed = each.path in {tasks_path(directory, number) for number in listed or ()}
        if is_listed or each.path == meta_path(directory):
            each.must_have_tables()
    gone = removed_by_others(listed or set(), numbers) - numbers_aside(directory)
    found += [Snapshot(tasks_path(directory, each), damage=f"it {ABSENT}") for each in sorted(gone)]
