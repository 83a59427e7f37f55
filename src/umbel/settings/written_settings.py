"""A setting as a person wrote it, with its origin, and from there to its value in the tree.

Whatever cannot be a setting's value is refused in a sentence that names where it stands, and
repeats nothing that could be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from umbel.errors import SettingsError
from umbel.masking import is_understood, mask_address
from umbel.secret_scrubbing import scrub
from umbel.settings import kinds
from umbel.settings.tree import SECTIONS, SETTINGS, Setting, Settings

#: The origin of what stands on the command line.
COMMAND_LINE = "command line"
ENTRIES = {entry.name: entry for entry in SETTINGS}


@dataclass(frozen=True)
class WrittenSetting:
    """What a person wrote for a setting, and where; `of_flower`: as an option of Flower."""

    value: object
    origin: str
    of_flower: bool = False


def parse_written(entry: Setting, item: WrittenSetting) -> Any:
    """The value of a setting. Raises `SettingsError`."""
    try:
        return entry.kind.parse(item.value)
    except ValueError as error:
        shown = _shown(entry, item.value)
        where = entry.flag if item.origin == COMMAND_LINE else f"{entry.name} in {item.origin}"
        if item.origin == entry.env or item.of_flower:
            where = item.origin
        raise SettingsError(
            f"{where} cannot be {shown}: {entry.kind.refusal(error)}",
            setting=entry.name,
        ) from None


def _shown(entry: Setting, value: object) -> str:
    """A wrong value as far as it cannot be a secret, which a mistyped address may be all over, and
    is short enough for a sentence."""
    if entry.secret or entry.kind.name == kinds.TABLES:
        return "what was given"
    if entry.kind.name == kinds.URL:
        has_mask = isinstance(value, str) and is_understood(value)
        return repr(mask_address(str(value))) if has_mask else "what was given"
    return repr(scrub(value) if isinstance(value, str) else value)


def settings_tree(values: Mapping[str, Any]) -> Settings:
    """The tree of these values, by name of setting."""

    def branch(section: str) -> dict[str, Any]:
        return {
            entry.path[1]: values[entry.name]
            for entry in SETTINGS
            if len(entry.path) == 2 and entry.path[0] == section
        }

    top = {entry.name: values[entry.name] for entry in SETTINGS if len(entry.path) == 1}
    sections = {name: replace(kind(), **branch(name)) for name, kind in SECTIONS.items()}
    return Settings(**top, **sections)
