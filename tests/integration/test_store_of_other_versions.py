"""A history that was written beside one set of versions is read and carried on beside another."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.answers import everything
from tests.faults.store_writer import PARTITION_TASKS, batch
from tests.support.history import assert_files_are_sound
from umbel.query.ast import EVERYTHING, Words
from umbel.store.memory import MemoryStore
from umbel.store.sqlite import SqliteStore

pytestmark = pytest.mark.versions(brief=True)

#: The Python whose Umbel writes; scripts/versions-test.sh gives that of another set.
WRITER = os.environ.get("UMBEL_TEST_WRITER", sys.executable)


def written(directory: Path, batches: int) -> int:
    """Let another process write at least `batches`; the last that it reported."""
    command = [WRITER, "-m", "tests.faults.store_writer", str(directory), "0"]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    with writer:
        assert writer.stdout is not None
        for _ in range(batches):
            last = writer.stdout.readline()
        writer.terminate()
        later = writer.stdout.read().split()
    return int(later[-1] if later else last)


def test_a_history_of_other_versions_is_read_and_carried_on(tmp_path: Path) -> None:
    last = written(tmp_path, 30)
    whole = MemoryStore(partition_tasks=PARTITION_TASKS)
    for number in range(last + 1):
        whole.apply(batch(number))

    with contextlib.closing(SqliteStore(tmp_path, write=False)) as store:
        # Of the batch after it a part may be there too.
        assert everything(store).keys() >= everything(whole).keys()
        assert store.search(Words("of 1"), now=0.0).items
    with contextlib.closing(
        SqliteStore(tmp_path, write=True, partition_tasks=PARTITION_TASKS)
    ) as store:
        for number in range(last, last + 10):
            store.apply(batch(number))
            whole.apply(batch(number))
        assert everything(store) == everything(whole)
        counts = store.count(EVERYTHING, now=0.0, by="state").groups
        assert counts == whole.count(EVERYTHING, now=0.0, by="state").groups
    assert_files_are_sound(tmp_path)
