"""Logout tokens: by them a provider ends logins without a browser (OpenID Connect Back-Channel
Logout 1.0)."""

from __future__ import annotations

from typing import Final

from umbel.auth.providers.base import EndedLogin
from umbel.auth.providers.signatures import LEEWAY_S, TokenChecker
from umbel.errors import LoginRefused

_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
#: One is refused when it is older, seconds.
_AGE_S: Final = 600


async def ended_login(
    checker: TokenChecker, token: str, *, label: str, issuer: str, client_id: str, now: float
) -> EndedLogin:
    """What the token ends; its id is to be taken once. Raises `LoginRefused` for one that is not
    valid: an ID token is none, since it lacks the event, and has a nonce."""
    what = "logout token"
    found = await checker.claims(
        token,
        what,
        issuer=issuer,
        audience=(client_id,),
        types=("jwt", "logout+jwt"),
        essential=("iat", "jti"),
    )
    events, at, number = found.get("events"), found["iat"], found["jti"]
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        raise LoginRefused(f"The {what} of {label} is no logout token (events).")
    if "nonce" in found:
        raise LoginRefused(f"The {what} of {label} has a nonce, as none may have.")
    began = float(at) if isinstance(at, int | float) else 0.0
    if now - began > _AGE_S:
        raise LoginRefused(f"The {what} of {label} is too old.")
    subject, session = _text(found.get("sub")), _text(found.get("sid"))
    if subject is None and session is None:
        raise LoginRefused(f"The {what} of {label} does not say whose login ended.")
    return EndedLogin(
        subject=subject, session=session, token_id=str(number), expires=began + _AGE_S + LEEWAY_S
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
