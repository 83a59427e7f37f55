"""docs/query-language.md: every example is understood, every field and mark is told of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from umbel.cluster.task import FLAGS, STATES
from umbel.errors import QueryError
from umbel.query.describe import describe
from umbel.query.fields import FIELDS
from umbel.query.lexer import TEXT_MAX
from umbel.query.orders import ORDERS
from umbel.query.parse import DEPTH_MAX, TERMS_MAX, parse

PAGE = (Path(__file__).parents[2] / "docs" / "query-language.md").read_text()


def blocks(kind: str) -> list[str]:
    """The lines of every fenced block of that kind."""
    found = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in found for line in block.splitlines()]


def inline() -> list[str]:
    """Every example in the first column of a table of the language itself."""
    cells = re.findall(r"^\| (`[^|]+`(?:, `[^|]+`)*) \| ", PAGE, re.MULTILINE)
    return [text for cell in cells for text in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize("text", [*blocks("query"), *inline()])
def test_every_example_is_understood(text: str) -> None:
    assert describe(parse(text))


@pytest.mark.parametrize("text", blocks("wrong"))
def test_every_wrong_example_is_refused(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text)


def test_the_first_example_has_the_sentence_that_is_shown() -> None:
    shown = re.search(r"^> (.*\n(?:> .*\n)*)", PAGE, re.MULTILINE)
    assert shown is not None

    assert " ".join(shown[1].replace("\n> ", "\n").split()) == describe(parse(blocks("query")[0]))


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_has_its_row(name: str) -> None:
    field = FIELDS[name]
    aliases = ", ".join(f"`{alias}`" for alias in field.aliases)

    assert f"| `{name}` | {aliases} | {field.kind} | {field.help} |" in PAGE


def test_every_state_mark_and_limit_is_told() -> None:
    assert all(f"`is:{flag}`" in PAGE for flag in FLAGS)
    assert all(state in PAGE for state in STATES)
    assert f"{TEXT_MAX:,} characters, {TERMS_MAX} terms and {DEPTH_MAX} levels" in PAGE


def test_the_api_tells_what_tasks_are_sorted_by() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith("| `order` |"))
    names = re.findall(r"`(\w+)`", row.partition(", with `-`")[0])

    assert tuple(names[1:]) == ORDERS
