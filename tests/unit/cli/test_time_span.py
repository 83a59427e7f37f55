"""The span of time of a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from umbel.cli.start import run
from umbel.store.opening import open_store


@pytest.mark.parametrize(
    ("span", "why"),
    [
        (("--since", "2h", "--until", "3h"), "--since must lie before --until"),
        (("--since", "2999-01-01"), "--since must lie before now"),
    ],
)
@pytest.mark.parametrize("command", ["names", "errors", "deploys", "workers"])
def test_a_span_that_holds_nothing_is_a_mistake_and_no_empty_list(
    command: str, span: tuple[str, ...], why: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    open_store(tmp_path, write=True).close()

    code = run([command, *span, "--data", str(tmp_path), "--config", "none"])

    printed = capsys.readouterr()
    assert (code, printed.out) == (2, "")
    assert why in printed.err
