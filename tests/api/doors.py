"""Doors for the applications of tests: real authenticators over a ledger."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from umbel.auth.authenticator import PeopleAndTokens
from umbel.auth.base import Role
from umbel.auth.people import everybody
from umbel.auth.rules import Rule
from umbel.auth.second_factor import SecondFactors
from umbel.auth.session_key import session_key
from umbel.auth.tokens import Tokens, make_token
from umbel.clock import Clock
from umbel.services.control.login_audit import LoginAudit
from umbel.store.ledger import Ledger
from umbel.web.authentication import Access
from umbel.web.login_throttle import LoginThrottle
from umbel.web.scrape_access import NO_SCRAPER, ScrapeAccess
from umbel.web.second_factor.check import SecondFactorCheck
from umbel.web.sessions import Sessions

#: One of each role, by their names.
USERS = ("vera:viewer:pw-vera", "otto:operator:pw-otto", "ada:admin:pw-ada")
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")


def door(
    users: Sequence[str],
    ledger: Ledger,
    login_audit: LoginAudit,
    clock: Clock,
    *,
    read_only: bool = False,
    scrape: ScrapeAccess = NO_SCRAPER,
    second_factor_required: bool = False,
    rules: Sequence[Rule] = (),
) -> Access:
    """As `app.web_access` makes it."""
    key = session_key(ledger)
    people = everybody([], users)
    authenticator = PeopleAndTokens(people, Tokens(ledger), clock, key, rules=rules)
    sessions = Sessions(key, 3_600, clock, ledger)
    throttle = LoginThrottle(clock)
    factors = SecondFactors([ledger], clock)
    second_factor = SecondFactorCheck(factors, clock, required=second_factor_required)
    return Access(
        authenticator,
        sessions,
        throttle,
        login_audit,
        is_open=not users,
        read_only=read_only,
        scrape=scrape,
        second_factor=second_factor,
    )


def basic(user: str, password: str) -> dict[str, str]:
    """The header with which a program shows a name and a password."""
    shown = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"authorization": f"Basic {shown}"}


def bearer(ledger: Ledger, role: Role, name: str = "") -> dict[str, str]:
    """The header with a new token of that role."""
    token = make_token(ledger, name or f"a-{role}", role, now=0, expires_s=None)
    return {"authorization": f"Bearer {token}"}
