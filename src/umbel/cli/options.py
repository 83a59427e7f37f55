"""One command-line option for each setting, made from the tree.

Options take text and are parsed by the setting's own kind, so that a wrong value reads the
same wherever it was written. What was not said is absent, not a default: precedence is
decided in one place (`umbel.settings.sources`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from umbel.settings import SETTINGS, Loaded, Setting, load_settings

F = TypeVar("F", bound=Callable[..., Any])


def settings_options(command: F) -> F:
    """Add every setting as an option; the function gets them as keyword arguments, which
    it passes on to `given_settings`."""
    for entry in reversed(SETTINGS):
        command = _option(entry)(command)
    return command


def _option(entry: Setting) -> Callable[[F], F]:
    parameter = "_".join(entry.path)
    if entry.kind.flag:
        pair = f"{entry.flag}/--no-{entry.flag[2:]}"
        return click.option(pair, parameter, default=None, help=_help(entry))
    names = (entry.short, entry.flag) if entry.short else (entry.flag,)
    return click.option(
        *names, parameter, default=None, metavar=entry.kind.name.upper(), help=_help(entry)
    )


def _help(entry: Setting) -> str:
    default = entry.default or (entry.fallback if entry.fallback != "unset" else "")
    return (entry.meaning + (f" [{default}]" if default else "")).replace("`", "")


def given_settings(options: Mapping[str, object]) -> Loaded:
    """The settings of this run, from the options that were said and everything else."""
    given = {
        entry.name: options["_".join(entry.path)]
        for entry in SETTINGS
        if options.get("_".join(entry.path)) is not None
    }
    return load_settings(given, os.environ, Path.cwd())
