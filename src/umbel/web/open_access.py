"""Open access: authentication of a server without a login, where everybody may do everything."""

from __future__ import annotations

import secrets

from umbel.auth.base import AccountState, Credentials, Identity
from umbel.clock import Clock
from umbel.services.control.login_audit import LoginAudit
from umbel.store.ledger import Ledger
from umbel.web.authentication import Access
from umbel.web.login_throttle import LoginThrottle
from umbel.web.sessions import Sessions


class NoUsers:
    """An `Authenticator` without users."""

    def identify(self, _: Credentials) -> Identity | None:
        return None

    def is_remembered(self, _: Credentials) -> bool:
        return False

    def account_state(self, _: str) -> AccountState | None:
        return None


def open_access(
    clock: Clock, ledger: Ledger, login_audit: LoginAudit, *, read_only: bool = False
) -> Access:
    """Access for everybody: no login, every permission (unless `read_only`)."""
    sessions = Sessions(secrets.token_bytes(32), 60.0, clock, ledger)
    throttle = LoginThrottle(clock)
    return Access(NoUsers(), sessions, throttle, login_audit, is_open=True, read_only=read_only)
