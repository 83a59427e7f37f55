"""The settings as people and programs read them: a list, JSON, the table of the docs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from umbel.masking import MASK, mask_address
from umbel.secret_scrubbing import scrub
from umbel.settings import kinds
from umbel.settings.clusters import OF_A_CLUSTER, ClusterSettings
from umbel.settings.sources import DEFAULT, LoadedSettings
from umbel.settings.tree import SETTINGS, Setting, Settings, value_of


def shown_value(settings: Settings, origins: Mapping[str, str], entry: Setting) -> str:
    """The value as a person would write it, secrets masked, `""` for an unset one."""
    value = value_of(settings, entry)
    if value is None and origins[entry.name] == DEFAULT and entry.default is None:
        return ""
    text = entry.kind.show(value)
    if entry.secret and text:
        return MASK if entry.kind.masked is None else entry.kind.masked(value)
    return mask_address(text) if entry.kind.name == kinds.URL else scrub(text)


def as_text(loaded: LoadedSettings) -> str:
    """A paragraph each: name, value and origin, then meaning and other names. Then a table for
    each cluster that has one in the file: what is its own, and who has which role there."""
    paragraphs = [_paragraph(loaded, entry) for entry in SETTINGS]
    return "\n".join([*paragraphs, *(_table(each) for each in _tables_of(loaded))])


def _paragraph(loaded: LoadedSettings, entry: Setting) -> str:
    shown = shown_value(loaded.settings, loaded.origins, entry)
    value = shown or f"({entry.fallback.replace('`', '')})"
    origin = loaded.origins[entry.name]
    names = " ".join(name for name in (entry.short, entry.flag, entry.env) if name)
    return f"{entry.name} = {value}    [{origin}]\n    {entry.plain_meaning}\n    {names}\n"


def _table(cluster: ClusterSettings) -> str:
    lines = [
        f"{entry.name} = {shown_value(cluster.settings, cluster.origins, entry)}"
        f"    [{cluster.origins[entry.name]}]\n"
        for entry in _own(cluster)
    ]
    lines += [f"roles.{person} = {role}\n" for person, role in (cluster.roles or {}).items()]
    return f"[clusters.{cluster.name}]\n{''.join(lines)}"


def _tables_of(loaded: LoadedSettings) -> list[ClusterSettings]:
    return [each for each in loaded.clusters.values() if each.is_table]


def _own(cluster: ClusterSettings) -> list[Setting]:
    """The settings that are not for this cluster what they are for all, and its directory."""
    return [
        entry
        for entry in SETTINGS
        if entry.name == "data"
        or cluster.origins[entry.name].startswith(f"clusters.{cluster.name} in ")
    ]


def as_json(loaded: LoadedSettings) -> str:
    """A list of objects with `name`, `value`, `origin`, `default`, `meaning`, `flag`,
    `env`; values as text with their unit, as they could be written. Of clusters with a table in
    the file each has what a table may hold once more, with its name in `cluster`, which else is
    null; its roles are names such as `roles.ann`."""
    objects = [_object(loaded.settings, loaded.origins, entry, cluster=None) for entry in SETTINGS]
    for each in _tables_of(loaded):
        objects += [
            _object(each.settings, each.origins, entry, cluster=each.name)
            for entry in SETTINGS
            if entry.name in OF_A_CLUSTER
        ]
        objects += [_role(each, person, role) for person, role in (each.roles or {}).items()]
    return json.dumps(objects, indent=2)


def _object(
    settings: Settings, origins: Mapping[str, str], entry: Setting, *, cluster: str | None
) -> dict[str, object]:
    return {
        "cluster": cluster,
        "name": entry.name,
        "value": shown_value(settings, origins, entry) or None,
        "origin": origins[entry.name],
        "default": entry.default or None,
        "meaning": entry.meaning,
        "flag": entry.flag,
        "env": entry.env,
    }


def _role(cluster: ClusterSettings, person: str, role: str) -> dict[str, object]:
    return {
        "cluster": cluster.name,
        "name": f"roles.{person}",
        "value": role,
        "origin": f"clusters.{cluster.name}",
        "default": None,
        "meaning": f"The role of {person} in this cluster.",
        "flag": None,
        "env": None,
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
