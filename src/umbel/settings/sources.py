"""From what people wrote to one validated tree.

Command line, then environment, then TOML file, then what Flower was told, then what Celery
was told, then default: the first that names a setting decides. Every name in every source must
be known, since a setting that is mis-spelt and silently ignored is found out at night; the
environment alone may hold variables of somebody else (`variables`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from umbel.errors import SettingsError
from umbel.masking import MASK, is_understood, mask_address
from umbel.redaction import redact
from umbel.settings import kinds
from umbel.settings.celery_sources import named_for_celery, unread_configuration
from umbel.settings.clusters import (
    WHERE,
    ClusterSettings,
    ClusterTable,
    which_cluster,
)
from umbel.settings.config_file import config_file, read_config
from umbel.settings.flower import GivenOption, SettingsNotice
from umbel.settings.flower_sources import options_of_flower, translated
from umbel.settings.paths import data_directory
from umbel.settings.tree import SECTIONS, SETTINGS, Setting, Settings
from umbel.settings.trust import is_open_to_all, trusted_owners
from umbel.settings.unknown_names import unknown_name
from umbel.settings.variables import foreign, meant, own_variables

#: The name of the cluster where the settings have no tables of clusters.
ONLY = "default"
COMMAND_LINE = "command line"
DEFAULT = "default"
_ENTRIES = {entry.name: entry for entry in SETTINGS}


@dataclass(frozen=True)
class LoadedSettings:
    """The tree, and by name of setting where its value comes from: `command line`, the
    name of an environment variable, the path of a file, or `default`. `notices` are
    sentences about what was said and is not honoured. `clusters` has each cluster by its name;
    where there is one, `settings` are its own."""

    settings: Settings
    origins: Mapping[str, str]
    notices: tuple[SettingsNotice, ...] = ()
    clusters: Mapping[str, ClusterSettings] = field(default_factory=dict)

    @property
    def one(self) -> Settings:
        """The settings of the one cluster. Raises `SettingsError` where there are several."""
        if len(self.clusters) > 1:
            raise which_cluster(self.clusters)
        return self.settings


@dataclass(frozen=True)
class _Written:
    """What a person wrote for a setting, and where."""

    value: object
    origin: str
    of_flower: bool = False


def load_settings(
    given: Mapping[str, object],
    environ: Mapping[str, str],
    directory: Path,
    flower: Sequence[GivenOption] = (),
) -> LoadedSettings:
    """The settings of one run.

    `given` is the command line by name of setting, without what was not said, and `flower`
    the options of Flower on it; `directory` is where `umbel.toml` and `flowerconfig.py` are
    looked for. Raises `SettingsError`.
    """
    trusted = trusted_owners(environ, directory, names_application="app" in given)
    files = _reads_files(given, environ)
    in_flower = options_of_flower(flower, environ, directory, trusted, files=files)
    written = _of_flower(in_flower.line)
    written |= {name: _Written(value, COMMAND_LINE) for name, value in given.items()}
    variables, foreign_ones = _from_environment(environ)
    for name, item in variables.items():
        written.setdefault(name, item)
    before_files = frozenset(written)
    named = written.get("config")
    named_file = (named.value, named.origin) if named is not None else None
    file = config_file(named_file, environ, directory, trusted)
    tables: Mapping[str, ClusterTable] = {}
    if file is not None:
        in_file, tables = read_config(file)
        for name, value in in_file.items():
            written.setdefault(name, _Written(value, str(file)))
    for name, item in _of_flower(in_flower.elsewhere).items():
        written.setdefault(name, item)
    notices = [*in_flower.notices, *foreign_ones]
    notices += _readable([*written.items(), *_of_tables(tables, str(file))], in_flower.elsewhere)
    if tables or "cluster" in written:
        tables = _chosen(tables, written)
    if tables:
        _check_data_is_used(tables, written)
    elif "app" not in written and "broker" not in written:
        written |= {
            name: _Written(value, origin)
            for name, (value, origin) in named_for_celery(
                environ, directory, trusted, files=files
            ).items()
        }
    elif "app" not in written:
        notices += unread_configuration(directory)
    values = {entry.name: _value(entry, written, environ) for entry in SETTINGS}
    origins = {
        entry.name: written[entry.name].origin if entry.name in written else DEFAULT
        for entry in SETTINGS
    }
    if file is not None and "config" not in written:
        values["config"], origins["config"] = file, "found"
    settings = _tree(values)
    clusters = {
        name: _cluster(name, table, values, origins, before_files, str(file))
        for name, table in tables.items()
    } or {ONLY: ClusterSettings(ONLY, settings, origins)}
    if len(clusters) == 1:
        only = next(iter(clusters.values()))
        settings, origins = only.settings, {**only.origins}
    return LoadedSettings(settings, origins, tuple(notices), clusters)


def _value(entry: Setting, written: Mapping[str, _Written], environ: Mapping[str, str]) -> Any:
    if entry.name in written:
        return _parse(entry, written[entry.name])
    if entry.name == "data":
        return data_directory(environ)
    return None if entry.default is None else entry.kind.parse(entry.default)


def _parse(entry: Setting, item: _Written) -> Any:
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
    """A wrong value as far as it cannot be a secret, which a mistyped address may be all over."""
    if entry.secret:
        return "what was given"
    if entry.kind.name == kinds.URL:
        plain = isinstance(value, str) and is_understood(value)
        return repr(mask_address(str(value))) if plain else "what was given"
    return repr(redact(value) if isinstance(value, str) else value)


def _tree(values: Mapping[str, Any]) -> Settings:
    def branch(section: str) -> dict[str, Any]:
        return {
            entry.path[1]: values[entry.name]
            for entry in SETTINGS
            if len(entry.path) == 2 and entry.path[0] == section
        }

    top = {entry.name: values[entry.name] for entry in SETTINGS if len(entry.path) == 1}
    sections = {name: replace(kind(), **branch(name)) for name, kind in SECTIONS.items()}
    return Settings(**top, **sections)


# -- Flower ------------------------------------------------------------------------------


def _readable(
    written: Iterable[tuple[str, _Written]], flower: Sequence[GivenOption]
) -> Iterator[SettingsNotice]:
    """What is said of files that every user may read, with passwords in them."""
    origins = [
        item.origin
        for name, item in written
        if _ENTRIES[name].in_file and _has_secret(_ENTRIES[name], item.value)
    ]
    origins += [
        each.where.rpartition(" in ")[2]
        for each in flower
        if each.option.secret or MASK in redact(each.text)
    ]
    for origin in sorted({each for each in origins if Path(each).is_absolute()}):
        if is_open_to_all(Path(origin)):
            yield SettingsNotice(
                "config",
                f"Every user of this machine can read the passwords in {origin}: chmod o-r it.",
            )


def _has_secret(entry: Setting, value: object) -> bool:
    if entry.kind.name == kinds.URL:
        return MASK in mask_address(str(value))
    return entry.secret and bool(value)


def _of_flower(options: Sequence[GivenOption]) -> dict[str, _Written]:
    """Settings from options of Flower, the first option that names one decides."""
    found: dict[str, _Written] = {}
    for given in options:
        setting = given.option.setting
        value = translated(given)
        if setting is not None and value is not None:
            found.setdefault(setting, _Written(value, given.where, of_flower=True))
    return found


def _reads_files(given: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    return given.get("config", environ.get("UMBEL_CONFIG")) != "none"


# -- the environment ---------------------------------------------------------------------


def _from_environment(
    environ: Mapping[str, str],
) -> tuple[dict[str, _Written], list[SettingsNotice]]:
    names = {entry.env: entry for entry in SETTINGS}
    found, notices = {}, []
    for variable, value in own_variables(environ).items():
        if variable in names:
            found[names[variable].name] = _Written(value, variable)
            continue
        near = meant(variable, names)
        if near is not None:
            raise SettingsError(
                f"There is no environment variable {variable}.",
                setting=variable,
                remedy=f"Did you mean {near}?",
            )
        notices.append(foreign(variable))
    return found, notices


# -- clusters ----------------------------------------------------------------------------


def _of_tables(tables: Mapping[str, ClusterTable], where: str) -> Iterator[tuple[str, _Written]]:
    """What stands in all tables, by the name of the setting."""
    for table in tables.values():
        for name, value in table.written.items():
            yield name, _Written(value, where)


def _chosen(
    tables: Mapping[str, ClusterTable], written: Mapping[str, _Written]
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


def _check_data_is_used(
    tables: Mapping[str, ClusterTable], written: Mapping[str, _Written]
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


def _cluster(
    name: str,
    table: ClusterTable,
    values: Mapping[str, Any],
    origins: Mapping[str, str],
    before_files: Collection[str],
    file: str,
) -> ClusterSettings:
    """The settings of one cluster: what the command line and variables (`before_files`) say, then
    its table, then what is said for all. `data` for all is where the directories are, so a table
    names its own."""
    where = f"clusters.{name} in {file}"
    own = {
        setting: _parse(_ENTRIES[setting], _Written(value, where))
        for setting, value in table.written.items()
    }
    used = {each: own[each] for each in own if each == "data" or each not in before_files}
    data = own.get("data", values["data"] / name)
    return ClusterSettings(
        name,
        _tree({**values, **used, "data": data}),
        {**origins, **dict.fromkeys(used, where)},
        table.roles,
        is_table=True,
    )
