"""`umbel status`, in a sentence for people and by exit codes for scripts."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.api.world import collector
from tests.contract.stories import begun, heartbeat, uuid_of
from umbel.cli.start import run
from umbel.cli.status import samples_lines
from umbel.clock import SystemClock
from umbel.services.samples.sampling import Sampling
from umbel.store.opening import open_store


def told(capsys: pytest.CaptureFixture[str], directory: Path, **status: object) -> tuple[int, str]:
    """What it says of a history whose collector reports so."""
    now = SystemClock().now()
    with closing(open_store(directory, write=True)) as store:
        store.apply([*begun(uuid_of(1), now - 9), heartbeat("w@h", now, processed=3)])
        store.report(collector(started=now - 60, at=now, connected_since=now - 60, **status))
    code = run(["status", "--data", str(directory), "--config", "none"])
    return code, capsys.readouterr().out


def test_a_live_history(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = told(capsys, tmp_path)

    assert code == 0
    assert text.startswith("live: What you see is live.\nhistory: 1 tasks")


def test_workers_that_tell_of_nothing_are_named_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, text = told(capsys, tmp_path, mute={"w@h": SystemClock().now()})

    assert code == 4
    assert text.startswith("partial\n  warning: w@h runs tasks and tells of none (3 so far)")
    assert "-E" in text


@pytest.mark.parametrize("trouble", ["The disk is full.\n\x1b[31mred"])
def test_a_history_that_stands_still(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], trouble: str
) -> None:
    code, text = told(capsys, tmp_path, trouble=trouble)

    assert code == 1
    assert text.startswith("blind\n  error: The disk is full.")
    assert "\x1b" not in text


@pytest.mark.parametrize(("sampling", "lines"), [
    (None, []),
    (Sampling(period_s=10.0), []),
    (Sampling(period_s=10.0, elsewhere=True), []),
    (Sampling(period_s=10.0, at=1.0, took_s=0.0123, queues=21, workers=1_200),
     ["samples: every 10 s of 21 queues and 1,200 workers, in 12 ms"]),
    (Sampling(period_s=10.0, at=1.0, took_s=0.1, trouble="The broker does not answer."),
     ["samples: The broker does not answer."]),
])  # fmt: skip
def test_samples_are_told_where_they_are_taken(sampling: Sampling | None, lines: list[str]) -> None:
    assert samples_lines(sampling) == lines
