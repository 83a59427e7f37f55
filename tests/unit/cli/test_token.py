"""`umbel token` and `umbel password`."""

from __future__ import annotations

import getpass
import io
import json
import re
import time
from pathlib import Path

import pytest

from umbel.auth.passwords import parse_password
from umbel.auth.tokens import Tokens
from umbel.cli.start import run
from umbel.store.sqlite.ledger import SqliteLedger

TOKEN = re.compile(r"umbel_[a-z0-9-]+_[0-9a-f]{64}\n")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A data directory that does not exist yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return str(tmp_path / "data")


def made(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The token that `umbel token create` prints, and nothing else."""
    assert run(["token", "create", *arguments]) == 0
    printed = capsys.readouterr().out
    assert TOKEN.fullmatch(printed)
    return printed.strip()


def test_a_token_is_shown_once_and_opens_the_door(
    capsys: pytest.CaptureFixture[str], data: str
) -> None:
    token = made(capsys, "--data", data, "--role", "operator", "--name", "ci")

    identity = Tokens(SqliteLedger(Path(data))).identify(token, time.time())
    assert identity is not None
    assert (identity.name, identity.role) == ("token:ci", "operator")
    assert run(["token", "list", "--data", data]) == 0
    listed = capsys.readouterr().out
    assert "ci\toperator" in listed
    assert "never" in listed
    assert token.rpartition("_")[2] not in listed


def test_programs_read_tokens_as_json_without_their_secrets(
    capsys: pytest.CaptureFixture[str], data: str
) -> None:
    token = made(capsys, "--data", data, "--name", "ci", "--expires", "30d", "--tasks", "shop.*")

    assert run(["token", "list", "--json", "--data", data]) == 0
    printed = capsys.readouterr().out
    row = json.loads(printed)

    assert (row["name"], row["role"], row["names"]) == ("ci", "viewer", ["shop.*"])
    assert row["expires"] == pytest.approx(row["created"] + 30 * 86_400)
    assert "hash" not in printed
    assert token.rpartition("_")[2] not in printed


def test_a_token_that_was_not_named_gets_a_name_and_the_least_role(
    capsys: pytest.CaptureFixture[str], data: str
) -> None:
    assert made(capsys, "--data", data).startswith("umbel_viewer-1_")
    assert made(capsys, "--data", data).startswith("umbel_viewer-2_")


def test_a_token_expires_when_it_was_told_to(capsys: pytest.CaptureFixture[str], data: str) -> None:
    token = made(capsys, "--data", data, "--expires", "30d")

    tokens = Tokens(SqliteLedger(Path(data)))
    assert tokens.identify(token, time.time() + 29 * 86400) is not None
    assert tokens.identify(token, time.time() + 31 * 86400) is None


def test_a_revoked_token_is_gone(capsys: pytest.CaptureFixture[str], data: str) -> None:
    token = made(capsys, "--data", data, "--name", "ci")

    assert run(["token", "revoke", "ci", "--data", data]) == 0

    assert Tokens(SqliteLedger(Path(data))).identify(token, time.time()) is None
    assert run(["token", "revoke", "ci", "--data", data]) == 1
    assert f"There is no token ci in {data}." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--role", "root"], "viewer"),
        (["--name", "A_B"], "such as ci-deploy"),
        (["--expires", "30"], "it has no unit"),
        (["--expires", "1s"], "it is below 1min"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str], data: str, arguments: list[str], says: str
) -> None:
    assert run(["token", "create", "--data", data, *arguments]) == 2

    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err


def test_a_name_that_is_taken_is_told(capsys: pytest.CaptureFixture[str], data: str) -> None:
    made(capsys, "--data", data, "--name", "ci")

    assert run(["token", "create", "--data", data, "--name", "ci"]) == 1
    assert "ci" in capsys.readouterr().err


def test_a_token_for_some_tasks_says_so_and_who_made_it(
    capsys: pytest.CaptureFixture[str], data: str
) -> None:
    token = made(
        capsys, "--data", data, "--role", "operator", "--name", "ci", "--tasks", "billing.*",
        "--tasks", "shop.pay", "--queues", "slow",
    )  # fmt: skip

    identity = Tokens(SqliteLedger(Path(data))).identify(token, time.time())
    assert identity is not None
    assert identity.role == "viewer"
    assert [(each.role, each.name, each.queue) for each in identity.bounded] == [
        ("operator", "billing.*", "slow"),
        ("operator", "shop.pay", "slow"),
    ]
    assert run(["token", "list", "--data", data]) == 0
    (row,) = capsys.readouterr().out.splitlines()[-1:]
    assert "tasks billing.*, shop.pay in queues slow" in row
    assert row.endswith(getpass.getuser())


def test_tokens_made_and_revoked_by_command_stand_in_the_audit(
    capsys: pytest.CaptureFixture[str], data: str
) -> None:
    token = made(capsys, "--data", data, "--name", "ci", "--queues", "slow")
    run(["token", "revoke", "ci", "--data", data])

    revoked, created = SqliteLedger(Path(data)).audit().items
    assert (created.action, created.target) == (
        "create-token", "the token ci, a viewer in queues slow",
    )  # fmt: skip
    assert (revoked.action, revoked.target, revoked.outcome) == (
        "revoke-token", "the token ci", "done",
    )  # fmt: skip
    assert (created.actor, created.via) == (getpass.getuser(), "cli")
    assert token.rpartition("_")[2] not in repr((revoked, created))


def test_one_token_is_good_in_each_cluster_that_is_named(
    capsys: pytest.CaptureFixture[str], data: str
) -> None:
    Path("umbel.toml").write_text(
        f"data = '{data}'\n[clusters.shop]\nbroker = 'memory://a'\n"
        "[clusters.mail]\nbroker = 'memory://b'\n[clusters.other]\nbroker = 'memory://c'\n"
    )
    both = ("--cluster", "shop", "--cluster", "mail")

    token = made(capsys, "--name", "ci", *both)

    def opens() -> list[bool]:
        names = ("shop", "mail", "other")
        ledgers = [SqliteLedger(Path(data) / name) for name in names]
        return [Tokens(each).identify(token, time.time()) is not None for each in ledgers]

    assert opens() == [True, True, False]
    assert run(["token", "list", *both]) == 0
    listed = capsys.readouterr().out
    assert "shop\tci" in listed
    assert "mail\tci" in listed
    assert run(["token", "create", "--name", "ci", "--cluster", "other", *both]) == 1
    assert opens() == [True, True, False]
    assert run(["token", "create"]) == 2  # which of them?
    assert run(["token", "revoke", "ci", *both]) == 0
    assert opens() == [False, False, False]


def test_the_hash_of_a_password_is_printed_for_the_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))

    assert run(["password"]) == 0

    printed = capsys.readouterr().out.strip()
    assert parse_password(printed).verify("secret")


def test_an_empty_password_is_refused(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    assert run(["password"]) == 2
    assert "The password is empty." in capsys.readouterr().err
