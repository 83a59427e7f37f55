"""Where Flower's options are found: command line, `flowerconfig.py`, environment.

The file is Python, and Flower runs it. Umbel reads it: assignments of literals at the top
level count (`port = 5555`, `basic_auth = ["ana:secret"]`), everything else is told of by its
line and not run.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from umbel.broker.urls import mask
from umbel.errors import SettingsError
from umbel.settings.flower import CONF, OPTIONS, Given, Notice, Option, notice
from umbel.settings.kinds import Wrong
from umbel.settings.tree import SETTINGS

DEFAULT_FILE: Final = "flowerconfig.py"
#: A larger file is no configuration.
_FILE_MAX: Final = 1_000_000
#: What Kubernetes adds beside a service that is called `flower`.
_SERVICE_LINK: Final = re.compile(r"FLOWER_(SERVICE_(HOST|PORT)(_\w+)?|PORT_\d+_(TCP|UDP)(_\w+)?)")
_HARMLESS: Final = (
    ast.Import, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.AnnAssign, ast.Pass,
)  # fmt: skip
_OWN_FLAGS: Final = {entry.flag: entry for entry in SETTINGS}


# -- the command line ----------------------------------------------------------------------


def from_arguments(
    arguments: Sequence[str], *, beside: bool = True
) -> tuple[list[str], list[Given]]:
    """The arguments that are Umbel's, in their order, and the options of Flower among them:
    `--name=value` with underscores or hyphens, and switches alone. `beside` options of
    Umbel, what both know is left to it, unless only Flower writes it so: a switch with a
    value, milliseconds bare."""
    own: list[str] = []
    found: list[Given] = []
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            own += [argument, *rest]
            break
        given = None if beside and _is_ours(argument) else _given(argument, rest)
        if given is None:
            own.append(argument)
        else:
            found.append(given)
    return own, found


def _given(argument: str, rest: Iterator[str]) -> Given | None:
    written, equals, value = argument.partition("=")
    if not written.startswith("--"):
        return None
    name = written[2:].replace("-", "_")
    option = CONF if name == CONF.name else OPTIONS.get(name)
    if option is None or name == "unauthenticated_api":
        return None
    if not equals and not option.switch:
        value = next(rest, "")
        if not value:
            raise SettingsError(f"{written} needs a value.", setting=name)
    return Given(option, value if equals or not option.switch else "true", written)


def _is_ours(argument: str) -> bool:
    written, equals, value = argument.partition("=")
    entry = _OWN_FLAGS.get(written)
    if entry is None:
        return False
    if entry.kind.flag:
        return not equals
    return not (entry.name == "inspect_timeout" and re.fullmatch(r"[\d.]+", value))


# -- the environment -----------------------------------------------------------------------


def from_environment(environ: Mapping[str, str]) -> tuple[list[Given], list[Notice]]:
    """Options in `FLOWER_*`, and what is said of names that Flower does not have either."""
    found, notices = [], []
    for variable in sorted(environ):
        value = environ[variable]
        if not variable.startswith("FLOWER_") or not value or _from_service(variable, value):
            continue
        name = variable.removeprefix("FLOWER_").lower()
        option = CONF if name == CONF.name else OPTIONS.get(name)
        if option is not None:
            found.append(Given(option, value, variable))
        else:
            known = [each.env for each in OPTIONS.values()]
            notices.append(_unknown(variable, variable, known))
    return found, notices


def _from_service(variable: str, value: str) -> bool:
    if variable == "FLOWER_PORT":
        return value.startswith(("tcp://", "udp://"))
    return _SERVICE_LINK.fullmatch(variable) is not None


# -- the file ------------------------------------------------------------------------------


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
        return _unknown(name, where, list(OPTIONS)) if is_like_one else None
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


def _unknown(name: str, where: str, known: list[str]) -> Notice:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    advice = f" Did you mean {near[0]}?" if near else ""
    return Notice(name, f"{where} is no option of Flower and is passed over.{advice}")


# -- all of them ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What Flower was told: options on the command line, options elsewhere, each once and
    in the order of the table, and what is to be said."""

    line: tuple[Given, ...]
    elsewhere: tuple[Given, ...]
    notices: tuple[Notice, ...]


def told_of_flower(
    line: Sequence[Given], environ: Mapping[str, str], directory: Path, *, files: bool
) -> Told:
    """As Flower reads it: command line, then file, then environment. The file is the one
    that `conf` names, else `flowerconfig.py` in `directory` if it is there and `files` are
    read. Raises `SettingsError`."""
    variables, notices = from_environment(environ)
    path = _file([*line, *variables], directory, files=files)
    in_file, said = from_file(path) if path is not None else ([], [])
    here = {given.option.name: given for given in line}
    elsewhere = {given.option.name: given for given in (*variables, *in_file)}
    every = elsewhere | here
    notices += said
    notices += [
        found
        for option in OPTIONS.values()
        if option.setting is None and option.name in every
        if (found := notice(every[option.name])) is not None
    ]
    return Told(
        tuple(here[name] for name in OPTIONS if name in here),
        tuple(elsewhere[name] for name in OPTIONS if name in elsewhere and name not in here),
        tuple(notices),
    )


def _file(given: Sequence[Given], directory: Path, *, files: bool) -> Path | None:
    named = next((each for each in given if each.option is CONF), None)
    if named is not None:
        path = directory / Path(named.text).expanduser()
        if not path.is_file():
            raise SettingsError(
                f"The file {path} ({named.where}) does not exist.",
                setting="conf",
                remedy="Name an existing file, or leave it out.",
            )
        return path
    path = directory / DEFAULT_FILE
    return path if files and path.is_file() else None


def translated(given: Given) -> str | None:
    """The text of the setting that the option is; None if it sets nothing. Raises
    `SettingsError`."""
    if given.option.setting is None:
        return None
    try:
        return given.option.translate(given.text)
    except ValueError as error:
        shown = "what was given" if given.option.secret else repr(mask(given.text))
        detail = f": {error}" if isinstance(error, Wrong) else ""
        raise SettingsError(
            f"{given.where} cannot be {shown}{detail}.", setting=given.option.name
        ) from None
