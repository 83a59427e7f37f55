"""`kill -9` in the middle of a migration: the file is as before or as after it, and the next start
ends the work."""

from __future__ import annotations

import signal
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.support.history import assert_files_are_sound
from tests.support.older_store import TASKS
from umbel.query.ast import EVERYTHING
from umbel.store.sqlite import SqliteStore

STORE = Path("tests/fixtures/store/0.1.0.tar.gz").absolute()
#: Opens a store of an earlier version to write, and is killed before a statement of it that changes
#: something, which one the caller says. Ends well if there are not so many.
OPENER = """
import itertools, os, signal, sys
from pathlib import Path
import apsw
from umbel.store.sqlite import SqliteStore
count, fatal = itertools.count(1), int(sys.argv[2])
def trace(cursor, sql, bindings):
    changes = not sql.lstrip().upper().startswith(("SELECT", "WITH"))
    if changes and next(count) == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return True
apsw.connection_hooks.append(lambda connection: connection.set_exec_trace(trace))
SqliteStore(Path(sys.argv[1]), write=True).close()
print(next(count))
"""
#: Into so many parts the statements are divided, at each of which one is killed.
PARTS = 12


def opened(directory: Path, fatal: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", OPENER, str(directory), str(fatal)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def older(tmp_path: Path) -> Path:
    return unpacked(tmp_path)


def unpacked(folder: Path) -> Path:
    with tarfile.open(STORE) as archive:
        archive.extractall(folder, filter="data")
    return folder / "data"


def test_a_migration_that_was_killed_anywhere_is_ended_by_the_next_start(
    older: Path, tmp_path: Path
) -> None:
    whole = opened(unpacked(tmp_path / "whole"), 0)
    assert whole.returncode == 0, whole.stderr
    statements = int(whole.stdout)

    kills = 0
    for part in range(PARTS):
        done = opened(older, 1 + statements * part // PARTS)

        assert done.returncode in {-signal.SIGKILL, 0}, done.stderr
        kills += done.returncode != 0
        assert_files_are_sound(older)
    assert kills > PARTS // 2
    with closing(SqliteStore(older, write=True)) as store:
        store.apply(succeeded(uuid_of(99_999), BASE))
        found = store.search(EVERYTHING, now=BASE, limit=1_000)
        assert len(found.items) == TASKS + 1
        assert store.status().damaged == ()
