"""`flowerconfig.py`, which is Python. Flower runs it. Umbel reads it: assignments of literals
at the top level count (`port = 5555`, `basic_auth = ["ana:secret"]`), everything else is told
of by its line and not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from umbel.errors import SettingsError
from umbel.settings.flower import CONF, OPTIONS, Given, Notice, Option, no_option

#: A larger file is no configuration.
_FILE_MAX: Final = 1_000_000
_HARMLESS: Final = (
    ast.Import, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.AnnAssign, ast.Pass,
)  # fmt: skip


def from_file(path: Path) -> tuple[list[Given], list[Notice]]:
    """Options in the file, and what is said of what could not be read. Raises
    `SettingsError` for a file that is no Python."""
    found: dict[str, Given] = {}
    notices = []
    for node in _parsed(path).body:
        if _may_assign(node):
            notices.append(_code(node, path))
        for name, value in _assigned(node):
            read = _read(name, value, path)
            if isinstance(read, Given):
                found[name] = read
            elif read is not None:
                notices.append(read)
    return list(found.values()), notices


def _read(name: str, value: ast.AST, path: Path) -> Given | Notice | None:
    """One assignment; None for a name that is nothing to Flower, such as `HOST`."""
    option, where = OPTIONS.get(name), f"{name} in {path}"
    if option is None:
        is_like_one = name.islower() and not name.startswith("_")
        return no_option(name, where, list(OPTIONS)) if is_like_one else None
    text = "code" if option.name == "format_task" else _literal(value)
    return _computed(option, where) if text is None else Given(option, text, where)


def _parsed(path: Path) -> ast.Module:
    try:
        if path.stat().st_size > _FILE_MAX:
            raise SettingsError(f"{path} is too large to be a configuration of Flower.")
        return ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", setting="conf") from None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) else ""
        raise SettingsError(f"{path} is not Python{line}.", setting="conf") from None


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """The names that a statement gives a value, a function's among them if it is an
    option."""
    if isinstance(node, ast.Assign):
        names = [target for target in node.targets if isinstance(target, ast.Name)]
        yield from ((target.id, node.value) for target in names)
    elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
        yield node.target.id, node.value
    elif isinstance(node, ast.FunctionDef) and node.name in OPTIONS:
        yield node.name, node


def _may_assign(node: ast.stmt) -> bool:
    """Whether running this could set options in a way that `_assigned` does not see."""
    match node:
        case ast.Assign():
            return any(isinstance(target, ast.Tuple | ast.List) for target in node.targets)
        case ast.ImportFrom():
            return any(each.name == "*" or each.name in OPTIONS for each in node.names)
        case ast.Expr():
            return not isinstance(node.value, ast.Constant)
        case _:
            return not isinstance(node, _HARMLESS)


def _literal(node: ast.AST) -> str | None:
    """The text of a literal as it could stand in the environment; None of anything else."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return ",".join(str(each) for each in value)
    return str(value) if isinstance(value, str | int | float | bool) else None


def _computed(option: Option, where: str) -> Notice:
    """Who cannot be asked for a name because of it is told as a lost login."""
    return Notice(
        option.name,
        f"{where} is computed, and Umbel runs no code of that file; write its value there, or "
        f"set {option.env}.",
        login=option.login or option.name == "basic_auth",
    )


def _code(node: ast.stmt, path: Path) -> Notice:
    return Notice(
        CONF.name,
        f"Line {node.lineno} of {path} is code, which Umbel does not run; options that it sets "
        "are not known here.",
    )
