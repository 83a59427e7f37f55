"""`umbel second-factor`: who with a password has one, and how to get in without it."""

from __future__ import annotations

import click

from umbel.auth.machine_user import machine_user
from umbel.auth.second_factor import SecondFactors
from umbel.cli.groups import Group
from umbel.cli.ledgers import Where, all_ledgers, directories_of
from umbel.cli.listing import json_option
from umbel.cli.options import data_options
from umbel.cli.printing import clean, clock, print_table, put_json, say
from umbel.clock import SystemClock
from umbel.errors import UmbelError
from umbel.services.control.login_audit import SECOND_FACTOR
from umbel.store.ledger import SecondFactor


@click.group(name="second-factor", cls=Group, short_help="Second factors of people with passwords.")
def second_factor() -> None:
    """Second factors of people with passwords, which they turn on in the browser.

    They are kept in the data directory, with several clusters in that of each."""


@second_factor.command(name="list")
@json_option
@data_options
def list_factors(as_json: bool, **where: Where) -> None:
    """Print who has one, since when, and how many recovery codes are left."""
    found: dict[str, SecondFactor] = {}
    with all_ledgers(where) as ledgers:
        for each in reversed(ledgers):
            found |= {factor.user: factor for factor in each.ledger.second_factors()}
        whole = [factor for _, factor in sorted(found.items()) if factor.since is not None]
        if as_json:
            for factor in whole:
                left = len(factor.recovery)
                put_json({"name": factor.user, "since": factor.since, "recovery_left": left})
            return
        rows = [
            {
                "name": clean(factor.user),
                "since": clock(factor.since),
                "recovery codes left": str(len(factor.recovery)),
            }
            for factor in whole
        ]
        if not rows:
            say(f"Nobody has a second factor in {directories_of(ledgers)}.", err=True)
            return
    print_table(rows, ("name", "since", "recovery codes left"))


@second_factor.command()
@click.argument("user")
@data_options
def reset(user: str, **where: Where) -> None:
    """Turn off that of USER, who lost authenticator and recovery codes.

    From then on the password alone logs in: be sure who asks for it."""
    actor = machine_user("cli")
    with all_ledgers(where) as ledgers:
        factors = SecondFactors([each.ledger for each in ledgers], SystemClock())
        if not factors.remove(user):
            raise UmbelError(
                f"{clean(user)[:100]} has no second factor in {directories_of(ledgers)}.",
                remedy="umbel second-factor list names those who have.",
            )
        for each in ledgers:
            each.audit.noted(actor, SECOND_FACTOR, f"that of {user} was reset")
    say(f"The second factor of {clean(user)[:100]} is off.", err=True)
