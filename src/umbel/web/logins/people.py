"""Who has a session: the principal of one by a provider, and the row of one by a password."""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.auth.rules import PASSWORD
from umbel.services.control.login_audit import escaped
from umbel.store.ledger import LoginSession
from umbel.web.logins.provider_sessions import KnownSession, ProviderSessions
from umbel.web.principal import Principal, principal_by_rules
from umbel.web.sessions import Session

_CLIENT_MAX: Final = 200


def of_provider(sessions: ProviderSessions, session: KnownSession, cluster: str) -> Principal:
    """The person in one cluster, "" for the server as a whole. What the provider said of them stays
    in the row (`email_and_claims`): it may be long, and requests come without asking for it."""
    row, rights = session
    principal = principal_by_rules(
        row.user,
        "session",
        rights.of(cluster),
        provider=row.provider,
        label=sessions.label(row.provider),
    )
    return msgspec.structs.replace(principal, subject=row.subject)


def email_and_claims(row: LoginSession) -> tuple[str | None, dict[str, object]]:
    """The e-mail and the claims of a row."""
    claims = msgspec.json.decode(row.claims, type=dict[str, object])
    email = claims.get("email")
    return email if isinstance(email, str) else None, claims


def row_of(session: Session, address: str, client: str, lifetime_s: float) -> LoginSession:
    """What is kept of a session by a password."""
    began = session.expires - lifetime_s
    return LoginSession(
        id=session.id,
        user=session.user,
        provider=PASSWORD,
        began=began,
        expires=session.expires,
        seen=began,
        address=address,
        client=escaped(client, _CLIENT_MAX),
    )
