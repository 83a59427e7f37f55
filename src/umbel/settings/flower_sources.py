"""Where Flower's options are found: command line, environment, and a file (`flower_file`)."""

from __future__ import annotations

import difflib
import re
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from umbel.errors import SettingsError
from umbel.secret_scrubbing import scrub
from umbel.settings.flower import (
    CONF,
    LOGIN_OPTIONS,
    LOGIN_VARIABLES,
    OPTIONS,
    VARIABLES,
    GivenOption,
    SettingsNotice,
    no_option,
    notice,
    passed_over,
    variable_notice,
)
from umbel.settings.flower_file import from_file
from umbel.settings.flower_login import LoginOptions
from umbel.settings.kinds import ALIKE
from umbel.settings.service_links import is_service_link
from umbel.settings.tree import SETTINGS
from umbel.settings.trust import check_found, is_named_file, is_there
from umbel.settings.units import InvalidValue

DEFAULT_FILE: Final = "flowerconfig.py"
_OWN_FLAGS: Final = {entry.flag: entry for entry in SETTINGS}
_SHORT: Final = frozenset(entry.short for entry in SETTINGS if entry.short)
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+]*://")


# -- the command line ----------------------------------------------------------------------


def from_arguments(
    arguments: Sequence[str], *, beside: bool = True, forgiving: bool = False
) -> tuple[list[str], list[GivenOption]]:
    """The arguments that are Umbel's, in their order, and the options of Flower among them:
    `--name=value` with underscores or hyphens, and switches alone. `beside` options of
    Umbel, what both know is left to it, unless only Flower writes it so: a switch with a
    value, milliseconds bare; `-l` is Celery's, and an argument that is an address is the
    broker's. `forgiving`: options that are near none of all these are passed over, as Flower
    does, and told."""
    own: list[str] = []
    found: list[GivenOption] = []
    rest = deque(arguments)
    while rest:
        argument = rest.popleft()
        if forgiving and argument.lstrip().startswith("-"):
            argument = argument.lstrip()  # command: [" --port=5555"] in a compose file
        if argument == "--":
            own += [argument, *rest]
            break
        if beside and _is_ours(argument):
            own.append(argument)
            if _takes_the_next(argument) and rest:
                own.append(rest.popleft())
            continue
        given = _given(_in_long(argument), rest)
        if given is not None:
            found.append(given)
        elif beside and _ADDRESS.match(argument):
            own += ["--broker", argument]
        elif forgiving and _is_foreign(argument):
            found.append(passed_over(argument))
            if "=" not in argument and rest and _is_value(rest[0]):
                rest.popleft()
        else:
            own.append(argument)
    return own, found


def _in_long(argument: str) -> str:
    """`-l info` and `-linfo` as Celery's commands take them."""
    if argument.startswith("-l"):
        return "--loglevel" + (f"={argument[2:]}" if len(argument) > 2 else "")
    return argument


def _is_foreign(argument: str) -> bool:
    """Whether an option is near none that there is, so that it is no misspelt one."""
    if not argument.startswith("-"):
        return False
    if argument in {"-h", "--help"}:
        return False
    written = argument.partition("=")[0].lstrip("-").replace("_", "-")
    known = [flag[2:] for flag in _OWN_FLAGS] + [name.replace("_", "-") for name in OPTIONS]
    return not difflib.get_close_matches(written, known, n=1, cutoff=ALIKE)


def _is_value(argument: str) -> bool:
    return not argument.startswith("-") and not _ADDRESS.match(argument)


def _given(argument: str, rest: deque[str]) -> GivenOption | None:
    written, equals, value = argument.partition("=")
    if not written.startswith("--"):
        return None
    name = written[2:].replace("-", "_")
    option = CONF if name == CONF.name else OPTIONS.get(name)
    if option is None or name == "unauthenticated_api":
        return None
    if not equals and not option.switch:
        value = rest.popleft() if rest else ""
        if not value:
            raise SettingsError(f"{written} needs a value.", setting=name)
    return GivenOption(option, value if equals or not option.switch else "true", written)


def _is_ours(argument: str) -> bool:
    written, equals, value = argument.partition("=")
    if argument[:2] in _SHORT:
        return True
    entry = _OWN_FLAGS.get(written)
    if entry is None:
        return False
    if entry.kind.flag:
        return not equals
    return not (entry.name == "inspect_timeout" and re.fullmatch(r"[\d.]+", value))


def _takes_the_next(argument: str) -> bool:
    """Whether the value of an option of ours is the argument after it."""
    if argument in _SHORT:
        return True
    return argument in _OWN_FLAGS and not _OWN_FLAGS[argument].kind.flag


# -- the environment -----------------------------------------------------------------------


def from_environment(environ: Mapping[str, str]) -> tuple[list[GivenOption], list[SettingsNotice]]:
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
            found.append(GivenOption(option, value, variable))
        elif variable in VARIABLES:
            notices.append(variable_notice(variable))
        elif variable not in LOGIN_VARIABLES:
            known = [*(each.env for each in OPTIONS.values()), *VARIABLES, *LOGIN_VARIABLES]
            notices.append(no_option(variable, variable, known))
    return found, notices


# -- all of them ---------------------------------------------------------------------------


@dataclass(frozen=True)
class FlowerOptions:
    """Options of Flower: those on the command line, those elsewhere, each once and in the order
    of the table, those of its login, which are read together, and what is to be said of them."""

    line: tuple[GivenOption, ...]
    elsewhere: tuple[GivenOption, ...]
    login: LoginOptions
    notices: tuple[SettingsNotice, ...]


def options_of_flower(
    line: Sequence[GivenOption],
    environ: Mapping[str, str],
    directory: Path,
    trusted: Collection[int],
    *,
    files: bool,
) -> FlowerOptions:
    """As Flower reads it: command line, then file, then environment. The file is the one
    that `conf` names, else `flowerconfig.py` in `directory` if it is there and `files` are
    read; one that is not of the `trusted` is refused. Raises `SettingsError`."""
    variables, notices = from_environment(environ)
    path = _file([*line, *variables], directory, trusted, files=files)
    in_file, said = from_file(path, environ) if path is not None else ([], [])
    here = {given.option.name: given for given in line}
    elsewhere = {given.option.name: given for given in (*variables, *in_file)}
    if path is not None and not {"enable_events"} & (elsewhere.keys() | here.keys()):
        # What Flower does unless it is told otherwise.
        elsewhere["enable_events"] = GivenOption(OPTIONS["enable_events"], "True", str(path))
    every = elsewhere | here
    notices += said
    foreign = [given for given in line if given.option is not OPTIONS.get(given.option.name)]
    notices += [
        found
        for given in foreign
        if given.option is not CONF and (found := notice(given)) is not None
    ]
    notices += [
        found
        for option in OPTIONS.values()
        if option.setting is None and option.name in every
        if (found := notice(every[option.name])) is not None
    ]
    login = LoginOptions(
        {name: every[name] for name in LOGIN_OPTIONS if name in every and every[name].text.strip()},
        {name: environ[name] for name in LOGIN_VARIABLES if environ.get(name, "").strip()},
        {each.name: each.sentence for each in said if each.name in LOGIN_OPTIONS},
    )
    return FlowerOptions(
        tuple(here[name] for name in OPTIONS if name in here),
        tuple(elsewhere[name] for name in OPTIONS if name in elsewhere and name not in here),
        login,
        (*notices, *login.notices()),
    )


def _file(
    given: Sequence[GivenOption], directory: Path, trusted: Collection[int], *, files: bool
) -> Path | None:
    named = next((each for each in given if each.option is CONF), None)
    if named is not None:
        path = directory / Path(named.text).expanduser()
        if not is_named_file(path):
            raise SettingsError(
                f"The file {path} ({named.where}) does not exist.",
                setting="conf",
                remedy="Name an existing file, or leave it out.",
            )
        return path
    path = directory / DEFAULT_FILE
    if not (files and is_there(path)):
        return None
    check_found(path, trusted)
    return path


def translated(given: GivenOption) -> str | None:
    """The text of the setting that the option is; None if it sets nothing. Raises
    `SettingsError`."""
    if given.option.setting is None:
        return None
    try:
        return given.option.translate(given.text)
    except ValueError as error:
        shown = "what was given" if given.option.secret else repr(scrub(given.text))
        detail = f": {error}" if isinstance(error, InvalidValue) else ""
        raise SettingsError(
            f"{given.where} cannot be {shown}{detail}.", setting=given.option.name
        ) from None
