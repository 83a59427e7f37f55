"""How files are opened to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from umbel.store.sqlite.files.migrations import Kind
from umbel.store.sqlite.files.paths import open_writer

#: SQLite's numbers for what a commit waits for.
NORMAL, FULL = 1, 2


@pytest.mark.parametrize(
    ("kind", "synchronous"), [("tasks", FULL), ("meta", FULL), ("text", NORMAL)]
)
def test_what_cannot_be_made_anew_is_on_the_disk_when_it_is_committed(
    tmp_path: Path, kind: Kind, synchronous: int
) -> None:
    connection = open_writer(tmp_path / "file", kind)

    assert connection.pragma("synchronous") == synchronous
    connection.close()
