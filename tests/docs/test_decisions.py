"""Decisions are numbered once, and each file is named after what it says first."""

from __future__ import annotations

import re
from pathlib import Path

DECISIONS = sorted((Path(__file__).resolve().parents[2] / "docs" / "decisions").glob("*.md"))


def test_every_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in DECISIONS]

    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name) for path in DECISIONS)
    assert len(numbers) == len(set(numbers))


def test_every_decision_begins_with_its_number() -> None:
    wrong = [
        path.name
        for path in DECISIONS
        if not path.read_text(encoding="utf-8").startswith(f"# {path.name[:4]} ")
    ]

    assert wrong == []
