"""`umbel second-factor`."""

from __future__ import annotations

import getpass
import json
import time
from pathlib import Path

import pytest

from umbel.cli.start import run
from umbel.store.ledger import SecondFactor
from umbel.store.sqlite.ledger import SqliteLedger

SECRET = b"k" * 20


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory, in which Ann has a second factor and Bob has begun."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return filled(tmp_path / "data")


def filled(directory: Path) -> Path:
    ledger = SqliteLedger(directory)
    ann = SecondFactor(user="ann", secret=SECRET, since=time.time(), recovery=("h1", "h2"))
    for factor in (ann, SecondFactor(user="bob", secret=SECRET)):
        ledger.keep_second_factor(factor, instead_of=None)
    ledger.close()
    return directory


def test_who_has_one_is_listed_without_its_secret(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    assert run(["second-factor", "list", "--data", str(data)]) == 0

    listed = capsys.readouterr().out
    assert listed.splitlines()[-1].startswith("ann\t")
    assert listed.splitlines()[-1].endswith("\t2")
    assert "bob" not in listed
    assert SECRET.decode() not in listed

    assert run(["second-factor", "list", "--json", "--data", str(data)]) == 0
    row = json.loads(capsys.readouterr().out)
    assert (row["name"], row["recovery_left"], sorted(row)) == (
        "ann", 2, ["name", "recovery_left", "since"],
    )  # fmt: skip


def test_a_reset_turns_it_off_and_the_audit_says_who_did_it(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    assert run(["second-factor", "reset", "ann", "--data", str(data)]) == 0

    assert "The second factor of ann is off." in capsys.readouterr().err
    ledger = SqliteLedger(data)
    assert ledger.second_factor("ann") is None
    (line,) = ledger.audit().items
    assert (line.actor, line.via, line.action, line.target) == (
        getpass.getuser(), "cli", "second-factor", "that of ann was reset",
    )  # fmt: skip


def test_who_has_none_cannot_be_reset(capsys: pytest.CaptureFixture[str], data: Path) -> None:
    assert run(["second-factor", "reset", "eve", "--data", str(data)]) == 1

    assert f"eve has no second factor in {data}." in capsys.readouterr().err


def test_with_several_clusters_a_reset_holds_in_each(data: Path) -> None:
    for cluster in ("shop", "mail"):
        filled(data / cluster)
    Path("umbel.toml").write_text(
        f"data = '{data}'\n[clusters.shop]\nbroker = 'memory://a'\n"
        "[clusters.mail]\nbroker = 'memory://b'\n"
    )

    assert run(["second-factor", "reset", "ann"]) == 0

    for cluster in ("shop", "mail"):
        assert SqliteLedger(data / cluster).second_factor("ann") is None
