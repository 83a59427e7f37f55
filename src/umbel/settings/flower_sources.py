"""Where Flower's options are found: command line, environment, and a file (`flower_file`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from umbel.broker.urls import mask
from umbel.errors import SettingsError
from umbel.settings.flower import CONF, OPTIONS, Given, Notice, no_option, notice
from umbel.settings.flower_file import from_file
from umbel.settings.kinds import Wrong
from umbel.settings.service_links import is_service_link
from umbel.settings.tree import SETTINGS

DEFAULT_FILE: Final = "flowerconfig.py"
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
        is_ours = variable.startswith("FLOWER_") and value
        if not is_ours or is_service_link("FLOWER", variable, value):
            continue
        name = variable.removeprefix("FLOWER_").lower()
        option = CONF if name == CONF.name else OPTIONS.get(name)
        if option is not None:
            found.append(Given(option, value, variable))
        else:
            known = [each.env for each in OPTIONS.values()]
            notices.append(no_option(variable, variable, known))
    return found, notices


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
    in_file, said = from_file(path, environ) if path is not None else ([], [])
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
