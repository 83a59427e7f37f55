"""The settings file (`umbel.toml`): which one is read, and what stands in it.

Settings are given by their name (`retention.max_age`) as TOML has their values, and tables of
clusters as `ClusterTable`. A name that is no setting is refused, with the nearest right one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from umbel.errors import SettingsError
from umbel.settings.clusters import (
    OF_A_CLUSTER,
    ClusterTable,
    cluster_names,
    cluster_roles,
    not_of_a_cluster,
)
from umbel.settings.paths import config_files
from umbel.settings.tree import SECTIONS, SETTINGS
from umbel.settings.trust import check_found, is_named_file, is_there
from umbel.settings.unknown_names import unknown_name


def config_file(
    named: tuple[object, str] | None,
    environ: Mapping[str, str],
    directory: Path,
    trusted: Collection[int],
) -> Path | None:
    """The file that is read, if there is one. `named` is the setting `config`, and where it stands;
    one that was only found must be of the `trusted` owners. Raises `SettingsError`."""
    if named is not None:
        value, origin = named
        if value == "none":
            return None
        path = Path(str(value)).expanduser()
        if not is_named_file(path):
            raise SettingsError(
                f"The settings file {path} ({origin}) does not exist.",
                setting="config",
                remedy="Name an existing file, or leave it out.",
            )
        return path
    found = next((path for path in config_files(environ, directory) if is_there(path)), None)
    if found is not None:
        check_found(found, trusted)
    return found


def read_config(path: Path) -> tuple[dict[str, object], dict[str, ClusterTable]]:
    """What stands in the file for all, and the tables of clusters by their name. Raises
    `SettingsError`."""
    try:
        # Editors on Windows begin a file with a mark of its encoding, which is no TOML.
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML: {error}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}.") from None
    tables = content.pop("clusters", {})
    names = [entry.name for entry in SETTINGS if entry.in_file]
    found: dict[str, object] = {}
    for name, value in _flattened(content):
        if name not in names:
            raise unknown_name("setting", name, [*names, "clusters"], where=f" in {path}")
        found[name] = value
    return found, _cluster_tables(tables, names, path)


def _cluster_tables(tables: object, names: list[str], path: Path) -> dict[str, ClusterTable]:
    if not isinstance(tables, dict) or not all(isinstance(one, dict) for one in tables.values()):
        raise SettingsError(
            f"clusters in {path} must be tables.",
            setting="clusters",
            remedy="Write [clusters.NAME] above the settings of each cluster.",
        )
    cluster_names(tables, f" in {path}")
    return {name: _cluster_table(name, table, names, path) for name, table in tables.items()}


def _cluster_table(
    name: str, table: dict[str, object], names: list[str], path: Path
) -> ClusterTable:
    table = dict(table)
    roles = table.pop("roles", None)
    written = dict(_flattened(table))
    for setting in written:
        if setting not in names:
            allowed = [*sorted(OF_A_CLUSTER), "roles"]
            raise unknown_name("setting", setting, allowed, where=f" of clusters.{name} in {path}")
        if setting not in OF_A_CLUSTER:
            raise not_of_a_cluster(setting, name)
    return ClusterTable(written, None if roles is None else cluster_roles(roles, name))


def _flattened(content: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for key, value in content.items():
        if isinstance(value, dict) and key in SECTIONS:
            for inner, found in value.items():
                yield f"{key}.{inner}", found
        else:
            yield key, value
