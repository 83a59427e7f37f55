"""Tokens of a provider as the ledger keeps them: sealed, so that a copy of its file gives none."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import msgspec
from joserfc import jwe, jwk
from joserfc.errors import JoseError

from umbel.auth.providers.base import ProviderTokens

_HEADER: Final = {"alg": "dir", "enc": "A256GCM"}
_PURPOSE: Final = b"umbel: tokens of identity providers"


class _Registry(jwe.JWERegistry):
    """For the tokens of a person with many groups."""

    max_ciphertext_length = 2**20


class TokenSeal:
    """Seals with a key that is made of the ledger's key of sessions (`auth.session_key`): every
    server with the same ledger opens what another sealed. Any thread."""

    def __init__(self, session_key: bytes) -> None:
        derived = hmac.digest(session_key, _PURPOSE, hashlib.sha256)
        self._key = jwk.OctKey.import_key(derived)
        self._registry = _Registry(algorithms=["dir", "A256GCM"])

    def seal(self, tokens: ProviderTokens) -> bytes:
        """The tokens, for nobody without the key."""
        plain = msgspec.json.encode(tokens)
        return jwe.encrypt_compact(_HEADER, plain, self._key, registry=self._registry).encode()

    def open(self, sealed: bytes) -> ProviderTokens | None:
        """What was sealed; None for what cannot be opened: another key, or not as it was."""
        try:
            found = jwe.decrypt_compact(sealed, self._key, registry=self._registry)
            return msgspec.json.decode(found.plaintext or b"", type=ProviderTokens)
        except (JoseError, ValueError, TypeError):
            return None
