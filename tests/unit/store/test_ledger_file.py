"""The ledger's file: who may read it, when it is made, and what happens when it cannot."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import apsw
import pytest

from umbel.errors import StoreError, StoreTooNew, StoreUnwritable
from umbel.store.ledger import Ledger, Token
from umbel.store.sqlite.files.migrations import migrate, scripts, version
from umbel.store.sqlite.files.paths import ledger_path
from umbel.store.sqlite.ledger import SqliteLedger


def token(name: str) -> Token:
    return Token(name=name, role="viewer", secret_hash="0123", created=1.0)  # noqa: S106


def names(ledger: Ledger) -> list[str]:
    return [each.name for each in ledger.tokens()]


def test_reading_makes_no_file(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "data")

    assert ledger.tokens() == ()
    assert ledger.audit().items == ()
    assert not (tmp_path / "data").exists()


def test_only_its_owner_may_read_any_of_its_files(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path)
    ledger.put_token(token("a"))

    files = list(tmp_path.glob("umbel-ledger.db*"))

    assert len(files) == 3
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    ledger.close()


def test_one_that_was_opened_before_the_file_was_made_reads_it(tmp_path: Path) -> None:
    reader, writer = SqliteLedger(tmp_path), SqliteLedger(tmp_path)
    assert names(reader) == []

    writer.put_token(token("a"))

    assert names(reader) == ["a"]
    reader.close()
    writer.close()


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    first = SqliteLedger(tmp_path)
    first.put_token(token("a"))
    first.close()

    assert names(SqliteLedger(tmp_path)) == ["a"]


def test_a_directory_that_cannot_be_made_is_told_by_those_who_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ledger = SqliteLedger(tmp_path / "file" / "data")

    with pytest.raises(StoreUnwritable, match=r"cannot use .*data.* .*Check that the directory"):
        ledger.put_token(token("a"))

    assert names(ledger) == []


def test_a_directory_that_vanished_is_made_again_instead_of_losing_what_is_written(
    tmp_path: Path,
) -> None:
    ledger = SqliteLedger(tmp_path / "data")
    ledger.put_token(token("a"))
    shutil.rmtree(tmp_path / "data")

    ledger.put_token(token("b"))

    assert names(ledger) == ["b"]
    assert names(SqliteLedger(tmp_path / "data")) == ["b"]
    ledger.close()


def test_the_audit_of_an_older_umbel_is_read_before_and_after_the_first_writing(
    tmp_path: Path,
) -> None:
    older = apsw.Connection(str(tmp_path / "umbel-ledger.db"))
    older.pragma("journal_mode", "wal")
    migrate(older, "ledger", scripts("ledger")[:1])
    older.execute(
        "INSERT INTO audit VALUES (NULL, 1, 'ada', '', 'cli', 'ping', 'Ping.', 'x', NULL, 2, "
        "'done', 'pong')"
    )
    older.close()

    ledger = SqliteLedger(tmp_path)
    (before,) = ledger.audit().items
    ledger.put_token(token("a"))
    (after,) = ledger.audit().items

    assert (before.actor, before.answer, before.number) == ("ada", "pong", 1)
    assert (before.reason, before.tasks) == (None, ())
    assert after == before
    ledger.close()


def test_a_file_of_a_newer_umbel_is_refused_and_left_alone(tmp_path: Path) -> None:
    first = SqliteLedger(tmp_path)
    first.put_token(token("a"))
    first.close()
    connection = apsw.Connection(str(tmp_path / "umbel-ledger.db"))
    connection.pragma("user_version", 99)

    ledger = SqliteLedger(tmp_path)
    with pytest.raises(StoreTooNew, match="newer Umbel"):
        ledger.put_token(token("b"))
    with pytest.raises(StoreTooNew, match="newer Umbel"):
        ledger.tokens()

    assert connection.execute("SELECT name FROM token").fetchall() == [("a",)]
    connection.close()


@pytest.mark.parametrize(
    "rubbish", [b"not a database" * 100, b"SQLite format 3\x00" + b"\xff" * 99]
)
def test_a_damaged_file_is_told(tmp_path: Path, rubbish: bytes) -> None:
    (tmp_path / "umbel-ledger.db").write_bytes(rubbish)
    ledger = SqliteLedger(tmp_path)

    with pytest.raises(StoreError, match="damaged"):
        ledger.tokens()
    with pytest.raises(StoreError, match="damaged"):
        ledger.put_token(token("a"))


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "umbel-ledger.db").touch()
    ledger = SqliteLedger(tmp_path)

    assert names(ledger) == []
    ledger.put_token(token("a"))
    assert names(ledger) == ["a"]
    ledger.close()


def test_a_closed_ledger_says_so(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path)
    ledger.put_token(token("a"))
    ledger.close()

    with pytest.raises(StoreError, match="is closed"):
        ledger.tokens()


def test_a_file_of_before_knows_nobody_as_logged_out_and_learns_to(tmp_path: Path) -> None:
    old = apsw.Connection(str(ledger_path(tmp_path)))
    migrate(old, "ledger", scripts("ledger")[:1])
    ledger = SqliteLedger(tmp_path)

    assert not ledger.has_ended("a")
    ledger.end_session("a", 100.0, now=1.0)

    assert ledger.has_ended("a")
    assert version(old) == len(scripts("ledger"))
    ledger.close()
    old.close()
