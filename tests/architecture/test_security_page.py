"""docs/security.md tells of every test that tries what is promised, and of none that is not."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def named() -> set[str]:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    return set(re.findall(r"`(tests/[\w/]+\.py)`", page))


def test_every_test_of_security_stands_in_the_table() -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "tests/security").glob("test_*.py")}

    assert there - named() == set(), "Add a row to docs/security.md."


def test_every_test_in_the_table_is_there() -> None:
    assert {name for name in named() if not (ROOT / name).is_file()} == set()
