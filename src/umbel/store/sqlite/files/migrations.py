"""Bringing a file to the present schema.

Migrations are numbered SQL files (`schema/<kind>-0001.sql`, ...), each run once in a
transaction of its own; `PRAGMA user_version` tells how many a file has seen. Files of a
newer Umbel are refused, never guessed at.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Literal

import apsw

from umbel.errors import StoreTooNew

Kind = Literal["meta", "tasks", "text", "ledger", "samples"]


@cache
def scripts(kind: Kind) -> tuple[str, ...]:
    """The migrations of one kind of file, first one first."""
    folder = resources.files(__package__).joinpath("schema")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith(f"{kind}-"))
    return tuple(folder.joinpath(name).read_text("utf-8") for name in names)


def version(connection: apsw.Connection) -> int:
    """How many migrations the file has seen; 0 for a new one."""
    return int(connection.pragma("user_version"))


def check(connection: apsw.Connection, newest: int) -> None:
    """Raise `StoreTooNew` if the file has seen more than `newest` migrations."""
    seen = version(connection)
    if seen > newest:
        raise StoreTooNew(
            f"{connection.filename} was written by a newer Umbel (format {seen}; this one "
            f"reads up to {newest}).",
            remedy="Install the newer version again, or choose another directory with --data.",
        )


def migrate(connection: apsw.Connection, kind: Kind, steps: tuple[str, ...] | None = None) -> None:
    """Run what the file has not seen yet."""
    steps = scripts(kind) if steps is None else steps
    check(connection, len(steps))
    for number in range(version(connection) + 1, len(steps) + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have run it meanwhile.
            if version(connection) < number:
                connection.execute(steps[number - 1])
                connection.pragma("user_version", number)
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
