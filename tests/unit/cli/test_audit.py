"""`umbel audit`: what it says where nothing is listed."""

from __future__ import annotations

from pathlib import Path

import pytest

from umbel.cli.start import run
from umbel.store.ledger import AuditEntry
from umbel.store.opening import open_store
from umbel.store.sqlite.ledger import SqliteLedger


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    open_store(str(tmp_path / "data"), write=True).close()
    return tmp_path / "data"


def said(capsys: pytest.CaptureFixture[str], data: Path, *filters: str) -> str:
    """What it says beside the lines."""
    assert run(["audit", "--data", str(data), *filters]) == 0
    return capsys.readouterr().err


def test_a_filter_that_nothing_fits_is_not_said_to_mean_that_nothing_was_done(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    ledger = SqliteLedger(data)
    line = AuditEntry(at=1.0, actor="ana", address="", via="api", action="purge", target="mail")

    assert "Nothing was done yet." in said(capsys, data)
    ledger.record(line)

    assert "Nothing like this was done." in said(capsys, data, "--actor", "bo")
    assert "Nothing like this was done." in said(capsys, data, "--action", "revoke")
    assert "Nothing" not in said(capsys, data, "--actor", "ana")
