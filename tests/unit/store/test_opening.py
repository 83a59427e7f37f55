"""Who may open a directory, and what is said when it cannot be."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.support.waiting import wait_until
from umbel.clock import SystemClock
from umbel.errors import StoreBusy, StoreError, StoreUnwritable
from umbel.query.ast import EVERYTHING
from umbel.store.base import Retention
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.search.reader import Deadline, Reader
from umbel.store.sqlite.search.scan import Scan


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True)

    with pytest.raises(StoreBusy, match=rf"process {os.getpid()}\) already collects"):
        SqliteStore(tmp_path, write=True)

    store.close()
    SqliteStore(tmp_path, write=True).close()


def test_the_lock_goes_with_the_process_that_held_it(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib; from umbel.store.sqlite import SqliteStore\n"
        "store = SqliteStore(pathlib.Path(sys.argv[1]), write=True); print('open', flush=True)\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreBusy, match=f"process {holder.pid}"):
            SqliteStore(tmp_path, write=True)
        holder.kill()

    SqliteStore(tmp_path, write=True).close()


def test_readers_need_a_store_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no Umbel data"):
        SqliteStore(tmp_path / "nothing", write=False)
    (tmp_path / "umbel.db").touch()
    with pytest.raises(StoreError, match="no Umbel data"):
        SqliteStore(tmp_path, write=False)


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StoreUnwritable, match=r"file.data \(Not a directory\)"):
        SqliteStore(tmp_path / "file" / "data", write=True)


def test_a_store_that_was_closed_opens_with_all_it_had(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, partition_tasks=4)
    for number in range(12):
        store.apply(succeeded(uuid_of(number), BASE + number))
    before = store.status()
    store.close()
    store.close()

    store = SqliteStore(tmp_path, write=True, partition_tasks=4)

    status = store.status()
    assert (status.tasks, status.seq) == (before.tasks, before.seq) == (12, 12)
    assert not store.apply(succeeded(uuid_of(0), BASE))
    assert store.apply(succeeded(uuid_of(99), BASE))
    assert store.seq() == 13
    store.close()


def test_lost_bloom_filters_are_made_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, partition_tasks=4)
    for number in range(12):
        store.apply(succeeded(uuid_of(number), BASE + number))
    store.close()
    for path in tmp_path.glob("*.sieve"):
        path.unlink()

    store = SqliteStore(tmp_path, write=True, partition_tasks=4)

    assert not any(store.apply(succeeded(uuid_of(n), BASE + n)) for n in range(12))
    store.close()


def test_a_reader_sees_partitions_come_and_go(tmp_path: Path) -> None:
    writer = SqliteStore(tmp_path, write=True, partition_tasks=5)
    reader = SqliteStore(tmp_path, write=False)
    for number in range(20):
        writer.apply(succeeded(uuid_of(number), BASE + number))
        assert reader.task(uuid_of(number)) is not None

    writer.trim(Retention(max_tasks=8), now=BASE)

    assert reader.task(uuid_of(0)) is None
    assert reader.status().tasks <= 8
    assert len(reader.search(EVERYTHING, now=BASE).items) == reader.status().tasks
    reader.close()
    writer.close()


def test_a_walk_goes_on_over_partitions_that_are_removed_meanwhile(tmp_path: Path) -> None:
    writer = SqliteStore(tmp_path, write=True, partition_tasks=5)
    for number in range(20):
        writer.apply(succeeded(uuid_of(number), BASE + number))
    reader = Reader(tmp_path, SystemClock())
    scan = Scan(reader, EVERYTHING, BASE, Deadline(SystemClock(), 60.0), descending=False)

    with closing(scan.matches()) as found:
        first = next(found)
        writer.trim(Retention(max_tasks=5), now=BASE)
        rest = [each.task.uuid for each in found]

    # The file that was open is read to its end, those that are gone are passed over.
    assert first.task.uuid == uuid_of(0)
    assert rest == [uuid_of(number) for number in (1, 2, 3, 4, 15, 16, 17, 18, 19)]
    reader.close()
    writer.close()


def test_files_of_dropped_partitions_do_not_stay(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, partition_tasks=5)
    for number in range(20):
        store.apply(succeeded(uuid_of(number), BASE + number))
    wait_until(lambda: store.status().unindexed <= 20)
    removed = store.trim(Retention(max_tasks=5), now=BASE)
    store.close()

    assert removed == 15
    assert not list(tmp_path.glob("tasks-000001*"))


def test_a_directory_that_no_collector_has_brought_up_to_date_has_no_tallies(
    tmp_path: Path,
) -> None:
    SqliteStore(tmp_path, write=True).close()
    connection = apsw.Connection(str(tmp_path / "umbel.db"))
    connection.execute("DROP TABLE tally")
    connection.pragma("user_version", 1)
    connection.close()

    with closing(SqliteStore(tmp_path, write=False)) as store:
        assert store.metric_counts() == ()
