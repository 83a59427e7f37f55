"""`umbel deploy` and `umbel deploys` over a data directory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from umbel.cli.start import run
from umbel.store.opening import open_store

Umbel = Callable[..., tuple[int, str, str]]


@pytest.fixture
def umbel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Umbel:
    """Runs a command of `umbel` over an empty history."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    open_store(str(tmp_path / "data"), write=True).close()

    def command(*arguments: str) -> tuple[int, str, str]:
        code = run([*arguments, "--data", str(tmp_path / "data")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_a_deploy_is_announced_listed_and_taken_back(umbel: Umbel) -> None:
    code, out, _ = umbel("deploy", "5.7", "--note", "hotfix", "--at", "10m")
    assert code == 0
    assert out.startswith("Deploy of 5.7 at ")
    deploy_id = out.split()[-1].rstrip(".")

    _, out, _ = umbel("deploys")
    head, line = (line.split("\t") for line in out.splitlines())
    assert head == ["at", "id", "title", "by", "changes"]
    assert line[1:3] == [deploy_id, "Deploy of 5.7"]
    assert line[4] == "hotfix"

    assert umbel("deploy", "--remove", deploy_id)[0] == 0
    code, out, err = umbel("deploys")
    assert (code, out) == (0, "")
    assert err == "No deploy of this time is known.\n"


def test_programs_get_deploys_as_json_and_csv(umbel: Umbel) -> None:
    umbel("deploy", "5.6", "--at", "2d")
    umbel("deploy", "5.7")

    _, out, _ = umbel("deploys", "--json")
    assert [json.loads(line)["version"] for line in out.splitlines()] == ["5.7", "5.6"]
    _, out, _ = umbel("deploys", "--csv", "--since", "1h")
    (row,) = csv.DictReader(io.StringIO(out))
    assert (row["version"], row["kinds"]) == ("5.7", "announced")


@pytest.mark.parametrize("wrong", [[], ["5.7", "--remove", "x"], [" "]])
def test_a_deploy_takes_a_version_or_an_id(umbel: Umbel, wrong: list[str]) -> None:
    code, _, err = umbel("deploy", *wrong)

    assert code == 2
    assert "Give either the version that was deployed, or --remove ID." in err


def test_taking_back_what_is_not_known_says_where_to_look(umbel: Umbel) -> None:
    code, _, err = umbel("deploy", "--remove", "abc")

    assert code == 1
    assert "umbel deploys list those that there are" in err
