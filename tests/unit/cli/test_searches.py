"""`umbel searches`, and `umbel tasks --saved`, on a directory of one's own."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.stories import shop
from umbel.cli.start import run
from umbel.store.opening import open_store


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with closing(open_store(tmp_path / "umbel", write=True)) as store:
        store.apply(shop())
    return tmp_path / "umbel"


def ended(directory: Path, *arguments: str) -> int:
    return run([*arguments, "--data", str(directory), "--config", "none"])


def test_a_search_is_saved_listed_and_deleted(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(directory, "searches", "save", "Failures", "state:FAILURE", "-name:x") == 0
    assert ended(directory, "searches", "list", "--json") == 0
    said = capsys.readouterr()
    row = json.loads(said.out)
    assert (row["name"], row["q"], row["shared"]) == ("Failures", "state:FAILURE  -name:x", False)
    assert said.err == "Saved Failures for you.\n"

    assert ended(directory, "searches", "delete", "Failures") == 0
    assert ended(directory, "searches", "list") == 0
    assert "No search is saved yet." in capsys.readouterr().err


def test_a_search_is_replaced_only_when_that_is_asked_for(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(directory, "searches", "save", "Failures", "state:FAILURE", "--shared")

    assert ended(directory, "searches", "save", "Failures", "state:RETRY") != 0
    assert "Choose another name" in capsys.readouterr().err
    assert ended(directory, "searches", "save", "Failures", "state:RETRY", "--replace") == 0
    ended(directory, "searches", "list", "--csv", "-c", "q,shared")
    assert capsys.readouterr().out.splitlines() == ['"q","shared"', '"state:RETRY","True"']


def test_tasks_of_a_saved_search_are_listed_and_narrowed(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended(directory, "searches", "save", "Done", "state:SUCCESS OR state:FAILURE", "-o", "name")
    capsys.readouterr()

    ended(directory, "tasks", "--saved", "Done", "-c", "state", "--csv")
    found = capsys.readouterr().out.splitlines()[1:]
    ended(directory, "tasks", "--saved", "Done", "state:FAILURE", "-c", "state", "--csv")
    narrowed = capsys.readouterr().out.splitlines()[1:]

    assert set(found) == {'"SUCCESS"', '"FAILURE"'}
    assert set(narrowed) == {'"FAILURE"'}


def test_a_wrong_name_and_a_wrong_search_say_what_to_do(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(directory, "tasks", "--saved", "Nothing") != 0
    assert "umbel searches list" in capsys.readouterr().err
    assert ended(directory, "searches", "save", "x", "state:FAILED") != 0
    assert "Did you mean FAILURE?" in capsys.readouterr().err
