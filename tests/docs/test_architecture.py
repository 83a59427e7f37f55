"""The page on the architecture names what there is."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.test_layers import LAYERS
from tests.docs.markdown import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = ROOT / "src" / "umbel"
#: A module or folder of the package, as the page writes it.
PLACE = re.compile(r"`((?:[a-z_]+/)+|(?:[a-z_]+/)*[a-z_]+\.py)`")

#: The table that tells where something is done: (question, file, name).
WHERE_IS = re.findall(r"^\| ([^|]+) \| `([a-z_/]+\.py)` \| `(\w+)` \|$", PAGE, re.MULTILINE)
#: Files of the browser's part, as the page writes them.
IN_THE_BROWSER = re.compile(r"`(ui/src/[\w/.-]+)`")


@pytest.mark.parametrize(("question", "path", "name"), WHERE_IS)
def test_what_is_looked_for_is_defined_where_the_page_says(
    question: str, path: str, name: str
) -> None:
    tree = ast.parse((PACKAGE / path).read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}

    assert name in defined, question


def test_the_page_tells_of_much() -> None:
    assert len(WHERE_IS) >= 80


def test_every_file_of_the_browsers_part_that_is_named_is_there() -> None:
    named = set(IN_THE_BROWSER.findall(PAGE))

    assert len(named) >= 12
    assert {each for each in named if not (ROOT / each).exists()} == set()


def test_every_place_that_is_named_is_there() -> None:
    homes = (PACKAGE, PACKAGE / "services", PACKAGE / "web", PACKAGE / "store", ROOT)
    named = set(PLACE.findall(PAGE))

    assert named
    assert {each for each in named if not any((home / each).exists() for home in homes)} == set()


def test_every_layer_is_in_the_table() -> None:
    firsts = [line.split(" | ")[0] for line in PAGE.splitlines() if line.startswith("| `")]
    table = {each for first in firsts for each in PLACE.findall(first)}
    layers = {prefix.partition(".")[2] for part in LAYERS for prefix in part} - {""}
    there = {f"{name}/" for name in layers if (PACKAGE / name).is_dir()}
    there |= {f"{name}.py" for name in layers if (PACKAGE / f"{name}.py").is_file()}

    assert there <= table
