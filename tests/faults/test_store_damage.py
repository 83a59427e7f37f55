"""Damaged files: one bad part is set aside and told, and all others go on."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, heartbeat, succeeded, uuid_of
from tests.support.waiting import wait_until
from umbel.query.ast import EVERYTHING, Words
from umbel.store.base import CollectorStatus, Order, Retention
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files.paths import numbers_in

PARTITION_TASKS = 200
TASKS = 900


def tell(store: SqliteStore, numbers: range) -> None:
    events = [
        event for n in numbers for event in succeeded(uuid_of(n), BASE + n, result=f"'no {n}'")
    ]
    store.apply([heartbeat("w@h", BASE), *events])


def opened(directory: Path) -> SqliteStore:
    return SqliteStore(directory, write=True, partition_tasks=PARTITION_TASKS)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A store of five partitions, closed: tasks 0 to 899."""
    directory = tmp_path / "data"
    store = opened(directory)
    for first in range(0, TASKS, 50):
        tell(store, range(first, first + 50))
    wait_until(lambda: store.status().unindexed < 8)
    store.close()
    return directory


@pytest.fixture
def reader(directory: Path) -> Iterator[SqliteStore]:
    """One that has read before, so that it holds files open."""
    store = SqliteStore(directory, write=False)
    assert len(seen(store)) == TASKS
    yield store
    store.close()


def seen(store: SqliteStore) -> set[int]:
    """The tasks that a list gives, whichever way it is sorted."""
    by_time = store.search(EVERYTHING, now=BASE, limit=2_000)
    by_runtime = store.search(EVERYTHING, now=BASE, limit=2_000, order=Order("runtime"))
    numbers = {int(task.uuid[-12:], 16) for task in by_time.items}
    assert numbers == {int(task.uuid[-12:], 16) for task in by_runtime.items}
    return numbers


def spoil(path: Path, *, first: int = 0, size: int | None = None) -> None:
    """Write random bytes over a file, in place."""
    size = path.stat().st_size - first if size is None else size
    with path.open("r+b") as file:
        file.seek(first)
        file.write(random.Random(1).randbytes(size))


def numbers_of(directory: Path, name: str) -> set[int]:
    connection = apsw.Connection(str(directory / name), flags=apsw.SQLITE_OPEN_READONLY)
    found = {int(uuid.hex()[-12:], 16) for (uuid,) in connection.execute("SELECT uuid FROM task")}
    connection.close()
    return found


@pytest.mark.parametrize("name", ["tasks-000002.db", "tasks-000005.db"])
def test_a_damaged_partition_is_set_aside_at_the_start_and_the_rest_goes_on(
    directory: Path, reader: SqliteStore, name: str
) -> None:
    lost = numbers_of(directory, name)
    spoil(directory / name)

    store = opened(directory)
    tell(store, range(TASKS, TASKS + 10))

    whole = set(range(TASKS + 10)) - lost
    assert seen(store) == whole
    assert seen(reader) == whole
    for each in (store, reader):
        (part,) = each.status().damaged
        assert (part.name, part.is_aside) == (name, True)
        assert str(directory / name) in part.sentence
        assert Path(part.path).exists()
        assert "are missing from what you see; recording goes on" in part.sentence
    assert store.task(uuid_of(min(lost))) is None
    assert store.count(EVERYTHING, now=BASE).total == len(whole)
    store.close()

    # It is still told when all are started again, and the file is not touched any more.
    store = opened(directory)
    assert [part.name for part in store.status().damaged] == [name]
    assert seen(store) == whole
    store.close()


@pytest.mark.parametrize("name", ["tasks-000002.db", "tasks-000005.db", "umbel.db"])
def test_damage_while_it_runs_needs_no_restart(
    directory: Path, reader: SqliteStore, name: str
) -> None:
    store = opened(directory)
    lost = set() if name == "umbel.db" else numbers_of(directory, name)
    for path in directory.glob(f"{name}-wal"):
        path.unlink()
    spoil(directory / name)

    # What each of the old tasks still says leads into every file.
    for first in range(0, TASKS, 100):
        store.apply(
            [
                event
                for n in range(first, first + 100)
                for event in succeeded(uuid_of(n), BASE + n + 0.5, result="'again'")
            ]
        )
    tell(store, range(TASKS, TASKS + 10))
    store.report(report_of("main"))

    assert [part.name for part in store.status().damaged] == [name]
    # The lost ones that spoke again are there anew, with what they said.
    assert seen(store) == set(range(TASKS + 10))
    assert seen(reader) == seen(store)
    assert [each.collector for each in reader.collectors()] == ["main"]
    for number in lost:
        task = store.task(uuid_of(number))
        assert task is not None
        assert task.result == "'again'"
    store.close()


def report_of(name: str) -> CollectorStatus:
    return CollectorStatus(
        collector=name,
        pid=1,
        started=BASE,
        at=BASE,
        broker="connected",
        broker_url="",
        transport="",
    )


def test_readers_alone_leave_out_what_they_cannot_read_and_say_so(
    directory: Path, reader: SqliteStore
) -> None:
    lost = numbers_of(directory, "tasks-000003.db")
    spoil(directory / "tasks-000003.db")
    fresh = SqliteStore(directory, write=False)

    for store in (reader, fresh):
        assert seen(store) >= set(range(TASKS)) - lost
        assert store.task(uuid_of(0)) is not None
        store.task(uuid_of(min(lost)))
        assert store.search(Words("no 5"), now=BASE).items
        assert store.suggest("name", "")
        store.series(EVERYTHING, now=BASE, measure="count", start=BASE, end=BASE + 9e3, bucket_s=60)
        store.follow(0)
    (part,) = fresh.status().damaged
    assert not part.is_aside
    assert part.sentence.startswith(f"{directory / 'tasks-000003.db'} cannot be read")
    fresh.close()


def test_the_middle_of_a_file_takes_only_what_stood_there(
    directory: Path, reader: SqliteStore
) -> None:
    path = directory / "tasks-000003.db"
    lost = numbers_of(directory, path.name)
    spoil(path, first=path.stat().st_size // 2, size=40_000)

    found = seen_either_way(reader)

    assert found >= set(range(TASKS)) - lost
    assert reader.count(Words("no"), now=BASE).total >= TASKS - len(lost)


def seen_either_way(store: SqliteStore) -> set[int]:
    page = store.search(EVERYTHING, now=BASE, limit=2_000)
    return {int(task.uuid[-12:], 16) for task in page.items}


def test_a_lost_list_of_partitions_is_made_anew_from_the_files(directory: Path) -> None:
    for path in directory.glob("umbel.db*"):
        path.unlink()

    alone = SqliteStore(directory, write=False)
    assert seen(alone) == set(range(TASKS))
    alone.close()

    store = opened(directory)
    tell(store, range(TASKS, TASKS + 10))
    assert seen(store) == set(range(TASKS + 10))
    assert len(numbers_in(directory)) == 5
    assert store.status().damaged == ()
    store.close()


@pytest.mark.parametrize("name", ["tasks-000002.db", "tasks-000005.db"])
def test_a_file_that_somebody_removed_is_told_and_can_be_put_back(
    directory: Path, name: str
) -> None:
    lost = numbers_of(directory, name)
    kept = (directory / name).read_bytes()
    (directory / name).unlink()

    store = opened(directory)

    (part,) = store.status().damaged
    assert "is not there any more, and Umbel did not remove it" in part.sentence
    assert (part.name, Path(part.path).parent) == (name, directory)
    assert seen(store) == set(range(TASKS)) - lost
    store.close()
    (directory / name).write_bytes(kept)
    store = opened(directory)
    assert seen(store) == set(range(TASKS))
    store.close()


@pytest.mark.parametrize("name", ["tasks-000002.db", "tasks-000005.db"])
def test_an_empty_file_is_set_aside_and_not_made_a_new_one(directory: Path, name: str) -> None:
    lost = numbers_of(directory, name)
    (directory / name).write_bytes(b"")

    store = opened(directory)
    tell(store, range(TASKS, TASKS + 10))

    (part,) = store.status().damaged
    assert (part.name, part.reason, part.is_aside) == (name, "it is empty", True)
    assert "are missing from what you see; recording goes on" in part.sentence
    assert seen(store) == set(range(TASKS + 10)) - lost
    store.close()


@pytest.mark.parametrize("name", ["tasks-000002.db", "tasks-000005.db", "umbel.db"])
@pytest.mark.parametrize("what", ["is not there", "is empty"])
def test_who_reads_alone_says_which_file_is_lacking_until_it_is_put_back(
    directory: Path, reader: SqliteStore, name: str, what: str
) -> None:
    lost = set() if name == "umbel.db" else numbers_of(directory, name)
    kept = (directory / name).read_bytes()
    (directory / name).unlink()
    if what == "is empty":
        (directory / name).write_bytes(b"")
    fresh = SqliteStore(directory, write=False)

    for store in (reader, fresh):
        assert seen(store) == set(range(TASKS)) - lost
        store.workers()
        (part,) = store.status().damaged
        assert (part.name, part.is_aside) == (name, False)
        assert part.sentence.startswith(f"{directory / name} {what}.")
        assert "missing from what you see" in part.sentence
    (directory / name).write_bytes(kept)

    for store in (reader, fresh):
        assert seen(store) == set(range(TASKS))
        assert store.status().damaged == ()
    fresh.close()


def test_files_that_retention_had_removed_when_it_was_killed_are_not_missed(
    directory: Path,
) -> None:
    (directory / "tasks-000001.db").unlink()
    (directory / "tasks-000002.db").unlink()

    store = opened(directory)

    assert store.status().damaged == ()
    store.close()


def test_what_umbel_db_knew_is_taken_over_as_far_as_it_can_be_read(directory: Path) -> None:
    store = opened(directory)
    store.report(report_of("main"))
    store.close()
    connection = apsw.Connection(str(directory / "umbel.db"))
    (page,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'partition'"
    ).fetchall()[0]
    connection.close()
    spoil(directory / "umbel.db", first=(int(str(page)) - 1) * 8_192, size=8_192)

    store = opened(directory)

    assert seen(store) == set(range(TASKS))
    assert [worker.hostname for worker in store.workers()] == ["w@h"]
    (part,) = store.status().damaged
    assert part.tasks == 0
    assert "No task is missing" in part.sentence
    store.close()


def test_a_sound_copy_that_is_put_back_is_taken_in_while_it_runs(
    directory: Path, tmp_path: Path
) -> None:
    shutil.copy(directory / "tasks-000002.db", tmp_path / "copy")
    spoil(directory / "tasks-000002.db")
    store = opened(directory)
    assert len(seen(store)) < TASKS

    shutil.copy(tmp_path / "copy", directory / "tasks-000002.db")
    os.utime(directory / "tasks-000002.db", (1e9, 1e9))
    store.trim(Retention(), now=BASE)

    assert seen(store) == set(range(TASKS))
    shutil.rmtree(directory / "damaged")
    assert store.status().damaged == ()
    store.close()


def test_what_was_set_aside_counts_and_goes_when_its_turn_comes(directory: Path) -> None:
    spoil(directory / "tasks-000002.db")
    store = opened(directory)
    before = store.status()
    assert before.size_bytes > sum(path.stat().st_size for path in directory.glob("tasks-*.db"))

    store.trim(Retention(max_bytes=1), now=BASE)

    assert store.status().damaged == ()
    assert len(numbers_in(directory)) == 1
    store.close()


def test_an_index_of_a_newer_format_is_made_anew(directory: Path, reader: SqliteStore) -> None:
    for path in directory.glob("tasks-*.text"):
        connection = apsw.Connection(str(path))
        connection.pragma("user_version", 99)
        connection.close()
    fresh = SqliteStore(directory, write=False)
    assert fresh.status().tasks == TASKS
    assert len(fresh.search(Words("no 777"), now=BASE).items) == 1
    fresh.close()

    store = opened(directory)
    wait_until(lambda: store.status().unindexed < 8)

    assert len(store.search(Words("no 777"), now=BASE).items) == 1
    assert reader.status().unindexed < 8
    store.close()


def test_damaged_indexes_are_done_without_and_made_anew(
    directory: Path, reader: SqliteStore
) -> None:
    for path in directory.glob("tasks-*.text"):
        spoil(path)
    for path in directory.glob("tasks-*.sieve"):
        spoil(path)

    fresh = SqliteStore(directory, write=False)
    for each in (fresh, reader):
        assert len(each.search(Words("no 777"), now=BASE).items) == 1
        assert each.task(uuid_of(3)) is not None
    fresh.close()
    store = opened(directory)
    wait_until(lambda: store.status().unindexed < 8)

    assert len(store.search(Words("no 777"), now=BASE).items) == 1
    assert store.status().damaged == ()
    store.close()
