"""docs/flower.md tells of everything that Flower has, and of nothing that is not there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import umbel
from tests.api.flower.comparison import OTHER_PAGES
from tests.api.flower.steps import PAGES
from umbel.settings.flower import CONF, LOGIN_VARIABLES, OPTIONS, VARIABLES
from umbel.web.flower.page_addresses import page_addresses
from umbel.web.flower.routes import FLOWER_ROUTES
from umbel.web.http.path_routes import EncodedSlashRoute

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "flower.md").read_text(encoding="utf-8")
WORDS = ("same", "better", "refused")
#: Of the pages that Flower itself names in its urls.py, those that are ours by the same address.
OURS_TOO = {"/", "/workers", "/login"}


class Row(NamedTuple):
    """A line of a table: the names of its first cell, its word, and what it says."""

    names: tuple[str, ...]
    word: str
    says: str


def rows(title: str) -> Iterator[Row]:
    """The table below a heading (or a line in bold) of the guide."""
    section = re.split(rf"^(?:## |\*\*){title}(?:\*\*)?$", GUIDE, flags=re.MULTILINE)[1]
    section = re.split(r"^## |^\*\*", section, flags=re.MULTILINE)[0]
    for line in section.splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
            yield Row(tuple(re.findall(r"`([^`]+)`", cells[0])), cells[1], " ".join(cells[2:]))


TABLES = (
    "Starting it", "Options", "Variables", "The addresses of its pages", "The API",
    "Names in Python", "The package flower", "Metrics",
)  # fmt: skip


@pytest.mark.parametrize("title", TABLES)
def test_whatever_flower_has_is_the_same_better_or_refused_with_a_reason(title: str) -> None:
    found = list(rows(title))

    assert found
    for row in found:
        assert row.word in WORDS, row
        assert row.word != "refused" or len(row.says) > 5, row
    names = [name for row in found for name in row.names]
    assert len(names) == len(set(names))


def test_every_option_has_a_line_that_tells_what_the_settings_do() -> None:
    found = {name: row.word for row in rows("Options") for name in row.names}

    assert found.keys() == {*OPTIONS, CONF.name}
    for option in OPTIONS.values():
        wanted = {"same", "better"} if option.setting else {"better", "refused"}
        assert found[option.name] in wanted, option.name
        if option.login and not option.setting:
            assert found[option.name] == "refused"


def test_every_variable_beside_the_options_has_a_line() -> None:
    found = {name: row.word for row in rows("Variables") for name in row.names}

    beside = {name for name in found if name.removeprefix("FLOWER_").lower() not in OPTIONS}
    assert beside == {*VARIABLES, *LOGIN_VARIABLES}


def test_every_address_of_a_page_has_a_line() -> None:
    async def nothing(*_: object) -> None:
        """Shows no page."""

    found = {name: row.word for row in rows("The addresses of its pages") for name in row.names}
    found = {name: word for name, word in found.items() if name.startswith("/")}

    routes = page_addresses(nothing)
    paths = {route.path for route in routes if isinstance(route, EncodedSlashRoute)}
    assert len(paths) == len(routes)
    served = {re.sub(r"\{[\w:]+\}", "{}", path) for path in paths}
    assert {re.sub(r"\{\w+\}", "{}", name) for name in found} == served | OURS_TOO
    refused = {name for name, word in found.items() if word == "refused"}
    assert refused == {"/static/{file}", "/tasks/datatable"}
    gone = {step.path for step in PAGES if OTHER_PAGES.get(step.name) == 404}
    assert gone == {"/static/js/flower.js", "/tasks/datatable"}


def test_the_guide_lists_every_route_and_no_other() -> None:
    listed = [row.names[0].split() for row in rows("The API")]

    told = {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path in listed}
    served = {(route.method, route.path.replace("{target}", "{}")) for route in FLOWER_ROUTES}
    assert told == served | {("GET", "/workers?json=1")}


def test_the_guide_lists_every_metric() -> None:
    family = ROOT / "src" / "umbel" / "web" / "metrics" / "flower_family.py"
    made = re.findall(r'(\w+)\("(flower_\w+)", "(\w+)', family.read_text(encoding="utf-8"))
    found = {name for row in rows("Metrics") for name in row.names if name.startswith("flower_")}

    counters = {name for _, name, kind in made if kind == "counter"}
    histograms = {name for made_as, name, _ in made if made_as == "Histogram"}
    plain = {name for _, name, _ in made} - counters
    assert counters
    assert histograms
    assert found == {
        *plain,
        *(f"{name}_total" for name in counters),
        *(f"{name}_created" for name in counters | histograms),
    }


def test_the_names_in_python_are_there() -> None:
    found = {name for row in rows("Names in Python") for name in row.names}

    assert found <= {*umbel.__all__}


def test_every_module_of_the_package_has_a_line() -> None:
    source = ROOT / "compat" / "src"
    inner = {"flower", "flower.api", "flower.opened", "flower.serving", "flower.unserved"}
    files = [path.relative_to(source).with_suffix("") for path in source.rglob("*.py")]
    modules = {".".join(path.parts).removesuffix(".__init__") for path in files}

    found = {name for row in rows("The package flower") for name in row.names}

    assert found == modules - inner
