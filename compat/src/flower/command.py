"""`celery -A proj flower`: `umbel serve` with Flower's defaults.

Celery imports every plugin at every start of `celery`, so this module imports click alone and
everything else when it is called.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import click

log = logging.getLogger(__name__)

ENV_VAR_PREFIX = "FLOWER_"
#: What says no more than Flower's defaults, with `_` for `-`.
_DEFAULTS = ("__address=", "__unix_socket=", "__auth=")


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

    arguments = [each for each in tornado_argv if each.replace("-", "_") not in _DEFAULTS]
    context.exit(
        serve_application(
            context.obj.app, application_name(context), arguments, begun=BegunByFlower()
        )
    )


def apply_env_options() -> None:
    """Take the options of `FLOWER_*` variables into `flower.options.options`. Raises
    `ValueError`."""
    from flower.options import options

    for name, value in os.environ.items():
        if is_flower_envvar(name):
            options.parse(name.removeprefix(ENV_VAR_PREFIX).lower(), value)


def apply_options(prog_name: str, argv: Iterable[str]) -> None:
    """Take the options of a configuration file and of a command line, which goes before it, into
    `flower.options.options`; what is none is left out. The file is read, not run (docs/flower.md).
    Raises `ValueError`, and `FileNotFoundError` for a file that was named."""
    del prog_name
    from flower.options import DEFAULT_CONFIG_FILE, options

    arguments = list(argv)
    _take(arguments)
    path = Path(options.conf)
    if path.exists():
        from umbel.settings.flower_file import from_file

        for given in from_file(path, os.environ)[0]:
            if given.option.name in options and given.option.name != "format_task":
                options.parse(given.option.name, given.text)
        _take(arguments)
    elif "conf" in options.given() and options.conf != DEFAULT_CONFIG_FILE:
        raise FileNotFoundError(f"The file {path} does not exist.")


def _take(arguments: Iterable[str]) -> None:
    from flower.options import options

    for argument in arguments:
        if is_flower_option(argument):
            name, equals, value = argument.lstrip("-").partition("=")
            options.parse(name.replace("-", "_"), value if equals else "true")


def extract_settings() -> None:
    """Umbel reads logins, certificates and prefix from the options themselves, when it starts."""


def setup_logging() -> None:
    """Umbel sets up its log by the options `debug` and `logging`, when it starts."""


def print_banner(app: Any, ssl: bool, port: int | None = None) -> None:
    """Log where the server will listen and what it watches."""
    from flower.options import options

    if options.unix_socket:
        log.info("Visit me via unix socket file: %s", options.unix_socket)
    else:
        scheme = "https" if ssl else "http"
        address = options.address or "127.0.0.1"
        log.info("Visit me at %s://%s:%s", scheme, address, port or options.port)
    log.info("Broker: %s", app.connection_for_read().as_uri())


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
    """Log which options of Celery stand after `flower`, where they belong before it."""
    of_celery = {name for option in ctx.parent.command.params for name in option.opts}
    found = [name for arg in flower_args if (name := arg.partition("=")[0]) in of_celery]
    if found:
        log.warning(
            "These options of celery belong before flower: %s. Write celery [options of celery] "
            "flower [options of flower].",
            ", ".join(found),
        )


def sigterm_handler(signum: int, _: object) -> NoReturn:
    """End with code 0."""
    del signum
    sys.exit(0)
