"""Who has a session: the principal of one by a provider, and the row of one by a password."""

from __future__ import annotations

from typing import Final

import msgspec

from umbel.auth.rules import PASSWORD
from umbel.services.control.login_audit import escaped
from umbel.store.ledger import LoginSession
from umbel.web.logins.provider_sessions import KnownSession, ProviderSessions
from umbel.web.principal import Principal
from umbel.web.sessions import Session

_CLIENT_MAX: Final = 200


def of_provider(sessions: ProviderSessions, session: KnownSession, cluster: str) -> Principal:
    """The person in one cluster, "" for the server as a whole."""
    row, rights = session
    grants = rights.of(cluster)
    claims = msgspec.json.decode(row.claims, type=dict[str, object])
    email = claims.get("email")
    return Principal(
        row.user,
        grants[0].role if grants else "viewer",
        "session",
        is_stranger=not grants,
        bounded=grants[1:],
        because=grants[0].because if grants else "",
        provider=row.provider,
        label=sessions.label(row.provider),
        subject=row.subject,
        email=email if isinstance(email, str) else None,
        claims=claims,
    )


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
