"""Whose a bearer token of an identity provider is: `Authorization: Bearer eyJ...`, so that machines
need no password. Taken from providers with an `api_audience` alone."""

from __future__ import annotations

from collections.abc import Iterable

from umbel.auth.providers.base import Claimed, TokenProvider
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.header_identity import is_signed_token
from umbel.clock import Clock
from umbel.errors import LoginRefused, ProviderUnavailable
from umbel.web.verified_tokens import VerifiedTokens, unverified


class BearerIdentity:
    """`providers` with the issuers of their tokens. On the event loop."""

    def __init__(self, providers: Iterable[tuple[str, TokenProvider]], clock: Clock) -> None:
        self._providers = tuple(
            (issuer.rstrip("/"), VerifiedTokens(each, clock)) for issuer, each in providers
        )

    def concerns(self, secret: str) -> bool:
        """Whether this may be a token of a provider. Other bearer tokens are of a proxy in front,
        and nobody's here."""
        return bool(self._providers) and is_signed_token(secret)

    async def claimed(self, token: str) -> tuple[ProviderConfig, Claimed]:
        """Whose it is, by which provider. Raises `LoginRefused` and `ProviderUnavailable`."""
        unavailable: ProviderUnavailable | None = None
        refused = LoginRefused("No identity provider that is configured here has made the token.")
        issuer = (unverified(token).iss or "").rstrip("/")
        # It is what the token says, unchecked: each checks it itself.
        for each in [each for its, each in self._providers if its == issuer]:
            try:
                return each.config, await each.claimed(token)
            except LoginRefused as error:
                refused = error
            except ProviderUnavailable as error:
                unavailable = error
        raise unavailable or refused
