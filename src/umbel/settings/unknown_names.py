"""The error for a name that does not exist, with "did you mean": settings, clusters, columns."""

from __future__ import annotations

import difflib

from umbel.errors import SettingsError


def unknown_name(
    what: str,
    name: str,
    names: list[str],
    *,
    where: str = "",
    listed: str = "umbel settings lists them all.",
) -> SettingsError:
    """The error for a name that is none of `names`, with the nearest right one."""
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    remedy = f"Did you mean {close[0]}?" if close else listed
    return SettingsError(f"There is no {what} {name}{where}.", setting=name, remedy=remedy)
