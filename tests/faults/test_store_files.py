"""Files that somebody removes, replaces or cuts short while Umbel writes and reads them."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, heartbeat, succeeded, uuid_of
from tests.support.waiting import wait_until
from umbel.errors import StoreBusy, StoreError
from umbel.query.ast import Words
from umbel.store.sqlite import SqliteStore


def tell(store: SqliteStore, number: int) -> None:
    store.apply([heartbeat("w@h", BASE + number), *succeeded(uuid_of(number), BASE + number)])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def writer(directory: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(directory, write=True, partition_tasks=1_000)
    for number in range(5):
        tell(store, number)
    yield store
    store.close()


@pytest.fixture
def reader(directory: Path, writer: SqliteStore) -> Iterator[SqliteStore]:
    """One that has read before, so that it holds files open."""
    store = SqliteStore(directory, write=False)
    assert store.task(uuid_of(1)) == writer.task(uuid_of(1))
    assert store.workers()
    yield store
    store.close()


def remove_all(directory: Path) -> None:
    shutil.rmtree(directory)


def remove_tasks(directory: Path) -> None:
    for path in directory.glob("tasks-*"):
        path.unlink()


def remove_meta(directory: Path) -> None:
    for path in directory.glob("umbel.db*"):
        path.unlink()


@pytest.mark.parametrize("remove", [remove_all, remove_tasks, remove_meta])
def test_removed_files_are_told_and_what_comes_after_is_stored_and_seen(
    directory: Path, writer: SqliteStore, reader: SqliteStore, remove: Callable[[Path], None]
) -> None:
    remove(directory)

    with pytest.raises(
        StoreError, match="were removed, replaced or cut short while Umbel wrote"
    ) as error:
        tell(writer, 7)

    assert str(directory) in str(error.value)
    # A collector that was refused tries the same batch again.
    tell(writer, 7)
    assert reader.task(uuid_of(7)) is not None
    assert [worker.hostname for worker in reader.workers()] == ["w@h"]
    wait_until(lambda: reader.status().unindexed <= 8)
    found = reader.search(Words("none"), now=BASE, limit=9).items
    assert uuid_of(7) in {task.uuid for task in found}


def test_a_removed_lock_does_not_let_two_write(directory: Path, writer: SqliteStore) -> None:
    (directory / "writer.lock").unlink()
    second = SqliteStore(directory, write=True, partition_tasks=1_000)

    with pytest.raises(StoreError, match="removed, replaced"):
        tell(writer, 7)
    with pytest.raises(StoreBusy):
        tell(writer, 7)

    second.close()
    tell(writer, 7)
    assert writer.task(uuid_of(7)) is not None


def test_a_file_that_was_put_back_from_a_backup_is_written_and_indexed_anew(
    directory: Path, writer: SqliteStore, tmp_path: Path
) -> None:
    source = apsw.Connection(str(directory / "tasks-000001.db"))
    source.execute("VACUUM INTO ?", (str(tmp_path / "backup"),))
    source.close()
    for number in range(5, 40):
        writer.apply(succeeded(uuid_of(number), BASE + number, result="'before'"))
    wait_until(lambda: writer.status().unindexed < 8)
    remove_tasks_alone = [directory / f"tasks-000001.db{end}" for end in ("", "-wal", "-shm")]
    for path in remove_tasks_alone:
        path.unlink()
    (tmp_path / "backup").rename(directory / "tasks-000001.db")

    with pytest.raises(StoreError, match="removed, replaced"):
        tell(writer, 50)
    for number in range(50, 90):
        writer.apply(succeeded(uuid_of(number), BASE + number, result="'after it'"))

    wait_until(lambda: writer.status().unindexed < 8)
    found = writer.search(Words("after it"), now=BASE, limit=100).items
    assert {task.uuid for task in found} == {uuid_of(number) for number in range(50, 90)}
    assert not writer.search(Words("before"), now=BASE).items


def test_an_index_that_is_ahead_of_its_tasks_is_made_anew(
    directory: Path, writer: SqliteStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As after a power failure, which may take the last transactions of one file alone."""
    source = apsw.Connection(str(directory / "tasks-000001.db"))
    source.execute("VACUUM INTO ?", (str(tmp_path / "earlier"),))
    source.close()
    for number in range(5, 40):
        writer.apply(succeeded(uuid_of(number), BASE + number))
    wait_until(lambda: writer.status().unindexed < 8)
    writer.close()
    (tmp_path / "earlier").rename(directory / "tasks-000001.db")
    caplog.set_level(logging.WARNING)

    with_index = SqliteStore(directory, write=True, partition_tasks=1_000)
    for number in range(50, 90):
        with_index.apply(succeeded(uuid_of(number), BASE + number, result="'after it'"))
    wait_until(lambda: with_index.status().unindexed < 8)
    found = with_index.search(Words("after it"), now=BASE, limit=100).items
    with_index.close()

    assert {task.uuid for task in found} == {uuid_of(number) for number in range(50, 90)}
    assert "made again" in caplog.text


def test_a_file_that_is_cut_short_is_told_and_can_be_moved_away(
    directory: Path, writer: SqliteStore
) -> None:
    path = directory / "tasks-000001.db"
    checkpoint = apsw.Connection(str(path))
    checkpoint.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    checkpoint.close()
    tell(writer, 6)
    with path.open("r+b") as file:
        file.truncate(100)

    with pytest.raises(StoreError, match="cut short"):
        tell(writer, 7)

    remove_tasks(directory)
    tell(writer, 7)
    assert writer.task(uuid_of(7)) is not None
