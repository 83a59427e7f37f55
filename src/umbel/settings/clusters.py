"""Several clusters in one settings file: a table `[clusters.NAME]` for each.

    [clusters.shop]
    broker = "redis://shop.example/0"
    [clusters.mail]
    app = "mail.celery:app"
    label = "Mail"
    [clusters.mail.roles]
    ann = "operator"

A table may hold whatever says how one cluster is watched (`OF_A_CLUSTER`); what it does not name
is as for all. Only `broker`, `app` and the like are never for all of several. The command line and
variables go before tables, as they go before everything in a file. The history of a cluster is in
the directory of its name below `data`, unless the table names another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from umbel.auth.base import Role
from umbel.auth.people import ROLES
from umbel.errors import SettingsError
from umbel.settings.tree import SETTINGS, Settings

#: What names a cluster, and so cannot be for all of several.
WHERE: Final = frozenset({"broker", "broker_option", "app", "result_backend", "broker_api"})
#: What else a table may hold, beside whole sections.
_ALSO: Final = frozenset({"data", "label", "colour", "inspect_timeout", "enable_events"})
_SECTIONS: Final = frozenset({"retention", "collector", "store", "redact", "alerts"})
OF_A_CLUSTER: Final = frozenset(
    entry.name
    for entry in SETTINGS
    if entry.name in WHERE | _ALSO or (len(entry.path) == 2 and entry.path[0] in _SECTIONS)
)
#: Names stand in addresses and in names of directories.
NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
#: Folders that a history makes in its directory, where other histories may be as well.
RESERVED: Final = frozenset({"damaged"})


@dataclass(frozen=True)
class ClusterSettings:
    """One cluster: its name, every setting as it is for it and where that comes from, and the
    roles that people have there by their name (None: as everywhere). `is_table`: the file has a
    table for it."""

    name: str
    settings: Settings
    origins: Mapping[str, str]
    roles: Mapping[str, Role] | None = None
    is_table: bool = False


@dataclass(frozen=True)
class ClusterTable:
    """A table as it was written: settings by their name, and roles."""

    written: Mapping[str, object]
    roles: Mapping[str, Role] | None = field(default=None)


def cluster_names(tables: Iterable[str], where: str) -> None:
    """Raises `SettingsError` for a name that no address can have."""
    for name in tables:
        if not NAME.fullmatch(name):
            raise SettingsError(
                f"A cluster cannot be named {name[:60]!r}{where}.",
                setting="clusters",
                remedy="Use up to 40 small letters, digits and hyphens, such as web-shop.",
            )
        if name in RESERVED:
            raise SettingsError(
                f"A cluster cannot be named {name}{where}: in the folder of this name a history "
                "keeps files of its own.",
                setting="clusters",
                remedy="Choose another name; label says what people read.",
            )


def cluster_roles(written: object, name: str) -> Mapping[str, Role]:
    """The roles of a table. Raises `SettingsError`."""
    if not isinstance(written, dict) or not all(role in ROLES for role in written.values()):
        raise SettingsError(
            f"clusters.{name}.roles must be a table of names with roles.",
            setting=f"clusters.{name}.roles",
            remedy=f'Write for example ann = "operator"; the roles are {", ".join(ROLES)}.',
        )
    return written


def not_of_a_cluster(setting: str, name: str) -> SettingsError:
    """The error for a setting that a server has but once."""
    return SettingsError(
        f"{setting} is for the whole server, so it cannot be in clusters.{name}.",
        setting=setting,
        remedy="Write it above the first table.",
    )


def which_cluster(names: Iterable[str]) -> SettingsError:
    """The error for a command that is about one cluster where there are several."""
    return SettingsError(
        f"The settings have several clusters: {', '.join(names)}.",
        setting="cluster",
        remedy="Name one with --cluster (UMBEL_CLUSTER).",
    )
