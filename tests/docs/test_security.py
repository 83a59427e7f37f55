"""The page of security names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`(tests/[\w/]+\.py)`", PAGE))


def test_every_test_that_is_named_exists() -> None:
    assert NAMED
    assert sorted(name for name in NAMED if not (ROOT / name).is_file()) == []
