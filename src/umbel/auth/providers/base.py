"""The contract of identity providers, and the values that go to and from them.

A provider that cannot be asked raises `ProviderUnavailable`, one whose answer must not be
believed `LoginRefused`; both are sentences for a person, without secrets.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from umbel.auth.providers.config import ProviderConfig
from umbel.errors import ProviderUnavailable


class LoginAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One login on its way: what is sent to the provider, and what must come back. `state` and
    `nonce` are random; `verifier` is that of PKCE (RFC 7636), `redirect_uri` the callback."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str

    def __repr__(self) -> str:
        return "LoginAttempt(...)"


class Callback(msgspec.Struct, frozen=True, kw_only=True):
    """What the provider sent the browser back with, already compared with the attempt's state.
    `issuer` is `iss` of RFC 9207, if it came."""

    code: str
    issuer: str | None = None

    def __repr__(self) -> str:
        return f"Callback(code=..., issuer={self.issuer!r})"


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """Who the provider says somebody is, checked. `subject` never changes and is nobody else's
    there; `name` is what people call them (an e-mail, a login). `email` is verified, None if there
    is none. `claims` are bounded, with `email` and the list `emails` only where verified, and
    `groups` where the provider tells any. `notes` are sentences about what was left out, for the
    page that says why somebody may not come in."""

    subject: str
    name: str
    email: str | None = None
    claims: dict[str, object] = {}
    notes: tuple[str, ...] = ()


class ProviderTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a login to ask the provider again; secret. `session` is the provider's own
    id of the login (`sid`), by which it ends it; `access_expires` is when the access token is over
    (Unix seconds; None if the provider does not tell)."""

    access_token: str | None = None
    access_expires: float | None = None
    refresh_token: str | None = None
    id_token: str | None = None
    session: str | None = None

    def __repr__(self) -> str:
        return "ProviderTokens(...)"


class ProviderLogin(msgspec.Struct, frozen=True):
    """A login that is complete."""

    claimed: Claimed
    tokens: ProviderTokens


class RenewalInterrupted(ProviderUnavailable):
    """The provider failed after it had taken the refresh token, which may be good for once:
    `tokens` replace those of before."""

    def __init__(self, error: ProviderUnavailable, tokens: ProviderTokens) -> None:
        super().__init__(error.message, remedy=error.remedy)
        self.tokens = tokens


class EndedLogin(msgspec.Struct, frozen=True):
    """Logins that the provider has ended (back-channel logout): the one of its `session`, or
    without it all of `subject`. `token_id` is that of the logout token (`jti`), which the caller
    takes once (`Ledger.use_once`) until `expires`, Unix seconds."""

    subject: str | None
    session: str | None
    token_id: str = ""
    expires: float = 0.0


class RedirectProvider(Protocol):
    """A provider that people are sent to. On the event loop; no call takes longer than the
    provider is given (2 s each request)."""

    config: ProviderConfig

    async def address(self, attempt: LoginAttempt) -> str:
        """Where the browser is sent."""

    async def finish(self, attempt: LoginAttempt, callback: Callback) -> ProviderLogin:
        """Exchange the code and check what comes."""

    async def again(self, tokens: ProviderTokens, subject: str) -> ProviderLogin | None:
        """Ask once more who they are now; None if the provider cannot say so for these tokens (no
        refresh token, and the access token is over). The tokens of the answer replace these: a
        refresh token may be good for once, so that of a login one asks at a time, on all servers
        together. Raises `LoginRefused` if it says that they are not
        (removed, consent withdrawn, no longer in `allowed_groups`), `ProviderUnavailable` if
        nobody knows; then the login goes on, with the tokens of a `RenewalInterrupted`."""

    async def logout_address(self, tokens: ProviderTokens, back: str) -> str | None:
        """Where the browser is sent to log out there too, and come `back`; None if the provider
        does not offer it."""

    async def ended(self, logout_token: str) -> EndedLogin:
        """What a logout token of the provider's (OpenID Connect Back-Channel Logout) ends. Raises
        `LoginRefused` for one that is not valid."""


class TokenProvider(Protocol):
    """A provider whose signed tokens are believed: in a header of a proxy, or as bearer tokens of
    the API."""

    config: ProviderConfig

    async def claimed(self, token: str) -> Claimed:
        """Whose token it is. Raises `LoginRefused` for one that is not valid."""
