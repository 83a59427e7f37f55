"""Names are the field's own nouns, one word means one thing, and modules say what they give."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from tests.architecture.sources import ROOT, modules

#: Words of our own that name nothing a reader would search for.
NO_NAMES = frozenset(
    [
        "told",
        "said",
        "says",
        "known",
        "way",
        "place",
        "places",
        "placed",
        "asked",
        "look",
        "need",
        "needed",
        "standing",
        "kept",
        "plain",
        "drain",
        "crew",
        "levers",
        "flights",
        "sieve",
        "duty",
        "moments",
        "visits",
        "recalling",
        "gathering",
        "choosing",
        "wording",
        "elements",
        "straight",
        "entrance",
        "seldom",
        "lane",
        "lanes",
        "disarm",
        "harmless",
        "household",
        "handover",
        "tally",
        "news",
        "wrong",
        "looked",
        "outgoing",
    ]
)
#: Of these not even a part of a name: `veiled_message`, `has_told`, `is_news`.
NO_PARTS = frozenset(
    [
        "told",
        "said",
        "says",
        "asked",
        "veiled",
        "news",
        "standing",
        "crew",
        "levers",
        "flights",
        "sieve",
        "duty",
        "moments",
        "visits",
        "recalling",
        "gathering",
        "choosing",
        "wording",
        "straight",
        "entrance",
        "seldom",
        "lane",
        "lanes",
        "disarm",
        "harmless",
        "household",
        "handover",
    ]
)
#: Names that stand in files on disk or in the API: (module, name).
SEEN_BY_USERS = frozenset(
    {
        ("umbel.services.control.types", "said"),  # an answer of a worker, in reports
        ("umbel.demo.shop.orders", "place"),  # the task shop.orders.place
        ("umbel.demo.shop.orders", "tally"),  # the task shop.orders.tally
    }
)
#: What a source of the browser's part declares: `function look(`, `const told =`.
DECLARED = re.compile(r"\b(?:function|const|let|class|interface|type) +(\w+)\b")
BROWSER_SOURCES = frozenset({".ts", ".svelte"})
#: Modules of the API's schemas, whose names users see: `Count` answers with a store's `Count`.
SCHEMAS = frozenset({"umbel.web.requests", "umbel.web.responses"})
#: `umbel.aio.Events` is `umbel.Events` for asyncio.
TWICE = frozenset({"Events"})


def defined(tree: ast.Module) -> Iterator[str]:
    """Names of classes, functions, arguments, attributes and constants that a module defines."""
    for statement in tree.body:
        targets = (
            [statement.target] if isinstance(statement, ast.AnnAssign)
            else statement.targets if isinstance(statement, ast.Assign) else []
        )  # fmt: skip
        yield from (each.id for each in targets if isinstance(each, ast.Name))
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
            yield from (
                each.target.id
                for each in node.body
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
            )
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def is_no_name(name: str) -> bool:
    parts = re.findall("[A-Z]?[a-z0-9]+|[A-Z]+", name)
    return name.strip("_").lower() in NO_NAMES or not NO_PARTS.isdisjoint(map(str.lower, parts))


def test_no_name_of_the_list_returns() -> None:
    found = {
        (module, name)
        for module, tree in modules()
        for name in (module.rpartition(".")[2], *defined(tree))
        if is_no_name(name)
    }

    assert found - SEEN_BY_USERS == set()


def test_no_file_of_the_pages_has_a_name_of_the_list() -> None:
    files = [path for path in (ROOT / "ui" / "src").rglob("*") if path.is_file()]

    assert files
    found = {path.name for path in files if is_no_name(path.name.split(".")[0])}
    assert found == set()


def test_nothing_that_the_pages_declare_has_a_name_of_the_list() -> None:
    sources = [path for path in (ROOT / "ui" / "src").rglob("*") if path.suffix in BROWSER_SOURCES]

    assert sources
    found = {
        (path.name, name)
        for path in sources
        for name in DECLARED.findall(path.read_text(encoding="utf-8"))
        if is_no_name(name)
    }
    assert found == set()


def test_files_of_the_pages_divide_words_alike() -> None:
    files = [path for path in (ROOT / "ui" / "src").rglob("*") if path.is_file()]

    assert {path.name for path in files if "-" in path.name} == set()


def test_a_public_class_has_a_name_of_its_own() -> None:
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for module, tree in modules():
        for node in tree.body if module not in SCHEMAS else ():
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(module)

    twice = {name: where for name, where in homes.items() if len(where) > 1}
    assert {name: where for name, where in twice.items() if name not in TWICE} == {}


def test_every_module_says_what_it_gives() -> None:
    assert [module for module, tree in modules() if not ast.get_docstring(tree)] == []
