"""`umbel token`: API tokens for programs, and `umbel password` for people's passwords."""

from __future__ import annotations

import sys
import time
from typing import Final

import click

from umbel.auth.machine_user import machine_user
from umbel.auth.passwords import hash_password
from umbel.auth.people import ROLES
from umbel.auth.tokens import described, free_name, new_token
from umbel.cli.groups import Group
from umbel.cli.ledgers import Where, directories_of, named_ledgers
from umbel.cli.listing import json_option
from umbel.cli.options import directories_options
from umbel.cli.printing import clean, clock, print_table, put, put_json, say, telling
from umbel.errors import SettingsError, UmbelError
from umbel.services.control.login_audit import TOKEN_MADE, TOKEN_REVOKED
from umbel.settings import kinds
from umbel.store.ledger import Token

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
@click.option(
    "--tasks",
    "names",
    multiple=True,
    metavar="PATTERN",
    help="Its role holds for tasks of these names alone, such as billing.*, and it sees the rest; "
    "may be given several times.",
)
@click.option(
    "--queues",
    multiple=True,
    metavar="PATTERN",
    help="The same for the queues that tasks were sent to.",
)
@click.option("--name", default=None, help="What it is called [the role and a number].")
@click.option(
    "--expires",
    default="none",
    metavar="DURATION",
    show_default=True,
    help="After how long it is good for nothing, such as 30d.",
)
@directories_options
def create(
    role: str,
    names: tuple[str, ...],
    queues: tuple[str, ...],
    name: str | None,
    expires: str,
    **where: Where,
) -> None:
    """Make a token and print it, once: only a hash of it is kept.

    With several --cluster it is good in each of them."""
    expires_s = _duration(expires)
    now, maker = time.time(), machine_user("cli")
    with named_ledgers(where) as found:
        ledgers = [each.ledger for each in found]
        wanted = Token(
            name=name or free_name(ledgers, role),
            role=role,
            secret_hash="",
            created=now,
            expires=None if expires_s is None else now + expires_s,
            names=tuple(dict.fromkeys(names)),
            queues=tuple(dict.fromkeys(queues)),
            maker=maker.name,
        )
        shown, made = new_token(ledgers, wanted)
        for each in found:
            each.audit.noted(maker, TOKEN_MADE, described(made))
    with telling(f"Token {made.name} was made; umbel token revoke {made.name} takes it back."):
        if sys.stdout.isatty():
            say("The token, which is shown this once:", err=True)
        put(shown)
    say(
        f"Token {made.name}, with role {role}{_bounds(made)}, is good for Umbel in "
        f"{directories_of(found)}.",
        err=True,
    )


@token.command(name="list")
@json_option
@directories_options
def list_tokens(as_json: bool, **where: Where) -> None:
    """Print every token: its name, role, tasks and times, never its secret."""
    now = time.time()
    with named_ledgers(where) as found:
        if as_json:
            for each in found:
                for token in each.ledger.tokens():
                    put_json({"cluster": each.cluster, **_without_secret(token)})
            return
        rows = [
            {"cluster": each.cluster, **_row(token, now)}
            for each in found
            for token in each.ledger.tokens()
        ]
        if not rows:
            say(f"There are no tokens in {directories_of(found)}.", err=True)
            return
    columns = ("name", "role", "for", "created", "expires", "last used", "made by")
    print_table(rows, ("cluster", *columns) if len(found) > 1 else columns)


@token.command()
@click.argument("name")
@directories_options
def revoke(name: str, **where: Where) -> None:
    """Make a token good for nothing, at once, in each --cluster that is named."""
    revoker = machine_user("cli")
    with named_ledgers(where) as found:
        dropped = [each for each in found if each.ledger.drop_token(name)]
        for each in dropped:
            each.audit.noted(revoker, TOKEN_REVOKED, f"the token {name}")
        if not dropped:
            raise UmbelError(
                f"There is no token {clean(name)[:100]} in {directories_of(found)}.",
                remedy="umbel token list names them.",
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


def _row(found: Token, now: float) -> dict[str, str]:
    expired = " (expired)" if found.expires is not None and found.expires <= now else ""
    return {
        "name": found.name,
        "role": found.role,
        "for": _bounds(found).removeprefix(" for ") or "everything",
        "created": clock(found.created),
        "expires": (clock(found.expires) or "never") + expired,
        "last used": clock(found.last_used) or "never",
        "made by": clean(found.maker) or "-",
    }


def _without_secret(found: Token) -> dict[str, object]:
    return {
        "name": found.name, "role": found.role, "names": found.names, "queues": found.queues,
        "created": found.created, "expires": found.expires, "last_used": found.last_used,
        "maker": found.maker,
    }  # fmt: skip


def _bounds(found: Token) -> str:
    """Where its role holds: ` for tasks billing.* in queues slow`."""
    if not (found.names or found.queues):
        return ""
    names = f" {', '.join(found.names)}" if found.names else ""
    queues = f" in queues {', '.join(found.queues)}" if found.queues else ""
    return f" for tasks{names}{queues}"
