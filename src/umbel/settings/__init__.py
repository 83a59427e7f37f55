"""One validated tree of settings; see `tree` for the list, `sources` for precedence."""

from umbel.settings.check import (
    check_collecting,
    check_data_directory,
    check_serving,
)
from umbel.settings.cluster_tables import ONLY
from umbel.settings.sources import LoadedSettings, load_settings
from umbel.settings.tree import SETTINGS, Setting, Settings, value_of
from umbel.settings.unknown_names import unknown_name

__all__ = [
    "ONLY",
    "SETTINGS",
    "LoadedSettings",
    "Setting",
    "Settings",
    "check_collecting",
    "check_data_directory",
    "check_serving",
    "load_settings",
    "unknown_name",
    "value_of",
]
