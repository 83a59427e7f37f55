"""`umbel token`: API tokens for programs, and `umbel password` for people's passwords."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
import msgspec

from umbel.auth.base import Role
from umbel.auth.passwords import hash_password
from umbel.auth.people import ROLES
from umbel.auth.tokens import free_name, make_token
from umbel.cli.groups import Group
from umbel.cli.options import directory_options
from umbel.cli.printing import clean, clock, print_table, put, say, telling
from umbel.errors import SettingsError, UmbelError
from umbel.owner import owned
from umbel.settings import check_data_directory, kinds, load_settings
from umbel.store.ledger import Ledger, Token

_EXPIRES: Final = kinds.optional(
    kinds.duration(60, 3650 * 86400.0, "a duration such as 12h or 30d")
)


@click.group(cls=Group)
def token() -> None:
    """API tokens, for programs that ask this Umbel.

    They are kept in the data directory; commands run as the user that it belongs to."""


@token.command()
@click.option(
    "--role",
    type=click.Choice(ROLES),
    default="viewer",
    show_default=True,
    help="What it may do.",
)
@click.option("--name", default=None, help="What it is called [the role and a number].")
@click.option(
    "--expires",
    default="none",
    metavar="DURATION",
    show_default=True,
    help="After how long it is good for nothing, such as 30d.",
)
@directory_options
def create(role: str, name: str | None, expires: str, **where: str | None) -> None:
    """Make a token and print it, once: only a hash of it is kept."""
    expires_s = _duration(expires)
    granted: Role = msgspec.convert(role, Role)
    with _ledger(where) as (ledger, directory):
        called = name or free_name(ledger, role)
        made = make_token(ledger, called, granted, now=time.time(), expires_s=expires_s)
    with telling(f"Token {called} was made; umbel token revoke {called} takes it back."):
        if sys.stdout.isatty():
            say("The token, which is shown this once:", err=True)
        put(made)
    say(f"Token {called}, with role {role}, is good for Umbel in {directory}.", err=True)


@token.command(name="list")
@directory_options
def list_tokens(**where: str | None) -> None:
    """Print every token: its name, role and times, never its secret."""
    with _ledger(where) as (ledger, _):
        tokens = ledger.tokens()
    columns = ("name", "role", "created", "expires", "last used")
    now = time.time()
    print_table((_row(each, now) for each in tokens), columns)


@token.command()
@click.argument("name")
@directory_options
def revoke(name: str, **where: str | None) -> None:
    """Make a token good for nothing, at once."""
    with _ledger(where) as (ledger, _):
        if not ledger.drop_token(name):
            raise UmbelError(
                f"There is no token {clean(name)[:100]}.", remedy="umbel token list names them."
            )
    say(f"Token {name} is revoked.", err=True)


@click.command(short_help="Print the hash of a password.")
def password() -> None:
    """Ask for a password and print its hash, for basic_auth and auth.users.

    Without a terminal the password is the first line of standard input."""
    if sys.stdin.isatty():
        typed = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        typed = sys.stdin.readline().rstrip("\r\n")
    if not typed:
        raise SettingsError("The password is empty.", setting="password")
    put(hash_password(typed))


def _duration(expires: str) -> float | None:
    try:
        parsed: float | None = _EXPIRES.parse(expires)
    except ValueError as error:
        raise SettingsError(
            f"--expires cannot be {expires[:60]!r}: {_EXPIRES.refusal(error)}", setting="expires"
        ) from None
    return parsed


@contextmanager
def _ledger(where: dict[str, str | None]) -> Iterator[tuple[Ledger, Path]]:
    """The ledger, and the directory that it is in."""
    from umbel import app, composition

    given = {name: value for name, value in where.items() if value is not None}
    settings = load_settings(given, os.environ, Path.cwd()).one
    check_data_directory(settings.data)
    app.make_directory(settings)
    with owned(settings.data):
        ledger = composition.open_ledger(settings)
        try:
            yield ledger, settings.data
        finally:
            ledger.close()


def _row(found: Token, now: float) -> dict[str, str]:
    expired = " (expired)" if found.expires is not None and found.expires <= now else ""
    return {
        "name": found.name,
        "role": found.role,
        "created": clock(found.created),
        "expires": (clock(found.expires) or "never") + expired,
        "last used": clock(found.last_used) or "never",
    }
