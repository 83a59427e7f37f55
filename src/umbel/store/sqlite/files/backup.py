"""A whole copy of a data directory, while others write to it.

A snapshot (a read transaction) is taken of every file before the first is copied, so that all
copies are of one moment, and what retention removes meanwhile stays readable. Nobody is kept from
writing; only the WAL of a file cannot be begun anew while its snapshot is held, so what is written
to most is copied first. Copies get their names when all of them are there: a copy that was cut off
is no data directory.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import apsw
import msgspec

from umbel.errors import StoreError, StoreFull, StoreUnwritable
from umbel.owner import foreign_owner, owned, user_name
from umbel.store.base import Copied
from umbel.store.sqlite.files.catalog import mark_copied
from umbel.store.sqlite.files.data_directory import must_be_readable
from umbel.store.sqlite.files.errors import DAMAGED, NO_ROOM, missing, translated
from umbel.store.sqlite.files.migrations import version
from umbel.store.sqlite.files.paths import (
    cluster_path,
    id_path,
    ledger_path,
    meta_path,
    numbers_in,
    partial_path,
)
from umbel.store.sqlite.files.snapshots import Snapshot, snapshots_of

#: Pages that are copied between two moments at which Ctrl-C is heard.
_PAGES: Final = 4_096
#: From this format on a ledger has secrets and leases.
_HAS_SECRETS: Final = 6
#: From this one on it has second factors of logins.
_HAS_FACTORS: Final = 7


def back_up(directory: Path, target: Path, on_file: Callable[[Copied], None]) -> None:
    """Copy the store in `directory` to `target`, a directory that is new or empty; `on_file` is
    given each file once it is there. Raises `StoreError`, and leaves nothing behind then."""
    must_be_readable(directory, "umbel backup ...")
    with translated(directory):
        if not (meta_path(directory).exists() or numbers_in(directory)):
            raise missing(directory)
    with _room_for(directory, target), snapshots_of(directory) as snapshots:
        _must_fit(snapshots, target)
        made: list[Path] = []
        try:
            with owned(target):
                for snapshot in snapshots:
                    _copy(snapshot, target, made, on_file)
                for path in (id_path(directory), cluster_path(directory)):
                    _copy_small(path, target, made, on_file)
                with translated(target):
                    _name(target, made)
        except BaseException:
            for path in made:
                partial_path(path).unlink(missing_ok=True)
                path.unlink(missing_ok=True)
            raise


# -- the target ----------------------------------------------------------------------------


@contextlib.contextmanager
def _room_for(directory: Path, target: Path) -> Iterator[None]:
    """The target is there and empty; one that was made for this goes when it fails."""
    with _naming_target(target):
        is_new = not target.exists()
        _must_be_outside(directory, target)
        if is_new:
            target.mkdir(mode=0o700, parents=True)
            if foreign_owner(directory) is not None:
                found = directory.stat()
                os.chown(target, found.st_uid, found.st_gid)
        _must_be_empty(target)
    try:
        yield
    except BaseException:
        if is_new:
            with contextlib.suppress(OSError):
                target.rmdir()
        raise


@contextlib.contextmanager
def _naming_target(target: Path) -> Iterator[None]:
    """What is wrong with where the copy is to be is no matter of the data directory."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise StoreFull(
                f"There is no room for the copy in {target}: {error.strerror}.",
                remedy="Free some space there, or name a directory on another disk.",
            ) from error
        raise StoreUnwritable(
            f"No copy can be made in {target}: {error.strerror or error}.",
            remedy=f"Name a directory that {user_name(os.geteuid())} may make or write to.",
        ) from error


def _must_be_outside(directory: Path, target: Path) -> None:
    if directory.resolve() in target.resolve().parents:
        raise StoreError(
            f"{target} lies in the data directory {directory}, which would go with what it is a "
            "copy of.",
            remedy="Name a directory elsewhere, best on another disk.",
        )


def _must_be_empty(target: Path) -> None:
    if not target.is_dir():
        raise StoreError(f"{target} is a file.", remedy="Name a new or empty directory.")
    if any(target.iterdir()):
        raise StoreError(
            f"{target} is not empty.",
            remedy="Nothing is written over: name a new or empty directory, such as "
            f"{target / 'umbel-1'}.",
        )


def _must_fit(snapshots: list[Snapshot], target: Path) -> None:
    total_bytes = sum(each.size_bytes for each in snapshots)
    with _naming_target(target):
        free = shutil.disk_usage(target).free
    if total_bytes > free:
        raise StoreFull(
            f"There is no room for the copy in {target}: it takes {total_bytes / 2**20:,.0f} MiB, "
            f"and {free / 2**20:,.0f} MiB are free.",
            remedy="Free some space there, or name a directory on another disk.",
        )


# -- copying -------------------------------------------------------------------------------


def _copy(
    snapshot: Snapshot, target: Path, made: list[Path], on_file: Callable[[Copied], None]
) -> None:
    path = target / snapshot.path.name
    made.append(path)
    partial = _new(path)
    try:
        if snapshot.connection is not None:
            _copy_pages(snapshot.connection, partial)
            if snapshot.path == ledger_path(snapshot.path.parent):
                _remove_secrets(partial)
            elif snapshot.path == meta_path(snapshot.path.parent):
                _mark_reports(partial)
    except DAMAGED as error:
        snapshot.damage = str(error)
    finally:
        snapshot.close()
    if snapshot.damage:
        partial.unlink()
        made.remove(path)
        on_file(Copied(snapshot.path, damage=snapshot.damage))
        return
    _keep(partial)
    on_file(Copied(path, partial.stat().st_size, damage=_flaw(partial)))


def _flaw(path: Path) -> str:
    """What is damaged inside a copy: pages are copied without being looked into, and a copy
    that nobody can read is found out too late. Empty if nothing is."""
    # Immutable: nobody else writes to it, and no journals come to lie beside it.
    where = f"{path.absolute().as_uri()}?immutable=1"
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    try:
        with contextlib.closing(apsw.Connection(where, flags=flags)) as connection:
            found = str(next(iter(connection.execute("PRAGMA quick_check(1)")))[0])
    except DAMAGED as error:
        return str(error)
    where_in_file = found.removeprefix("*** in database main ***")
    return "" if found == "ok" else " ".join(where_in_file.split())


def _copy_pages(source: apsw.Connection, partial: Path) -> None:
    with translated(partial):
        copy = apsw.Connection(str(partial), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            copy.pragma("journal_mode", "off")
            copy.pragma("synchronous", "off")
            with copy.backup("main", source, "main") as backup:
                while not backup.done:
                    backup.step(_PAGES)
        finally:
            copy.close()


def _remove_secrets(partial: Path) -> None:
    """A copy lies about for years: who finds it must not be able to log in. A second factor stays
    without its secret, so that nobody is without one after a restore: their recovery codes are
    still good."""
    with translated(partial):
        copy = apsw.Connection(str(partial), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            copy.pragma("secure_delete", "on")
            for table in ("secret", "lease"):
                if version(copy) >= _HAS_SECRETS:
                    copy.execute(f"DELETE FROM {table}")  # noqa: S608
            if version(copy) >= _HAS_FACTORS:
                copy.execute("UPDATE second_factor SET secret = x''")
                # Without the key no cookie is good any more; what providers said of people goes.
                copy.execute("DELETE FROM login_session")
        finally:
            copy.close()  # which puts everything into the file, and removes its journals


def _mark_reports(partial: Path) -> None:
    """What comes from now on is taken off the broker by the collectors of the original. A file
    that is damaged inside stays as it is."""
    with translated(partial), contextlib.suppress(*DAMAGED, msgspec.MsgspecError):
        copy = apsw.Connection(str(partial), flags=apsw.SQLITE_OPEN_READWRITE)
        try:
            if version(copy):
                mark_copied(copy)
        finally:
            copy.close()


def _copy_small(
    source: Path, target: Path, made: list[Path], on_file: Callable[[Copied], None]
) -> None:
    with translated(source):
        if not source.exists():
            return
        content = source.read_bytes()
    path = target / source.name
    made.append(path)
    with translated(path):
        partial = _new(path)
        partial.write_bytes(content)
        _keep(partial)
    on_file(Copied(path, len(content)))


def _new(path: Path) -> Path:
    """An empty file that its owner alone may read, beside where it will be."""
    partial = partial_path(path)
    with translated(path.parent):
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    return partial


def _keep(path: Path) -> None:
    """Let the file outlive the machine's sudden end."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _name(target: Path, made: list[Path]) -> None:
    for path in made:
        partial_path(path).rename(path)
    _keep(target)
