"""A history of many files takes little of what a process has for each."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.stories import BASE, begun, succeeded, uuid_of
from umbel.query.ast import EVERYTHING
from umbel.store.sqlite import SqliteStore

FILES = 70
#: Handles of a file of tasks: itself, its WAL and that one's index.
HANDLES = 3


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A history of `FILES` files, each with one task that runs."""
    with closing(SqliteStore(tmp_path, write=True, partition_tasks=1, index=False)) as store:
        for number in range(FILES):
            store.apply(begun(uuid_of(number), BASE + number))
    assert len(list(tmp_path.glob("tasks-*.db"))) >= FILES
    return tmp_path


def open_files(directory: Path) -> int:
    files = Path("/proc/self/fd")
    if not files.exists():
        pytest.skip("this system does not tell which files are open")
    found = 0
    for file in files.iterdir():
        try:
            found += file.readlink().is_relative_to(directory)
        except OSError:  # that of this very look
            continue
    return found


def test_whoever_reads_keeps_some_files_open(directory: Path) -> None:
    before = open_files(directory)
    with closing(SqliteStore(directory, write=False)) as store:
        for _ in range(2):
            page = store.search(EVERYTHING, now=BASE + 1_000, limit=500, budget_s=60)
            assert len(page.items) == FILES

        assert open_files(directory) - before <= 48 * HANDLES + 10


def test_the_end_of_an_old_task_is_written_where_it_stands(directory: Path) -> None:
    with closing(SqliteStore(directory, write=True, partition_tasks=1, index=False)) as store:
        store.apply(succeeded(uuid_of(0), BASE))
        store.apply(succeeded(uuid_of(1), BASE + 1))

    with closing(SqliteStore(directory, write=False)) as store:
        found = store.count(EVERYTHING, now=BASE + 1_000, by="state", budget_s=60)
        assert found.groups == {"SUCCESS": 2, "STARTED": FILES - 2}
