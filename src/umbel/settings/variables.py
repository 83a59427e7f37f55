"""Settings in the environment: `UMBEL_PORT` and the like.

Whoever writes a compose file has variables of their own that begin so (`UMBEL_TAG`). One that is
near no setting is told and passed over; one that is likely a misspelt setting stops the start,
since a setting that is silently ignored is found out at night.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

from umbel.settings.flower import SettingsNotice
from umbel.settings.kinds import ALIKE
from umbel.settings.service_links import is_service_link

PREFIX: Final = "UMBEL_"
#: Where commands find a running server (`umbel.cli.source`); no settings of one.
_OF_CLIENTS: Final = frozenset({"UMBEL_SERVER", "UMBEL_TOKEN"})
#: What people add to the names of settings.
_ADDED: Final = ("_URL", "_URI", "_DIR", "_DIRECTORY", "_PATH", "_FILE")


def own_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that are ours to read: not those of clients, of Kubernetes, or empty."""
    return {
        variable: value
        for variable, value in environ.items()
        if variable.startswith(PREFIX)
        and variable not in _OF_CLIENTS
        and value
        and not is_service_link("UMBEL", variable, value)
    }


def meant(variable: str, variables: Iterable[str]) -> str | None:
    """The variable that somebody most likely meant by one that does not exist."""
    names = {name.removeprefix(PREFIX): name for name in variables}
    written = variable.removeprefix(PREFIX)
    for added in _ADDED:
        if written.removesuffix(added) in names:
            return names[written.removesuffix(added)]
    for name, whole in names.items():
        if name.endswith(f"_{written}"):  # the section was left out
            return whole
    near = difflib.get_close_matches(written, names, n=1, cutoff=ALIKE)
    return names[near[0]] if near else None


def foreign(variable: str) -> SettingsNotice:
    """What is said about somebody else's variable."""
    return SettingsNotice(
        variable, f"The environment variable {variable} is no setting of Umbel and is passed over."
    )
