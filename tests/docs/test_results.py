"""The page of measured results says what was measured."""

from __future__ import annotations

from pathlib import Path

from bench import report

PAGE = Path(__file__).parents[2] / "bench" / "RESULTS.md"


def test_the_page_is_written_from_the_kept_parts() -> None:
    assert PAGE.read_text() == report.page(report.kept())
