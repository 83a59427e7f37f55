"""`task_log` and `umbel log` over a data directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.contract.stories import BASE, succeeded, uuid_of
from tests.contract.test_store_logs import told
from umbel import Events, task_log
from umbel.cli.commands import commands
from umbel.store.sqlite import SqliteStore


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    store = SqliteStore(tmp_path, write=True)
    store.apply(
        [
            *succeeded(uuid_of(1), BASE),
            told(1, 1, "again", retries=1),
            told(1, 9, "nine\nof it", left_out=5),
            told(1, 1, "one\x1b[31m", "two"),
            *succeeded(uuid_of(2), BASE),
        ]
    )
    store.close()
    return tmp_path


def test_a_log_is_in_the_order_in_which_it_was_written(directory: Path) -> None:
    with Events(directory=directory) as events:
        found = task_log(events, uuid_of(1))
        empty = task_log(events, uuid_of(2))
        unknown = task_log(events, uuid_of(3))
        with pytest.raises(ValueError, match="empty"):
            task_log(events, "")

    assert found is not None
    assert empty is not None
    assert [(line.number, line.text) for part in found.parts for line in part.lines] == [
        (1, "one\x1b[31m"), (2, "two"), (9, "nine\nof it"), (1, "again"),
    ]  # fmt: skip
    assert [(run.retries, run.left_out, run.missing) for run in found.runs] == [
        (0, 5, 1),
        (1, 0, 0),
    ]
    assert (empty.parts, empty.are_sent, unknown) == ((), True, None)


def umbel(directory: Path, *arguments: str) -> tuple[str, str]:
    answer = CliRunner().invoke(commands, [*arguments, "--data", str(directory)])
    assert answer.exit_code == 0, answer.output
    return answer.stdout, answer.stderr


def test_a_log_is_printed_run_by_run_with_what_is_missing(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("umbel.cli.log._AGAIN_S", 0)
    shown, missing = umbel(directory, "log", uuid_of(1), "--follow")
    _, nothing = umbel(directory, "log", uuid_of(2))
    rows, _ = umbel(directory, "log", uuid_of(1), "--json")

    lines = shown.splitlines()
    assert lines[0].startswith("-- Attempt 1, ")
    assert lines[1].endswith("INFO     one\\x1b[31m")
    assert lines[4] == "  of it"
    assert lines[5].startswith("-- Attempt 2, ")
    assert missing.splitlines() == [
        "5 lines left out by the worker.",
        "1 line missing: not heard, or too many.",
    ]
    assert nothing == "No line of this task was sent.\n"
    assert json.loads(rows.splitlines()[0])["level"] == "INFO"
