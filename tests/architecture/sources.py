"""The package's own source, as trees."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "umbel"


@functools.cache
def modules() -> tuple[tuple[str, ast.Module], ...]:
    """Every module by its dotted name, with its tree."""
    return tuple(
        (_dotted(path), ast.parse(path.read_text(encoding="utf-8"), str(path)))
        for path in sorted(PACKAGE.rglob("*.py"))
    )


def _dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def imports(tree: ast.AST) -> tuple[str, ...]:
    """Dotted names of what is imported anywhere in the tree, with the names taken from
    packages (`from umbel.store import base` is `umbel.store.base`)."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(found)
