"""`umbel migrate-flower`: Flower's options, from where Flower reads them, as an `umbel.toml`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from umbel.cli.options import OnlyFlowerOptions, flower_options
from umbel.cli.printing import put
from umbel.settings.flower import CONF, GivenOption
from umbel.settings.flower_migration import as_toml
from umbel.settings.flower_sources import options_of_flower
from umbel.settings.trust import trusted_owners


@click.command(name="migrate-flower", cls=OnlyFlowerOptions)
@click.option("--config", default=None, metavar="PATH", help="Flower's file [./flowerconfig.py].")
def migrate_flower(config: str | None) -> None:
    """Print Flower's options as an umbel.toml.

    They are taken from this command line (`--port=8888`), from Flower's file, which is read
    and not run, and from the environment (FLOWER_PORT). What has no equivalent is a comment
    that says what replaces it. Passwords are printed as they are."""
    line = list(flower_options())
    if config is not None:
        line.insert(0, GivenOption(CONF, config, "--config"))
    here = Path.cwd()
    trusted = trusted_owners(os.environ, here, names_application=False)
    settings = options_of_flower(line, os.environ, here, trusted, files=True)
    put(as_toml(settings), end="")
