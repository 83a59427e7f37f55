"""The settings as people and programs read them: a list, JSON, the table of the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator

from umbel.masking import MASK, mask_address
from umbel.redaction import redact
from umbel.settings import kinds
from umbel.settings.sources import DEFAULT, Loaded
from umbel.settings.tree import SETTINGS, Setting, value_of


def shown_value(loaded: Loaded, entry: Setting) -> str:
    """The value as a person would write it, secrets masked, `""` for an unset one."""
    value = value_of(loaded.settings, entry)
    if value is None and loaded.origins[entry.name] == DEFAULT and entry.default is None:
        return ""
    text = entry.kind.show(value)
    if entry.secret and text:
        return MASK
    return mask_address(text) if entry.kind.name == kinds.URL else redact(text)


def as_text(loaded: Loaded) -> str:
    """A paragraph each: name, value and origin, then meaning and other names."""
    return "\n".join(_paragraph(loaded, entry) for entry in SETTINGS)


def _paragraph(loaded: Loaded, entry: Setting) -> str:
    value = shown_value(loaded, entry) or f"({entry.fallback.replace('`', '')})"
    origin = loaded.origins[entry.name]
    names = " ".join(name for name in (entry.short, entry.flag, entry.env) if name)
    return (
        f"{entry.name} = {value}    [{origin}]\n    {entry.meaning.replace('`', '')}\n    {names}\n"
    )


def as_json(loaded: Loaded) -> str:
    """A list of objects with `name`, `value`, `origin`, `default`, `meaning`, `flag`,
    `env`; values as text with their unit, as they could be written."""
    return json.dumps([_object(loaded, entry) for entry in SETTINGS], indent=2)


def _object(loaded: Loaded, entry: Setting) -> dict[str, object]:
    return {
        "name": entry.name,
        "value": shown_value(loaded, entry) or None,
        "origin": loaded.origins[entry.name],
        "default": entry.default or None,
        "meaning": entry.meaning,
        "flag": entry.flag,
        "env": entry.env,
    }


def as_markdown() -> str:
    """The tables of `docs/settings.md`; they depend on nothing but the tree."""
    return "\n".join(_tables())


def _tables() -> Iterator[str]:
    section = None
    for entry in SETTINGS:
        if entry.path[:-1] != section:
            section = entry.path[:-1]
            yield "" if not section else f"\n### `[{section[0]}]`\n"
            yield "| name | option, variable | kind | default | meaning |"
            yield "|---|---|---|---|---|"
        yield _row(entry)


def _row(entry: Setting) -> str:
    flag = f"--[no-]{entry.flag[2:]}" if entry.kind.flag else entry.flag
    options = ", ".join(f"`{name}`" for name in (entry.short, flag) if name)
    default = f"`{entry.default}`" if entry.default else entry.fallback
    kind = ", ".join(f"`{word}`" for word in entry.kind.words) or entry.kind.name
    return (
        f"| `{entry.path[-1]}` | {options}<br>`{entry.env}` | {kind} "
        f"| {default} | {entry.meaning} |"
    )
