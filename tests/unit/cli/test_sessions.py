"""`umbel sessions`."""

from __future__ import annotations

import getpass
import json
import time
from pathlib import Path

import pytest

from umbel.cli.start import run
from umbel.store.ledger import LoginSession
from umbel.store.sqlite.ledger import SqliteLedger

TOKENS = b"\x01sealed-tokens"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with two sessions of Ann, by a provider, and one of Otto, by a password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return filled(tmp_path / "data")


def filled(directory: Path) -> Path:
    ledger = SqliteLedger(directory)
    now = time.time()
    people = [("a1", "okta:ann", "okta"), ("a2", "okta:ann", "okta"), ("o1", "otto", "password")]
    for number, (id_, user, provider) in enumerate(people):
        ledger.keep_session(
            LoginSession(
                id=id_,
                user=user,
                provider=provider,
                began=now + number,
                expires=now + 3_600,
                seen=now,
                address="192.0.2.7",
                client="Firefox\x1b[31m",
                tokens=TOKENS,
            )
        )
    ledger.close()
    return directory


def lasting(data: Path) -> list[str]:
    ledger = SqliteLedger(data)
    found = [each.id for each in ledger.sessions(time.time())]
    ledger.close()
    return found


def test_sessions_are_listed_the_newest_first_without_what_is_secret(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    assert run(["sessions", "list", "--data", str(data)]) == 0

    listed = capsys.readouterr().out
    assert [line.split("\t")[0] for line in listed.splitlines()[-3:]] == ["o1", "a2", "a1"]
    assert "okta:ann\tokta" in listed
    assert "sealed" not in listed
    assert "\x1b" not in listed

    assert run(["sessions", "list", "--user", "otto", "--data", str(data)]) == 0
    assert "okta:ann" not in capsys.readouterr().out


def test_programs_read_sessions_as_json_without_what_is_secret(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["sessions", "list", "--json", "--user", "otto", "--data", str(data)]) == 0
    row = json.loads(capsys.readouterr().out)

    assert (row["id"], row["provider"]) == ("o1", "password")
    assert {"tokens", "claims", "rights"}.isdisjoint(row)


def test_one_session_is_ended_by_its_id_and_the_audit_says_who_did_it(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    assert run(["sessions", "end", "a1", "--data", str(data)]) == 0

    assert "A session of okta:ann ended." in capsys.readouterr().err
    assert lasting(data) == ["o1", "a2"]
    ledger = SqliteLedger(data)
    assert ledger.has_ended("a1", "okta:ann")
    (line,) = ledger.audit().items
    assert (line.actor, line.via, line.action, line.target) == (
        getpass.getuser(), "cli", "logout", "a session of okta:ann",
    )  # fmt: skip
    ledger.close()


def test_all_sessions_of_a_person_end_at_once(
    capsys: pytest.CaptureFixture[str], data: Path
) -> None:
    assert run(["sessions", "end", "--user", "okta:ann", "--data", str(data)]) == 0

    assert "2 sessions of okta:ann ended." in capsys.readouterr().err
    assert lasting(data) == ["o1"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["zz"], "There is no session with the id zz in "),
        (["--user", "eve"], "There is no session of eve in "),
        ([], "Name one session by its ID, or a person with --user."),
        (["a1", "--user", "otto"], "Name one session by its ID, or a person with --user."),
    ],
)
def test_what_cannot_be_ended_is_a_sentence_and_ends_nothing(
    capsys: pytest.CaptureFixture[str], data: Path, asked: list[str], sentence: str
) -> None:
    assert run(["sessions", "end", *asked, "--data", str(data)]) != 0

    assert sentence in capsys.readouterr().err
    assert len(lasting(data)) == 3


def test_a_session_ends_in_the_ledger_of_every_cluster(data: Path, tmp_path: Path) -> None:
    for name in ("shop", "mail"):
        filled(data / name)
    clusters = '[clusters.shop]\nbroker = "memory://"\n[clusters.mail]\nbroker = "memory://"\n'
    (tmp_path / "umbel.toml").write_text(clusters)

    assert run(["sessions", "end", "--user", "otto", "--data", str(data)]) == 0

    assert [lasting(data / name) for name in ("shop", "mail")] == [["a2", "a1"]] * 2


def test_who_named_a_server_reads_where_sessions_were_looked_for_instead(
    capsys: pytest.CaptureFixture[str], data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UMBEL_SERVER", "https://umbel.example.com")
    empty = data / "elsewhere"

    for command in (["sessions"], ["token"], ["second-factor"]):
        assert run([*command, "list", "--data", str(empty)]) == 0
        told = capsys.readouterr()
        assert told.out == ""
        assert f"in {empty}; UMBEL_SERVER is not looked at." in told.err

    assert run(["sessions", "end", "--user", "ann", "--data", str(empty)]) == 1
    assert "UMBEL_SERVER is not looked at" in capsys.readouterr().err
