"""Tokens that a proxy signs and sends in a header: Cloudflare Access, Google's IAP, others."""

from __future__ import annotations

from collections.abc import Collection

from umbel.auth.providers.admission import admit
from umbel.auth.providers.base import Claimed
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.http import ProviderHttp
from umbel.auth.providers.identities import claimed_of
from umbel.auth.providers.keys import ProviderKeys
from umbel.auth.providers.signatures import TokenChecker
from umbel.auth.providers.signers import signer_of
from umbel.clock import Clock


class SignedTokens:
    """See `TokenProvider`. The e-mail is believed, since the proxy has checked it, unless the token
    says that it is not verified. On the event loop."""

    def __init__(self, config: ProviderConfig, audience: Collection[str], clock: Clock) -> None:
        self.config = config
        self._label = config.label or config.name
        self._signer = signer_of(config)
        self._audience = audience
        http = ProviderHttp(self._label, config.ca_file)
        self._checker = TokenChecker(self._label, ProviderKeys(http, self._address, clock), clock)

    async def _address(self) -> str:
        return self._signer.jwks_url or ""

    async def claimed(self, token: str) -> Claimed:
        signer = self._signer
        found = await self._checker.claims(
            token,
            "token",
            issuer=signer.issuer or "",
            audience=self._audience,
            types=("jwt", "at+jwt"),
            algorithms=signer.algorithms,
            essential=("exp",),
        )
        # Cloudflare's service tokens have an empty `sub`, and their name in `common_name`.
        if not found.get("sub") and isinstance(found.get("common_name"), str):
            found["sub"] = found["common_name"]
        names = ("preferred_username", "common_name")
        claimed = claimed_of(
            found,
            label=self._label,
            proof=None,
            names=names,
            trusts_names=False,
            may_share_names=True,
        )
        return admit(self.config, claimed)
