"""Each promise is proved by tests and figures that are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
RESULTS = (ROOT / "bench" / "RESULTS.md").read_text(encoding="utf-8")

#: What Umbel promises; each has a section.
PROMISES = ["Truth", "Durable", "Bounded", "Harmless", "Safe", "Fast", "Drop-in"]
ROWS = [line for line in PAGE.splitlines() if re.match(r"\| (?!promise )", line)]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FIGURE = re.compile(r'figure "([^"]+)"')


@cache
def functions(path: str) -> frozenset[str]:
    """The names of the functions that a file defines at its top; none if there is no file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(each.name for each in tree.body if isinstance(each, kinds))


def test_each_promise_has_its_section_and_each_section_its_lines() -> None:
    sections = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]

    assert [each.splitlines()[0] for each in sections] == PROMISES
    assert [each.splitlines()[0] for each in sections if "\n| " not in each] == []


def test_no_promise_is_without_a_proof() -> None:
    assert [row for row in ROWS if not TEST.search(row) and not FIGURE.search(row)] == []


def test_every_test_that_is_named_exists() -> None:
    named = TEST.findall(PAGE)

    assert [f"{path}::{name}" for path, name in named if name not in functions(path)] == []


def test_every_figure_that_is_named_was_measured() -> None:
    measured = {line.split("|")[1] for line in RESULTS.splitlines() if line.startswith("|")}

    assert [name for name in FIGURE.findall(PAGE) if name not in measured] == []
