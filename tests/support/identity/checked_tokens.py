"""A provider that checks the tokens of a test's key, in this process."""

from __future__ import annotations

import asyncio

from joserfc import jwk, jwt
from joserfc.errors import JoseError

from tests.support.identity.signing import SigningKey
from umbel.auth.providers.base import Claimed
from umbel.auth.providers.config import ProviderConfig
from umbel.clock import Clock
from umbel.errors import LoginRefused


class CheckedTokens:
    """A `TokenProvider` of the key; `checks` counts what it looked at, each time
    `checked` is set; it raises `error` if that is set."""

    def __init__(
        self, config: ProviderConfig, key: SigningKey, clock: Clock, audience: str = "umbel"
    ) -> None:
        self.config = config
        self.checks = 0
        self.checked = asyncio.Event()
        self.error: Exception | None = None
        self._key = jwk.import_key(key.public)  # type: ignore[arg-type]
        self._algorithm = key.algorithm
        self._clock = clock
        self._audience = audience

    async def claimed(self, token: str) -> Claimed:
        """See `TokenProvider`."""
        self.checks += 1
        self.checked.set()
        if self.error is not None:
            raise self.error
        try:
            claims = jwt.decode(token, self._key, algorithms=[self._algorithm]).claims
            jwt.JWTClaimsRegistry(
                now=int(self._clock.now()),
                iss={"essential": True, "value": self.config.issuer or ""},
                aud={"essential": True, "value": self._audience},
                exp={"essential": True},
            ).validate(claims)
        except (JoseError, ValueError):
            raise LoginRefused("The token is not valid.") from None
        email = claims.get("email")
        return Claimed(
            subject=claims["sub"], name=email or claims["sub"], email=email, claims=dict(claims)
        )
