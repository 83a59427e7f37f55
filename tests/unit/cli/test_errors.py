"""`umbel errors` over a data directory."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.stories import failed, uuid_of
from umbel.cli.start import run
from umbel.errors import QueryError
from umbel.store.base import KeptGap
from umbel.store.opening import open_store

Umbel = Callable[..., tuple[int, str, str]]


@pytest.fixture
def umbel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Umbel:
    """Runs `umbel errors` over a history: three payments were declined within the last two hours
    and one two days ago, and a mail had no address."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    now = time.time()
    store = open_store(str(tmp_path / "data"), write=True)
    for number, ago_s in enumerate((600, 1_200, 7_000, 172_800), 1):
        store.apply(
            failed(uuid_of(number), now - ago_s, name="shop.pay", exception="Declined('no')")
        )
    store.apply(failed(uuid_of(9), now - 300, name="shop.mail", exception="KeyError('to')"))
    store.close()

    def errors(*arguments: str) -> tuple[int, str, str]:
        code = run(["errors", *arguments, "--data", str(tmp_path / "data")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return errors


def test_errors_of_a_day_are_listed_the_most_frequent_first(umbel: Umbel) -> None:
    code, out, err = umbel()
    head, first, second = (line.split("\t") for line in out.splitlines())

    assert (code, err) == (0, "")
    assert head == ["id", "count", "1h", "24h", "7d", "state", "last", "names", "error"]
    assert first[1:6] == ["3", "2", "3", "4", "open"]
    assert first[7:] == ["shop.pay", "Declined: no"]
    assert (second[1], second[8]) == ("1", "KeyError: <text>")


@pytest.mark.parametrize("since", ["7d", "-7d", "168h"])
def test_a_longer_time_is_asked_for_by_how_long_ago_it_began(umbel: Umbel, since: str) -> None:
    _, out, _ = umbel("--since", since)

    assert out.splitlines()[1].split("\t")[1] == "4"


def test_a_search_narrows_it_also_one_that_excludes(umbel: Umbel) -> None:
    assert "Declined" not in umbel("name:shop.mail")[1]
    assert "Declined" not in umbel("-name:shop.pay")[1]


def test_json_has_everything_one_error_a_line(umbel: Umbel) -> None:
    code, out, _ = umbel("--json", "--since", "1h")
    rows = [json.loads(line) for line in out.splitlines()]

    assert code == 0
    assert [(row["type"], row["count"]) for row in rows] == [("Declined", 2), ("KeyError", 1)]
    assert rows[0]["state"]["state"] == "open"
    assert sum(rows[0]["trend"]) == 2


def test_a_sheet_has_columns_for_people(umbel: Umbel) -> None:
    rows = list(csv.DictReader(io.StringIO(umbel("--csv")[1])))

    assert (rows[0]["type"], rows[0]["state"]) == ("Declined", "open")
    assert rows[0]["last"].endswith("Z")


def test_where_nothing_failed_it_says_so(umbel: Umbel) -> None:
    code, out, err = umbel("--since", "1m")

    assert (code, out) == (0, "")
    assert err == "No task that matches failed in this time.\n"


def test_where_there_are_more_it_says_so(umbel: Umbel) -> None:
    _, out, err = umbel("-n", "1")

    assert len(out.splitlines()) == 2
    assert "There are more" in err


@pytest.mark.parametrize("text", ["soon", "24", "", "1..2", "a,b"])
def test_what_is_no_time_is_refused_with_what_is(umbel: Umbel, text: str) -> None:
    code, out, err = umbel("--since", text)

    assert (code, out) == (2, "")
    assert "--since" in err


def test_what_is_no_search_is_refused(umbel: Umbel) -> None:
    code, _, err = umbel("state:FALIURE")

    assert code == 2
    assert "FAILURE" in err
    assert issubclass(QueryError, ValueError)


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv",)])
def test_what_nobody_saw_of_the_time_is_told_in_every_form(
    umbel: Umbel, tmp_path: Path, form: tuple[str, ...]
) -> None:
    now = time.time()
    store = open_store(str(tmp_path / "data"), write=True)
    store.keep_gaps([KeptGap(now - 700, now - 650, "collector-away", collector="c")])
    store.close()

    told = "In this time events of 50 s may be missing, since Umbel's collector did not run.\n"
    assert umbel(*form)[2] == told
    assert umbel(*form, "--since", "5m")[2] == ""
