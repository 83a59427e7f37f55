"""The settings of each cluster, from its table `[clusters.NAME]` (see `clusters`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from umbel.errors import SettingsError
from umbel.settings.clusters import WHERE, ClusterSettings, ClusterTable
from umbel.settings.kinds import TABLES
from umbel.settings.unknown_names import unknown_name
from umbel.settings.written_settings import (
    COMMAND_LINE,
    ENTRIES,
    WrittenSetting,
    parse_written,
    settings_tree,
)

#: The name of the cluster where the settings have no tables of clusters.
ONLY = "default"


def written_in_tables(
    tables: Mapping[str, ClusterTable], where: str
) -> Iterator[tuple[str, WrittenSetting]]:
    """What stands in all tables, by the name of the setting."""
    for table in tables.values():
        for name, value in table.written.items():
            yield name, WrittenSetting(value, where)


def chosen_tables(
    tables: Mapping[str, ClusterTable], written: Mapping[str, WrittenSetting]
) -> Mapping[str, ClusterTable]:
    """All tables, or the one that `cluster` names. Raises `SettingsError`."""
    if "cluster" in written:
        name = str(written["cluster"].value)
        if name in tables:
            return {name: tables[name]}
        if tables or name != ONLY:
            listed = "Its tables name them." if tables else "The settings have no [clusters.NAME]."
            raise unknown_name("cluster", name, [*tables], listed=listed)
    beside = next((name for name in sorted(WHERE | {"label"}) if name in written), None)
    if beside is not None and len(tables) > 1:
        raise SettingsError(
            f"{beside} ({written[beside].origin}) is of one cluster, and there are several: "
            f"{', '.join(tables)}.",
            setting=beside,
            remedy="Write it into the table of its cluster, or name one with --cluster.",
        )
    return tables


def check_data_is_used(
    tables: Mapping[str, ClusterTable], written: Mapping[str, WrittenSetting]
) -> None:
    """Raises `SettingsError` for a `--data` that every table would override. Of a variable or a
    file it is the default of what is not said nearer."""
    is_named = "data" in written and written["data"].origin == COMMAND_LINE
    if is_named and all("data" in table.written for table in tables.values()):
        raise SettingsError(
            f"--data would be the directory of no cluster: {', '.join(tables)} "
            f"{'has its own' if len(tables) == 1 else 'have their own'} in the settings file.",
            setting="data",
            remedy="Leave --data out, or remove data from the table.",
        )


def cluster_settings(
    name: str,
    table: ClusterTable,
    values: Mapping[str, Any],
    origins: Mapping[str, str],
    before_files: Collection[str],
    file: str,
) -> ClusterSettings:
    """The settings of one cluster: what the command line and variables (`before_files`) say, then
    its table, then what is said for all, beside which its rules and notifiers of alerts stand.
    `data` for all is where the directories are, so a table names its own."""
    where = f"clusters.{name} in {file}"
    own = {
        setting: parse_written(ENTRIES[setting], WrittenSetting(value, where))
        for setting, value in table.written.items()
    }
    used = {each: own[each] for each in own if each == "data" or each not in before_files}
    data = own.get("data", values["data"] / name)
    beside = {each: _beside(values[each], used[each]) for each in used if _has_tables(each)}
    return ClusterSettings(
        name,
        settings_tree({**values, **used, **beside, "data": data}),
        {
            **origins,
            **dict.fromkeys(used, where),
            **{each: file for each in beside if values[each]},
        },
        table.roles,
        is_table=True,
    )


def _has_tables(setting: str) -> bool:
    return ENTRIES[setting].kind.name == TABLES


def _beside(for_all: Sequence[Any], own: Sequence[Any]) -> tuple[Any, ...]:
    """Tables with names (rules and notifiers of alerts) that stand for all, and those of a cluster,
    of which one takes the place of what has its name."""
    names = {each.name for each in own}
    return (*(each for each in for_all if each.name not in names), *own)
