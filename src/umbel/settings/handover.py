"""Settings for a process of our own: by its environment, which other users cannot read,
never by its command line, which they can."""

from __future__ import annotations

from collections.abc import Mapping

from umbel.settings.tree import SETTINGS, Settings, value_of


def as_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with exactly these settings in it; no file is read beside them."""
    foreign = ("UMBEL_", "FLOWER_")
    kept = {name: value for name, value in environ.items() if not name.startswith(foreign)}
    for entry in SETTINGS:
        value = value_of(settings, entry)
        if value is not None:
            kept[entry.env] = entry.kind.show(value)
        elif entry.default is not None:
            kept[entry.env] = "none"
    return kept | {"UMBEL_CONFIG": "none"}
