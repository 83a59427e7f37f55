"""`umbel sessions`: who is logged in by a browser, and the end of it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import click

from umbel.auth.machine_user import machine_user
from umbel.cli.groups import Group
from umbel.cli.ledgers import OpenedLedger, Where, all_ledgers, directories_of
from umbel.cli.listing import json_option
from umbel.cli.options import data_options
from umbel.cli.printing import clean, clock, print_table, put_json, say
from umbel.errors import SettingsError, UmbelError
from umbel.store.ledger import LoginSession

_COLUMNS = ("id", "user", "by", "began", "last used", "expires", "from", "browser")


@click.group(cls=Group, short_help="Who is logged in, and the end of it.")
def sessions() -> None:
    """Sessions of browsers, by a password or an identity provider.

    They are kept in the data directory, and end for every server that shares it."""


@sessions.command(name="list")
@click.option("--user", default=None, metavar="NAME", help="Those of one person alone.")
@json_option
@data_options
def list_sessions(user: str | None, as_json: bool, **where: Where) -> None:
    """Print the sessions that last, the newest first."""
    with all_ledgers(where) as ledgers:
        found = _sessions(ledgers, user)
        if as_json:
            for each in found:
                put_json(_without_secrets(each))
            return
        if not found:
            of_whom = f" of {clean(user)[:200]}" if user else ""
            say(f"No session{of_whom} lasts in {directories_of(ledgers)}.", err=True)
            return
    print_table((_row(each) for each in found), _COLUMNS)


@sessions.command()
@click.argument("session_id", metavar="[ID]", required=False)
@click.option("--user", default=None, metavar="NAME", help="All of this person.")
@data_options
def end(session_id: str | None, user: str | None, **where: Where) -> None:
    """End the session ID, or all of a person, at once and at every server.

    Who may still log in can do so again: the rules of the settings shut somebody out."""
    if (session_id is None) == (user is None):
        raise SettingsError("Name one session by its ID, or a person with --user.", setting="user")
    with all_ledgers(where) as ledgers:
        wanted = _sessions(ledgers, user) if session_id is None else _with_id(ledgers, session_id)
        if not wanted:
            of_whom = f"of {user}" if user else f"with the id {session_id}"
            raise UmbelError(
                f"There is no session {clean(of_whom)[:200]} in {directories_of(ledgers)}.",
                remedy="umbel sessions list names those that last.",
            )
        _end(ledgers, wanted)
        # A ledger tells of many in parts.
        while user is not None and (more := _sessions(ledgers, user)):
            _end(ledgers, more)
            wanted += more
    names = ", ".join(dict.fromkeys(clean(each.user) for each in wanted))
    what = "A session" if len(wanted) == 1 else f"{len(wanted):,} sessions"
    say(f"{what} of {names} ended.", err=True)


def _sessions(ledgers: Sequence[OpenedLedger], user: str | None) -> list[LoginSession]:
    """Those of all ledgers: servers keep them in the first that can be used when they start."""
    now = time.time()
    found = {row.id: row for each in ledgers for row in each.ledger.sessions(now, user=user)}
    return sorted(found.values(), key=lambda each: -each.began)


def _with_id(ledgers: Sequence[OpenedLedger], session_id: str) -> list[LoginSession]:
    found = [row for each in ledgers if (row := each.ledger.session(session_id)) is not None]
    return found[:1]


def _end(ledgers: Sequence[OpenedLedger], rows: Iterable[LoginSession]) -> None:
    actor, now = machine_user("cli"), time.time()
    for row in rows:
        for each in ledgers:
            each.ledger.end_session(row.id, row.expires, now, row.user)
            why = f"It began by {row.provider} from {row.address}."
            each.audit.session_ended(actor, row.user, why)


def _without_secrets(found: LoginSession) -> dict[str, object]:
    return {
        "id": found.id, "user": found.user, "provider": found.provider, "began": found.began,
        "last_used": found.seen, "expires": found.expires, "address": found.address,
        "client": found.client,
    }  # fmt: skip


def _row(found: LoginSession) -> dict[str, str]:
    return {
        "id": found.id,
        "user": clean(found.user),
        "by": found.provider,
        "began": clock(found.began),
        "last used": clock(found.seen),
        "expires": clock(found.expires),
        "from": clean(found.address),
        "browser": clean(found.client)[:60] or "-",
    }
