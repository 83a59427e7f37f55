"""From what people wrote to one validated tree.

Command line, then environment, then TOML file, then what Flower was told, then what Celery
was told, then default: the first that names a setting decides. Every name in every source must
be known, since a setting that is mis-spelt and silently ignored is found out at night; the
environment alone may hold variables of somebody else (`variables`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from umbel.errors import SettingsError
from umbel.masking import MASK, mask_address
from umbel.secret_scrubbing import scrub
from umbel.settings import kinds
from umbel.settings.celery_sources import named_for_celery, unread_configuration
from umbel.settings.cluster_tables import (
    ONLY,
    check_data_is_used,
    chosen_tables,
    cluster_settings,
    written_in_tables,
)
from umbel.settings.clusters import ClusterSettings, ClusterTable, which_cluster
from umbel.settings.config_file import config_file, read_config
from umbel.settings.flower import GivenOption, SettingsNotice
from umbel.settings.flower_login import with_flower_login
from umbel.settings.flower_sources import options_of_flower, translated
from umbel.settings.login_kinds import has_client_secret
from umbel.settings.paths import data_directory
from umbel.settings.tree import SETTINGS, Setting, Settings
from umbel.settings.trust import is_open_to_all, trusted_owners
from umbel.settings.variables import foreign, meant, own_variables
from umbel.settings.written_settings import (
    COMMAND_LINE,
    ENTRIES,
    WrittenSetting,
    parse_written,
    settings_tree,
)

DEFAULT = "default"


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
    written |= {name: WrittenSetting(value, COMMAND_LINE) for name, value in given.items()}
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
            written.setdefault(name, WrittenSetting(value, str(file)))
    for name, item in _of_flower(in_flower.elsewhere).items():
        written.setdefault(name, item)
    written, of_login = with_flower_login(written, in_flower.login)
    notices = [*in_flower.notices, *of_login, *foreign_ones]
    notices += _readable(
        [*written.items(), *written_in_tables(tables, str(file))], in_flower.elsewhere
    )
    if tables or "cluster" in written:
        tables = chosen_tables(tables, written)
    if tables:
        check_data_is_used(tables, written)
    elif "app" not in written and "broker" not in written:
        written |= {
            name: WrittenSetting(value, origin)
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
    settings = settings_tree(values)
    clusters = {
        name: cluster_settings(name, table, values, origins, before_files, str(file))
        for name, table in tables.items()
    } or {ONLY: ClusterSettings(ONLY, settings, origins)}
    if len(clusters) == 1:
        only = next(iter(clusters.values()))
        settings, origins = only.settings, {**only.origins}
    return LoadedSettings(settings, origins, tuple(notices), clusters)


def _value(
    entry: Setting, written: Mapping[str, WrittenSetting], environ: Mapping[str, str]
) -> Any:
    if entry.name in written:
        return parse_written(entry, written[entry.name])
    if entry.name == "data":
        return data_directory(environ)
    return None if entry.default is None else entry.kind.parse(entry.default)


def _readable(
    written: Iterable[tuple[str, WrittenSetting]], flower: Sequence[GivenOption]
) -> Iterator[SettingsNotice]:
    """What is said of files that every user may read, with passwords in them."""
    origins = [
        item.origin
        for name, item in written
        if ENTRIES[name].in_file and _has_secret(ENTRIES[name], item.value)
    ]
    origins += [
        each.where.rpartition(" in ")[2]
        for each in flower
        if each.option.secret or MASK in scrub(each.text)
    ]
    for origin in sorted(set(origins)):
        if is_open_to_all(Path(origin)):
            yield SettingsNotice(
                "config",
                f"Every user of this machine can read the passwords in {origin}: chmod o-r it.",
            )


def _has_secret(entry: Setting, value: object) -> bool:
    if entry.kind.name == kinds.URL:
        return MASK in mask_address(str(value))
    if entry.name == "auth.providers":
        return has_client_secret(value)
    return entry.secret and bool(value)


def _of_flower(options: Sequence[GivenOption]) -> dict[str, WrittenSetting]:
    """Settings from options of Flower, the first option that names one decides."""
    found: dict[str, WrittenSetting] = {}
    for given in options:
        setting = given.option.setting
        value = translated(given)
        if setting is not None and value is not None:
            found.setdefault(setting, WrittenSetting(value, given.where, of_flower=True))
    return found


def _reads_files(given: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    return given.get("config", environ.get("UMBEL_CONFIG")) != "none"


def _from_environment(
    environ: Mapping[str, str],
) -> tuple[dict[str, WrittenSetting], list[SettingsNotice]]:
    names = {entry.env: entry for entry in SETTINGS}
    found, notices = {}, []
    for variable, value in own_variables(environ).items():
        if variable in names:
            found[names[variable].name] = WrittenSetting(value, variable)
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
