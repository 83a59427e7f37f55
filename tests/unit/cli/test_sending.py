"""Options of what is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from umbel.cli.start import run
from umbel.store.opening import open_store


@pytest.mark.parametrize(
    "options",
    [("--expires", "-5"), ("--queue", ""), ("--id", ""), ("--countdown", "nan")],
)
def test_an_option_that_no_task_can_have_is_a_mistake_of_the_command(
    options: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_store(tmp_path, write=True).close()
    here = ["--data", str(tmp_path), "-b", "memory://", "--config", "none"]

    assert run(["send", "shop.charge", *options, *here]) == 2
    assert capsys.readouterr().err.startswith("umbel: ")
