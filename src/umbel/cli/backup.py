"""`umbel backup`: a whole copy of the data directory, while Umbel runs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from umbel.cli import codes
from umbel.cli.options import directory_options
from umbel.cli.printing import clean, print_table, say
from umbel.settings import load_settings
from umbel.store.base import Copied


@click.command(short_help="Copy the history while Umbel runs.")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path))
@directory_options
def backup(directory: Path, **where: str | None) -> int:
    """Copy the whole history, the audit and the tokens to DIR, which is new or empty.

    Umbel may run meanwhile. umbel serve --data DIR shows the copy."""
    from umbel import app

    given = {name: value for name, value in where.items() if value is not None}
    settings = load_settings(given, os.environ, Path.cwd()).one
    copied: list[Copied] = []
    app.back_up(settings, directory.absolute(), copied.append)
    made = [each for each in copied if each.size_bytes]
    print_table(
        ({"file": clean(each.path.name), "size": _size(each.size_bytes)} for each in made),
        ("file", "size"),
    )
    total = _size(sum(each.size_bytes for each in made))
    say(f"{settings.data} is copied to {directory}: {len(made)} files, {total}.", err=True)
    damaged = [each for each in copied if each.damage]
    for each in damaged:
        say(_damage(each), err=True)
    return codes.PARTLY if damaged else codes.DONE


def _damage(copied: Copied) -> str:
    if not copied.size_bytes:
        return f"{copied.path} is damaged ({copied.damage}) and is missing from the copy."
    return (
        f"{copied.path} was copied as it is, and it is damaged inside ({copied.damage}): not "
        "everything in it can be read. Keep the copy that you made before this one."
    )


def _size(size_bytes: int) -> str:
    """A size as people read it."""
    if size_bytes < 2**10:
        return f"{size_bytes} bytes"
    if size_bytes < 2**20:
        return f"{size_bytes / 2**10:,.1f} KiB"
    return (
        f"{size_bytes / 2**20:,.1f} MiB" if size_bytes < 2**30 else f"{size_bytes / 2**30:,.2f} GiB"
    )
