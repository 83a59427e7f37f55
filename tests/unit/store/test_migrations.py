"""Files of every age become files of today."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import apsw
import pytest

from tests.contract.stories import shop
from umbel.errors import StoreTooNew
from umbel.store.sqlite import SqliteStore
from umbel.store.sqlite.files.migrations import Kind, migrate, scripts, version

KINDS: tuple[Kind, ...] = get_args(Kind)


def schema(connection: apsw.Connection) -> list[tuple[object, ...]]:
    return connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_migrated_step_by_step_equals_a_fresh_one(kind: Kind) -> None:
    fresh, aged = apsw.Connection(":memory:"), apsw.Connection(":memory:")
    migrate(fresh, kind)

    for number in range(1, len(scripts(kind)) + 1):
        migrate(aged, kind, scripts(kind)[:number])
        assert version(aged) == number

    assert schema(aged) == schema(fresh)
    assert version(aged) == version(fresh) == len(scripts(kind))


def test_a_later_migration_runs_once_and_keeps_what_is_there() -> None:
    connection = apsw.Connection(":memory:")
    first = "CREATE TABLE a (x); INSERT INTO a VALUES (1);"
    second = "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = 2;"
    migrate(connection, "meta", (first,))

    migrate(connection, "meta", (first, second))
    migrate(connection, "meta", (first, second))

    assert connection.execute("SELECT * FROM a").fetchall() == [(1, 2)]


def test_a_migration_that_fails_leaves_the_file_as_it_was() -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection, "meta", ("CREATE TABLE a (x)",))

    with pytest.raises(apsw.SQLError):
        migrate(connection, "meta", ("", "CREATE TABLE b (x); CREATE TABLE a (x)"))

    assert version(connection) == 1
    assert [row[1] for row in schema(connection)] == ["a"]


@pytest.mark.parametrize("file", ["umbel.db", "tasks-000001.db"])
@pytest.mark.parametrize("write", [True, False])
def test_a_file_of_a_newer_umbel_is_refused_and_left_alone(
    tmp_path: Path, file: str, write: bool
) -> None:
    store = SqliteStore(tmp_path, write=True)
    store.apply(shop())
    store.close()
    connection = apsw.Connection(str(tmp_path / file))
    connection.pragma("user_version", 99)
    connection.close()

    with pytest.raises(StoreTooNew, match="newer Umbel"):
        reading(SqliteStore(tmp_path, write=write))

    connection = apsw.Connection(str(tmp_path / file))
    assert version(connection) == 99
    connection.close()


def reading(store: SqliteStore) -> None:
    """A question that touches every file."""
    try:
        store.status()
    finally:
        store.close()
