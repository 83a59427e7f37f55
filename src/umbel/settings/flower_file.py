"""`flowerconfig.py`, which is Python. Flower runs it. Umbel reads it: assignments at the top
level count (`port = 5555`, `basic_auth = [os.environ["FLOWER_LOGIN"]]`) whose value can be read
off the text (`expressions`), also below an `if` whose test can be. Everything else is told of by
its line and not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from umbel.errors import SettingsError
from umbel.settings.expressions import Scope, Unreadable
from umbel.settings.flower import (
    CONF,
    OPTIONS,
    GivenOption,
    Option,
    SettingsNotice,
    lost_options,
    no_option,
)
from umbel.settings.kinds import list_text

#: A larger file is no configuration.
_FILE_MAX: Final = 1_000_000
_WITHOUT_VALUES: Final = (
    ast.Import, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.AnnAssign, ast.Pass,
)  # fmt: skip


def from_file(
    path: Path, environ: Mapping[str, str]
) -> tuple[list[GivenOption], list[SettingsNotice]]:
    """Options in the file, and what is said of what could not be read. Raises
    `SettingsError` for a file that is no Python."""
    reading = _Reading(path, environ)
    reading.read(_parsed(path).body)
    return list(reading.found.values()), reading.notices


class _Reading:
    """One file, from its first statement to its last."""

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self._path = path
        self._scope = Scope(environ)
        self.found: dict[str, GivenOption] = {}
        self.notices: list[SettingsNotice] = []

    def read(self, body: Sequence[ast.stmt]) -> None:
        for node in body:
            branch = self._branch(node)
            if branch is not None:
                self.read(branch)
                continue
            if _may_assign(node):
                self.notices.append(_code(node, self._path))
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._scope.imported(node)
            assigned = list(_assigned(node))
            for name in _changed(node) - {name for name, _ in assigned}:
                self._scope.forget(name)
            for name, value in assigned:
                self._assign(name, value)

    def _branch(self, node: ast.stmt) -> Sequence[ast.stmt] | None:
        """What is done of an `if` whose test can be read."""
        if not isinstance(node, ast.If):
            return None
        try:
            return node.body if self._scope.value(node.test) else node.orelse
        except Unreadable:
            return None

    def _assign(self, name: str, node: ast.AST) -> None:
        """One assignment; a name that is nothing to Flower, such as `HOST`, may be used by
        others."""
        option, where = OPTIONS.get(name), f"{name} in {self._path}"
        text, missing = self._read(name, node)
        if option is not None and self._is_none(node):
            self._unset(option, where)
        elif option is not None and option.name == "format_task":
            self.found[name] = GivenOption(option, "code", where)
        elif option is None:
            if name.islower() and not name.startswith("_"):
                self.notices.append(no_option(name, where, list(OPTIONS)))
        elif text is None:
            self.found.pop(name, None)
            self.notices.append(_computed(option, f"{where} (line {_line(node)})", missing))
        else:
            self.found[name] = GivenOption(option, text, where)

    def _is_none(self, node: ast.AST) -> bool:
        try:
            return self._scope.value(node) is None
        except Unreadable:
            return False

    def _unset(self, option: Option, where: str) -> None:
        """None is Flower's word for what is not set: a switch is off then, and a login or socket
        that the environment names is not there."""
        self.found.pop(option.name, None)
        if option.switch or option.login or option.protects:
            text = "false" if option.switch else ""
            self.found[option.name] = GivenOption(option, text, where)

    def _read(self, name: str, node: ast.AST) -> tuple[str | None, str | None]:
        """The text of a value, None if it cannot be known, and then the environment variable
        that is missing, if it is for that."""
        try:
            value = self._scope.value(node)
        except Unreadable as error:
            self._scope.forget(name)
            return None, error.missing
        self._scope.give(name, value)
        return _text(value), None


def _changed(node: ast.stmt) -> set[str]:
    """The names that a statement may give another meaning."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    names = {each for each in ast.walk(node) if isinstance(each, ast.Name)}
    return {each.id for each in names if not isinstance(each.ctx, ast.Load)}


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
            return any(_meant(each) in {"*", *OPTIONS} for each in node.names)
        case ast.Expr():
            return not isinstance(node.value, ast.Constant)
        case _:
            return not isinstance(node, _WITHOUT_VALUES)


def _meant(alias: ast.alias) -> str:
    return alias.asname or alias.name


def _text(value: object) -> str | None:
    """The text of a value as it could stand in the environment; None of one that could not."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return list_text(str(each) for each in value)
    return str(value) if isinstance(value, str | int | float | bool) else None


def _line(node: ast.AST) -> int:
    line: int = getattr(node, "lineno", 0)
    return line


def _computed(option: Option, where: str, missing: str | None) -> SettingsNotice:
    """Of an option that kept people out, or values from being seen, it is a loss."""
    why = (
        f"reads the environment variable {missing}, which is not set; set it"
        if missing is not None
        else "is computed, and Umbel runs no code of that file; write its value there"
    )
    return lost_options(option.name, f"{where} {why}, or set {option.env}.", [option])


def _code(node: ast.stmt, path: Path) -> SettingsNotice:
    return lost_options(
        CONF.name,
        f"Line {node.lineno} of {path} is code, which Umbel does not run; options that it sets "
        "are not known here.",
        _set_by(node),
    )


def _set_by(node: ast.stmt) -> Iterator[Option]:
    """The options that a statement may set, as far as names in it tell; of one that may set any,
    those that open or show something if they are lost, and can be said to be off."""
    words: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                words.add(word)
            case ast.keyword(arg=str(word)):
                words.add(word)
            case ast.alias():
                words |= {each.name, each.asname or each.name}
            case ast.FunctionDef():
                words.add(each.name)
    may_be_any = bool(_ANY & words)
    for option in OPTIONS.values():
        if option.name in words or (may_be_any and (option.login or option.hides)):
            yield option
    if may_be_any:
        yield OPTIONS["read_only"]


#: Words with which a statement may set any option without its name.
_ANY: Final = frozenset({"*", "exec", "eval", "globals", "locals", "vars", "setattr"})
