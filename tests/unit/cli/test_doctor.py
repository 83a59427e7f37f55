"""`umbel doctor`: its forms, and by which exit codes scripts hear what it found."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.api.world import collector
from umbel.cli.start import run
from umbel.clock import SystemClock
from umbel.store.opening import open_store


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A history whose collector cannot write."""
    now = SystemClock().now()
    with closing(open_store(tmp_path, write=True)) as store:
        store.report(collector(started=now - 60, at=now, connected_since=now - 60, trouble="No."))
    return tmp_path


def ended(command: str, history: Path, *options: str) -> int:
    """The exit code."""
    return run([command, "--data", str(history), "-b", "memory://", "--config", "none", *options])


def test_a_report_of_a_fault_ends_as_the_fault_does(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("doctor", history, "--report") == 1
    assert "## Fault: Broker" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ((), "No broker is named here"),
        (("-A", "gone.application"), "gone.application cannot be imported"),
    ],
)
@pytest.mark.parametrize("form", ["--all", "--report"])
def test_what_can_be_looked_at_is_where_the_broker_is_not_known(
    where: tuple[str, ...], why: str, form: str, history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy of a history alone, and a server whose application is broken: the doctor is what
    one turns to then."""
    run(["doctor", "--data", str(history), "--config", "none", form, *where])

    printed = capsys.readouterr()
    assert printed.err == ""
    assert why in printed.out
    assert "Disk: 0 tasks" in printed.out


@pytest.mark.parametrize(
    ("command", "forms"),
    [("doctor", ("--json", "--report")), ("settings", ("--json", "--markdown"))],
)
def test_of_two_forms_none_is_left_out_silently(
    command: str, forms: tuple[str, str], history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(command, history, *forms) == 2
    assert f"Either {forms[0]} or {forms[1]}." in capsys.readouterr().err
