"""What modules say they export is what they have."""

from __future__ import annotations

import ast
import importlib
import inspect

import umbel.errors
from tests.architecture.sources import modules


def test_every_exported_name_exists_and_is_sorted() -> None:
    for name, tree in modules():
        if "__all__" not in {target for node in tree.body for target in _targets(node)}:
            continue
        exported = importlib.import_module(name).__all__
        assert len(exported) == len(set(exported)), name
        for each in exported:
            assert hasattr(importlib.import_module(name), each), f"{name}.{each}"


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = [
        line.strip(" │├└─").split()[0]
        for line in (umbel.errors.__doc__ or "").splitlines()
        if line.startswith("    ") and line.strip(" │├└─")
    ]

    defined = [
        name
        for name, found in inspect.getmembers(umbel.errors, inspect.isclass)
        if found.__module__ == "umbel.errors"
    ]

    assert sorted(drawn) == sorted(defined)


def test_every_error_of_ours_descends_from_one() -> None:
    for name in vars(umbel.errors):
        found = getattr(umbel.errors, name)
        if inspect.isclass(found):
            assert issubclass(found, umbel.errors.UmbelError), name


def test_every_module_says_what_it_is() -> None:
    silent = [name for name, tree in modules() if tree.body and ast.get_docstring(tree) is None]

    assert silent == []


def _targets(node: ast.stmt) -> set[str]:
    if not isinstance(node, ast.Assign):
        return set()
    return {target.id for target in node.targets if isinstance(target, ast.Name)}
