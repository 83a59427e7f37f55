"""What lies in a data directory, held against what should."""

from __future__ import annotations

import contextlib
from pathlib import Path

import apsw
import msgspec

from tests.support.waiting import wait_until
from umbel.cluster.task import Task
from umbel.store.sqlite import SqliteStore


def wait_until_all_is_stored(directory: Path, expected: dict[str, Task]) -> None:
    """Until each task is stored exactly as its events say, and nothing else is."""
    missing = set(expected)
    with contextlib.closing(SqliteStore(directory, write=False)) as store:

        def told(uuid: str) -> Task | None:
            """The stored task but for the moment at which it was stored."""
            task = store.task(uuid)
            return None if task is None else msgspec.structs.replace(task, changed=None)

        def all_equal() -> bool:
            missing.difference_update({u for u in missing if told(u) == expected[u]})
            return not missing

        # A task that stays missing or wrong is shown with its difference.
        with contextlib.suppress(AssertionError):
            wait_until(all_equal, timeout_s=90)
        for uuid in sorted(missing):
            assert told(uuid) == expected[uuid]
        assert store.status().tasks == len(expected)


def assert_files_are_sound(directory: Path) -> None:
    """Every database of the directory passes SQLite's own check. Nothing may write to it."""
    databases = sorted(directory.rglob("*.db"))
    assert databases
    for path in databases:
        with contextlib.closing(apsw.Connection(str(path))) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
