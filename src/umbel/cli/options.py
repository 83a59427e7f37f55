"""One command-line option for each setting, made from the tree.

Options take text and are parsed by the setting's own kind, so that a wrong value reads the
same wherever it was written. What was not said is absent, not a default: precedence is
decided in one place (`umbel.settings.sources`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from umbel.cli.printing import say
from umbel.errors import SettingsError
from umbel.owner import own_temporary_directory
from umbel.settings import (
    ONLY,
    SETTINGS,
    LoadedSettings,
    Setting,
    check_data_directory,
    load_settings,
)
from umbel.settings.flower import GivenOption
from umbel.settings.flower_sources import from_arguments
from umbel.settings.sources import DEFAULT

#: Where `WithFlowerOptions` leaves what it found, in the context of click.
_FLOWER = "umbel.flower"

#: What Flower listens on unless it is told otherwise.
EVERY_ADDRESS: Final = "0.0.0.0"  # noqa: S104  with a login, or on --insecure
_ON_THIS_MACHINE: Final = (
    "Without a login this server listens on this machine alone, not on every address as Flower "
    "does: from outside of a container nobody reaches it, probes included. Add "
    "--basic_auth=NAME:PASSWORD (FLOWER_BASIC_AUTH), or --insecure (UMBEL_INSECURE=true) if "
    "something else keeps people out."
)
_TEMPORARY: Final = (
    "The history is kept in {}, and may be gone when this container or machine starts again: {} "
    "cannot be written. To keep it, name a directory or a volume, UMBEL_DATA=/data."
)

F = TypeVar("F", bound=Callable[..., Any])


def settings_options(command: F) -> F:
    """Add every setting as an option; the function gets them as keyword arguments, which
    it passes on to `given_settings`."""
    for entry in reversed(SETTINGS):
        command = _option(entry)(command)
    return command


class BegunByCelery:
    """Given to click as `obj` where a command was begun as `celery umbel`: what people write
    there for Flower or for Celery and Umbel has not is passed over, and told."""

    program = "celery umbel"

    def defaults(self, loaded: LoadedSettings) -> Mapping[str, object]:
        """Settings that this way of starting adds to those that were loaded, by their names."""
        del loaded
        return {}


BEGUN_BY_CELERY: Final = BegunByCelery()


class BegunByFlower(BegunByCelery):
    """The same as `celery flower`, with Flower's defaults: every address where it is safe or
    `--insecure` says so, and events are switched on."""

    program = "celery flower"

    def defaults(self, loaded: LoadedSettings) -> Mapping[str, object]:
        is_said = {name for name, origin in loaded.origins.items() if origin != DEFAULT}
        found: dict[str, object] = {}
        if "enable_events" not in is_said:
            found["enable_events"] = "always"
        if "data" not in is_said and loaded.clusters.keys() == {ONLY}:
            found |= self._temporary(loaded.settings.data)
        if is_said.isdisjoint({"address", "unix_socket"}):
            if loaded.settings.is_open and not loaded.settings.insecure:
                say(f"{self.program}: {_ON_THIS_MACHINE}", err=True)
            else:
                found["address"] = EVERY_ADDRESS
        return found

    def _temporary(self, data: Path) -> dict[str, object]:
        """Flower needs no directory, so it starts as users without a home and in file systems that
        are read alone."""
        try:
            check_data_directory(data)
        except SettingsError:
            directory = own_temporary_directory()
            if directory is not None:
                say(f"{self.program}: {_TEMPORARY.format(directory, data)}", err=True)
                return {"data": str(directory)}
        return {}


class WithFlowerOptions(click.Command):
    """A command that understands Flower's options beside those of settings."""

    beside = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own, flower = from_arguments(
            args, beside=self.beside, forgiving=isinstance(ctx.obj, BegunByCelery)
        )
        ctx.meta[_FLOWER] = flower
        return super().parse_args(ctx, own)


class OnlyFlowerOptions(WithFlowerOptions):
    """A command that takes no settings, but Flower's options."""

    beside = False


def _option(entry: Setting) -> Callable[[F], F]:
    parameter = "_".join(entry.path)
    if entry.kind.flag:
        pair = f"{entry.flag}/--no-{entry.flag[2:]}"
        return click.option(pair, parameter, default=None, help=_help(entry))
    names = (entry.short, entry.flag) if entry.short else (entry.flag,)
    return click.option(
        *names,
        parameter,
        default=None,
        metavar=entry.kind.placeholder,
        help=_help(entry),
        multiple=entry.kind.many,
    )


def _help(entry: Setting) -> str:
    default = entry.default or (entry.fallback if entry.fallback != "unset" else "")
    return entry.plain_meaning + (f" [{default.replace('`', '')}]" if default else "")


def directory_options(command: F) -> F:
    """Add the options that say where the data directory is."""
    command = click.option(
        "--cluster", default=None, metavar="NAME", help="Which of several clusters."
    )(command)
    return data_options(command)


def directories_options(command: F) -> F:
    """The same for a command that can do its work in several clusters: `cluster` has their
    names."""
    command = click.option(
        "--cluster",
        multiple=True,
        metavar="NAME",
        help="Which of several clusters; may be given several times.",
    )(command)
    return data_options(command)


def data_options(command: F) -> F:
    """The same without a choice of clusters."""
    command = click.option(
        "--config", default=None, metavar="PATH", help="The TOML file with settings."
    )(command)
    return click.option(
        "--data", default=None, metavar="PATH", help="The directory of the history."
    )(command)


def given_settings(options: Mapping[str, object]) -> LoadedSettings:
    """The settings of this run, from the options that were said and everything else."""
    given = {
        entry.name: options["_".join(entry.path)]
        for entry in SETTINGS
        if options.get("_".join(entry.path)) not in (None, ())
    }
    loaded = load_settings(given, os.environ, Path.cwd(), flower_options())
    context = click.get_current_context(silent=True)
    begun = context.find_object(BegunByCelery) if context is not None else None
    more = begun.defaults(loaded) if begun is not None else {}
    if not more:
        return loaded
    return load_settings({**more, **given}, os.environ, Path.cwd(), flower_options())


def flower_options() -> Sequence[GivenOption]:
    """The options of Flower that this command was given, if it understands them."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_FLOWER, ()) if context is not None else ()
