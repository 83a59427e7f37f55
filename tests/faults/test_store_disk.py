"""A disk without room: nothing that was committed is lost, and writing goes on after."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import pytest

from tests.contract.stories import BASE, heartbeat, succeeded, uuid_of
from umbel.cluster.events import Event
from umbel.errors import StoreUnwritable
from umbel.store.sqlite import SqliteStore


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """No file may grow beyond this, as if the disk ended there."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def batch(number: int) -> list[Event]:
    tasks = range(number * 50, number * 50 + 50)
    return [
        heartbeat(f"celery@w{number}", BASE + number),
        *(event for task in tasks for event in succeeded(uuid_of(task), BASE + task)),
    ]


@pytest.mark.parametrize("index", [False, True])
def test_a_full_disk_is_said_and_survived(tmp_path: Path, index: bool) -> None:
    store = SqliteStore(tmp_path, write=True, index=index, partition_tasks=2_000)
    reader = SqliteStore(tmp_path, write=False)
    for number in range(3):
        store.apply(batch(number))
    largest = max(path.stat().st_size for path in tmp_path.iterdir())

    number = 3
    with files_of_at_most(largest + 50_000):
        with pytest.raises(StoreUnwritable, match=r"disk that holds .* is full") as full:  # noqa: PT012
            for number in range(3, 1_000):
                store.apply(batch(number))
        assert full.value.retriable
        # None of the batch is visible, all before it is.
        assert reader.status().tasks == number * 50
        assert reader.task(uuid_of(number * 50)) is None
        assert len(reader.workers()) == number

    assert store.apply(batch(number))
    assert not store.apply(batch(number))
    assert reader.status().tasks == (number + 1) * 50
    assert len(reader.workers()) == number + 1
    reader.close()
    store.close()
    for path in tmp_path.glob("*.db"):
        connection = apsw.Connection(str(path))
        assert connection.pragma("integrity_check") == "ok"
        connection.close()
