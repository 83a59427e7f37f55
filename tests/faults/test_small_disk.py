"""Retention on a small disk: removing needs no room, so that recording goes on for ever."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.contract.stories import BASE, begun, succeeded, uuid_of
from tests.support.mounts import fill_disk, small_disk
from tests.support.waiting import wait_until
from umbel.cluster.events import Event
from umbel.errors import StoreFull, StoreUnwritable
from umbel.query.ast import EVERYTHING
from umbel.store.base import Retention
from umbel.store.sqlite import SqliteStore

BOUND = 12 * 2**20
KEPT = Retention(max_bytes=BOUND)
#: Tasks of one batch, and what each has to say.
TASKS = 500
RESULT = "'" + "".join(chr(97 + n * n % 26) for n in range(200)) + "'"


def batch(number: int) -> list[Event]:
    tasks = range(number * TASKS, number * TASKS + TASKS)
    return [
        event
        for task in tasks
        for event in succeeded(uuid_of(task), BASE + task, result=f"{RESULT} {task * 7919}")
    ]


def is_trimmed(store: SqliteStore, retention: Retention) -> bool:
    try:
        store.trim(retention, BASE)
    except StoreFull:
        return False
    return True


def size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


def test_the_size_stays_near_the_bound_and_the_history_near_its_length(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True)
    sizes: list[int] = []
    kept: list[int] = []

    for number in range(80):
        store.apply(batch(number))
        store.trim(KEPT, BASE)
        sizes.append(size_of(tmp_path))
        kept.append(store.status().tasks)

    assert max(sizes) < BOUND * 1.2
    settled = kept[50:]
    assert min(settled) > max(settled) * 0.6
    assert kept[-1] < 80 * TASKS
    store.close()


def test_a_disk_that_fills_up_is_freed_by_retention_for_ever(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "size=18m"):
        directory = disk / "umbel"
        store = SqliteStore(directory, write=True)
        fulls = 0
        for number in range(80):
            try:
                store.apply(batch(number))
            except StoreFull:
                fulls += 1
                # What a collector does: it lets go of the oldest, and tries again.
                store.trim(KEPT, BASE)
                store.apply(batch(number))
            if number % 10 == 9:
                store.trim(KEPT, BASE)
        assert store.task(uuid_of(80 * TASKS - 1)) is not None
        store.close()
        assert fulls < 40


def test_a_disk_that_others_filled_lets_the_oldest_be_removed(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "size=40m"):
        directory = disk / "umbel"
        store = SqliteStore(directory, write=True, partition_tasks=2_000)
        for number in range(30):
            store.apply(batch(number))
        fill_disk(disk, 65_536)
        number = 30
        with pytest.raises(StoreFull, match=r"is full\. Free some space or lower the retention"):  # noqa: PT012
            for number in range(30, 200):
                store.apply(batch(number))

        # Files that are removed give their room back once nobody holds them open.
        wait_until(lambda: is_trimmed(store, Retention(max_bytes=4 * 2**20)))

        assert store.apply(batch(number))
        assert shutil.disk_usage(disk).free > 2**20
        store.close()


def test_a_read_only_file_system_is_told_as_such(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "size=16m"):
        store = SqliteStore(disk / "umbel", write=True)
        store.apply(batch(0))
        store.close()
        with small_disk(disk / "ro", "size=1m,ro"):
            with pytest.raises(StoreUnwritable, match="is read-only") as refused:
                SqliteStore(disk / "ro" / "umbel", write=True)
            assert not isinstance(refused.value, StoreFull)


def test_one_task_that_never_ends_holds_no_bound_open(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, write=True, partition_tasks=50, index=False)
    store.apply(begun(uuid_of(0), BASE, name="shop.forever"))
    for number in range(1, 400):
        store.apply(succeeded(uuid_of(number), BASE + number))
        store.apply([progress(0, BASE + number)])

    store.trim(Retention(max_age_s=100), BASE + 400)

    task = store.task(uuid_of(0))
    assert task is not None
    assert (task.name, task.state) == ("shop.forever", "STARTED")
    left = store.search(EVERYTHING, now=BASE, limit=1_000).items
    assert len(left) <= 160
    assert sum(each.uuid == uuid_of(0) for each in left) == 1
    # It goes on where it is now, and is found by whoever only reads.
    store.apply(succeeded(uuid_of(0), BASE + 401)[-1:])
    reader = SqliteStore(tmp_path, write=False)
    found = reader.task(uuid_of(0))
    assert found is not None
    assert (found.name, found.state) == ("shop.forever", "SUCCESS")
    reader.close()
    store.close()


def progress(number: int, at: float) -> Event:
    return Event(
        type="task-progress", timestamp=at, hostname="celery@eu-1", uuid=uuid_of(number),
        detail='{"step": 1}',
    )  # fmt: skip
