"""`umbel names` over a data directory."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.contract.stories import failed, succeeded, uuid_of
from umbel.cli.start import run
from umbel.store.base import KeptGap
from umbel.store.opening import open_store

Umbel = Callable[..., tuple[int, str, str]]


@pytest.fixture
def umbel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Umbel:
    """Runs `umbel names`: within the last hour 30 mails of 2 s and a failed payment, in the hour
    before 30 mails of half a second."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    now = time.time()
    store = open_store(str(tmp_path / "data"), write=True)
    store.apply(succeeded(uuid_of(1), now - 10_000, name="shop.old"))
    for number in range(30):
        at = now - 6_900 + 100 * number
        store.apply(succeeded(uuid_of(100 + number), at, name="shop.mail", runtime=0.5))
        store.apply(succeeded(uuid_of(200 + number), at + 3_600, name="shop.mail", runtime=2.0))
    store.apply(failed(uuid_of(2), now - 300, name="shop.pay"))
    store.close()

    def names(*arguments: str) -> tuple[int, str, str]:
        code = run(["names", *arguments, "--data", str(tmp_path / "data")])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return names


def test_names_of_the_last_hour_have_their_numbers_and_what_changed(umbel: Umbel) -> None:
    code, out, err = umbel()
    head, mail, pay = (line.split("\t") for line in out.splitlines())

    assert (code, err) == (0, "")
    assert head == ["name", "count", "failed", "rate", "wait p95", "run p95", "changed"]
    assert mail[:4] == ["shop.mail", "30", "0", "0.0%"]
    assert mail[6].startswith("runtime ")
    assert mail[6].endswith(f" ms to {mail[5]}")
    assert pay[:4] == ["shop.pay", "1", "1", "100.0%"]


def test_they_are_sorted_narrowed_and_told_to_programs(umbel: Umbel) -> None:
    _, failing, _ = umbel("--sort", "failing", "--json")
    _, narrowed, _ = umbel("name:shop.pay", "--csv")

    assert json.loads(failing.splitlines()[0])["name"] == "shop.pay"
    assert [row[0] for row in csv.reader(io.StringIO(narrowed))] == ["name", "shop.pay"]


def test_the_time_to_compare_with_is_chosen(umbel: Umbel, tmp_path: Path) -> None:
    code, out, err = umbel("--against", "last-deploy")
    assert (code, err) == (0, "No deploy before this time is known.\n")
    assert out.splitlines()[1].split("\t")[6] == ""

    run(["deploy", "5.7", "--at", "1h", "--data", str(tmp_path / "data")])
    _, out, err = umbel("--against", "last-deploy")
    assert "Deploy of 5.7" in err
    assert out.splitlines()[-2].split("\t")[6].startswith("runtime ")


def test_no_name_is_said(umbel: Umbel) -> None:
    code, out, err = umbel("name:nobody")

    assert (code, out) == (0, "")
    assert "No task that matches ran in this time." in err


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
