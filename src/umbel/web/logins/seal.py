"""Sealed tokens: what is kept of a login to ask its provider again, unreadable without the key.

AES-GCM of the package cryptography, which `umbel[oidc]` brings; loaded where a login by a provider
is kept. What was sealed for one session opens for no other.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

import msgspec

from umbel.auth.providers.base import ProviderTokens

_NONCE_BYTES: Final = 12
#: The first byte of what is sealed: whether the provider can be asked with it, or it is only what
#: a logout at the provider takes.
_ASKS, _ASKS_NOT = b"\x01", b"\x00"


class LoginSeal:
    """Seals with a key that follows from that of sessions. Any thread."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.new(key, b"seal of provider tokens", hashlib.sha256).digest()

    def close(self, tokens: ProviderTokens, session_id: str) -> bytes | None:
        """The tokens, sealed; None if there are none."""
        if tokens == ProviderTokens(session=tokens.session):
            return None
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        kind = _ASKS if tokens.access_token or tokens.refresh_token else _ASKS_NOT
        nonce = secrets.token_bytes(_NONCE_BYTES)
        bound_to = kind + session_id.encode()
        return (
            kind + nonce + AESGCM(self._key).encrypt(nonce, msgspec.json.encode(tokens), bound_to)
        )

    def open(self, sealed: bytes | None, session_id: str) -> ProviderTokens:
        """What was sealed; nothing if it was not sealed so."""
        if not sealed:
            return ProviderTokens()
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        kind, rest = sealed[:1], sealed[1:]
        nonce, body = rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]
        try:
            text = AESGCM(self._key).decrypt(nonce, body, kind + session_id.encode())
        except (InvalidTag, ValueError):
            return ProviderTokens()
        return msgspec.json.decode(text, type=ProviderTokens)


def can_ask(sealed: bytes | None) -> bool:
    """Whether the provider can be asked with these sealed tokens."""
    return sealed is not None and sealed[:1] == _ASKS
