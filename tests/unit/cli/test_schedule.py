"""`umbel schedule` over a data directory and an application of two entries."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from umbel.cli.start import run
from umbel.store.opening import open_store

Umbel = Callable[..., tuple[int, str, str]]
APP = """
from celery import Celery, schedules
app = Celery("timed", broker="memory://", backend="redis://")
app.conf.beat_schedule = {
    "nightly": {"task": "shop.report", "schedule": schedules.crontab("30", "2")},
    "often": {"task": "shop.tick", "schedule": 30.0},
}
"""


@pytest.fixture
def umbel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Umbel:
    """Runs `umbel schedule ...` over an empty history, with the application."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "timed_app.py").write_text(APP)
    monkeypatch.syspath_prepend(tmp_path)
    open_store(str(tmp_path / "data"), write=True).close()

    def command(*arguments: str) -> tuple[int, str, str]:
        given = ("schedule", *arguments, "--data", str(tmp_path / "data"), "-A", "timed_app")
        code = run([*given])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command


def test_entries_are_listed_in_words(umbel: Umbel) -> None:
    code, out, _ = umbel("list", "--sort", "name")

    head, nightly, often = (line.split("\t") for line in out.splitlines())
    assert (code, head[:2]) == (0, ["entry", "when"])
    assert nightly[:2] == ["nightly", "every day at 02:30"]
    assert often[:2] == ["often", "every 30 seconds"]
    assert umbel("list", "absent")[2].startswith("No entry of beat is known")


def test_one_is_shown_for_people_and_programs(umbel: Umbel) -> None:
    _, out, _ = umbel("show", "nightly")
    assert out.startswith("application:nightly: shop.report, every day at 02:30\n")
    assert out.count("\nnext ") == 10

    found = json.loads(umbel("show", "nightly", "--json")[1])
    assert found["row"]["written"] == "30 2 * * *"


def test_what_stands_in_code_is_not_changed(umbel: Umbel) -> None:
    code, _, err = umbel("disable", "often", "--dry-run")

    assert code == 3
    assert "changed in its code" in err
    assert "umbel schedule list those" in umbel("run", "gone")[2]
