"""Settings for a process of our own: by its environment, which other users cannot read,
never by its command line, which they can."""

from __future__ import annotations

from collections.abc import Collection, Mapping, MutableMapping
from typing import Final

from umbel.settings.tree import SETTINGS, Settings, value_of

_OURS: Final = ("UMBEL_", "FLOWER_")
#: Sections and settings that `umbel collect` reads. It imports the application, whose code has
#: no business with who may log in to the server.
_OF_COLLECTORS: Final = frozenset({"collector", "healing", "otel", "redact", "retention", "store"})
_EACH_OF_COLLECTORS: Final = frozenset(
    {
        *("app", "broker", "broker_option", "result_backend", "data", "cluster_moved"),
        *("log_level", "log_format", "metrics.without"),
    }
)


def as_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with exactly these settings in it; no file is read beside them."""
    return _with(settings, environ, {entry.name for entry in SETTINGS})


def as_collectors_environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The same with what a collector reads, and nothing else of ours."""
    read = {
        entry.name
        for entry in SETTINGS
        if entry.name in _EACH_OF_COLLECTORS or entry.path[0] in _OF_COLLECTORS
    }
    return _with(settings, environ, read)


def forget_secrets(environ: MutableMapping[str, str]) -> None:
    """Remove what a server alone reads, once it has: passwords of people, tokens, keys. The
    application is imported here, and what it starts inherits the environment."""
    secret = {entry.env for entry in SETTINGS if entry.secret} | {"UMBEL_TOKEN"}
    for name in [*environ]:
        if name in secret or name.startswith("FLOWER_"):
            del environ[name]


def _with(settings: Settings, environ: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    inherited = {name: value for name, value in environ.items() if not name.startswith(_OURS)}
    for entry in SETTINGS:
        if entry.name not in names:
            continue
        value = value_of(settings, entry)
        if value is not None:
            inherited[entry.env] = entry.kind.show(value)
        elif entry.default is not None:
            inherited[entry.env] = "none"
    return inherited | {"UMBEL_CONFIG": "none"}
