"""Who signs the tokens that a proxy sends, as data: issuer, address of the keys, algorithms."""

from __future__ import annotations

import msgspec

from umbel.auth.providers.addresses import base_address
from umbel.auth.providers.config import ProviderConfig

_ANY = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
)  # fmt: skip


class Signer(msgspec.Struct, frozen=True, kw_only=True):
    """What of it the settings or the kind of proxy name; None is missing."""

    issuer: str | None
    jwks_url: str | None
    algorithms: tuple[str, ...] = _ANY


def signer_of(config: ProviderConfig) -> Signer:
    """That of a provider. The settings' own words prevail."""
    if config.kind == "google-iap":
        return Signer(
            issuer=config.issuer or "https://cloud.google.com/iap",
            jwks_url=config.jwks_url or "https://www.gstatic.com/iap/verify/public_key-jwk",
            algorithms=("ES256",),
        )
    if config.kind == "cloudflare-access" and config.domain is not None:
        team = base_address(config.domain)
        return Signer(
            issuer=config.issuer or team,
            jwks_url=config.jwks_url or f"{team}/cdn-cgi/access/certs",
        )
    return Signer(issuer=config.issuer, jwks_url=config.jwks_url)
