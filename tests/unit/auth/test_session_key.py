"""The key of browser sessions: one for all servers that share a ledger."""

from __future__ import annotations

import secrets
from contextlib import closing
from pathlib import Path

import pytest

from umbel.auth.session_key import session_key
from umbel.errors import StoreCorrupt
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.sqlite.ledger import SqliteLedger

OLD = bytes(range(32))


def key_in(directory: Path) -> bytes:
    with closing(SqliteLedger(directory)) as ledger:
        return session_key(ledger)


def test_each_ledger_has_a_key_of_its_own() -> None:
    ledger = MemoryLedger()

    assert len(session_key(ledger)) == 32
    assert session_key(ledger) == session_key(ledger)
    assert session_key(ledger) != session_key(MemoryLedger())


def test_the_key_outlives_the_server(tmp_path: Path) -> None:
    assert key_in(tmp_path) == key_in(tmp_path)
    assert not (tmp_path / "session.key").exists()


def test_the_key_file_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "session.key").write_bytes(OLD)

    assert key_in(tmp_path) == OLD

    assert not (tmp_path / "session.key").exists()
    assert key_in(tmp_path) == OLD


def test_a_key_file_that_somebody_puts_there_ends_all_sessions(tmp_path: Path) -> None:
    before = key_in(tmp_path)
    new = secrets.token_bytes(32)

    (tmp_path / "session.key").write_bytes(new)

    assert key_in(tmp_path) == new != before
    assert key_in(tmp_path) == new


@pytest.mark.parametrize("content", [b"", b"half", b"k" * 33])
def test_a_file_that_is_no_key_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "session.key").write_bytes(content)

    with pytest.raises(StoreCorrupt, match=r"session\.key") as refused:
        key_in(tmp_path)

    assert "Remove the file" in (refused.value.remedy or "")
