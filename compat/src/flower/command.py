"""`celery -A proj flower`: `umbel serve` with Flower's defaults.

Celery imports every plugin at every start of `celery`, so this module imports click alone and
everything else when it is called.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, NoReturn

import click

ENV_VAR_PREFIX = "FLOWER_"


@click.command(
    "flower",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)
@click.argument("tornado_argv", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def flower(context: click.Context, /, tornado_argv: tuple[str, ...], **_preload: object) -> None:
    """Watch this cluster in the browser (Umbel, in Flower's place)."""
    from umbel.cli.options import BegunByFlower
    from umbel.cli.start import serve_application
    from umbel.plugin import application_name

    context.exit(
        serve_application(
            context.obj.app, application_name(context), tornado_argv, begun=BegunByFlower()
        )
    )


def apply_env_options() -> None:
    """Take the options of `FLOWER_*` variables into `flower.options.options`. Raises
    `ValueError`."""
    import os

    from flower.options import options

    for name, value in os.environ.items():
        if is_flower_envvar(name):
            options.parse(name.removeprefix(ENV_VAR_PREFIX).lower(), value)


def apply_options(prog_name: str, argv: Iterable[str]) -> None:
    """Take the options of a command line into `flower.options.options`; what is none is left
    out. A configuration file is read when the server starts. Raises `ValueError`."""
    del prog_name
    from flower.options import options

    for argument in argv:
        if is_flower_option(argument):
            name, equals, value = argument.lstrip("-").partition("=")
            options.parse(name.replace("-", "_"), value if equals else "true")


def extract_settings() -> None:
    """Umbel reads logins, certificates and prefix from the options themselves, when it starts."""


def setup_logging() -> None:
    """Umbel sets up its log by the options `debug` and `logging`, when it starts."""


def print_banner(*_: object) -> None:
    """Umbel says where it listens once it does."""


def is_flower_option(arg: str) -> bool:
    """Whether an argument of a command line names one of Flower's options."""
    from flower.options import options

    return arg.startswith("--") and arg.partition("=")[0].lstrip("-") in options


def is_flower_envvar(name: str) -> bool:
    """Whether a variable of the environment names one of Flower's options."""
    from flower.options import options

    named = name.removeprefix(ENV_VAR_PREFIX)
    return named != name and named.lower() in options


def warn_about_celery_args_used_in_flower_command(ctx: Any, flower_args: Iterable[str]) -> None:
    """Umbel takes Celery's options after `flower` as well, or names those that it passes over."""
    del ctx, flower_args


def sigterm_handler(signum: int, _: object) -> NoReturn:
    """End with code 0."""
    del signum
    sys.exit(0)
