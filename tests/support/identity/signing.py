"""Keys that servers of tests sign with, the tokens that they make, and forged ones."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping

from joserfc import jwk, jws

_numbers = itertools.count(1)


@functools.cache
def first_key() -> SigningKey:
    """The key that servers of this process begin with; making one takes a while."""
    return SigningKey()


class SigningKey:
    """A key pair with an id that no other of this process has. `algorithm`: RS256 or ES256."""

    def __init__(self, algorithm: str = "RS256") -> None:
        self.algorithm = algorithm
        self.kid = f"key-{next(_numbers)}"
        self._key: jwk.RSAKey | jwk.ECKey = (
            jwk.ECKey.generate_key("P-256", {"kid": self.kid})
            if algorithm.startswith("ES")
            else jwk.RSAKey.generate_key(2048, {"kid": self.kid})
        )

    @property
    def public(self) -> dict[str, object]:
        """As it stands in a set of keys (RFC 7517)."""
        return {
            **self._key.as_dict(private=False),
            "kid": self.kid,
            "alg": self.algorithm,
            "use": "sig",
        }

    def rename(self, kid: str) -> None:
        """Publish it, and sign, under another id; not for the key that others begin with."""
        self.kid = kid

    def sign(self, claims: Mapping[str, object], **header: object) -> str:
        """A token with these claims; `header` replaces parts of its header."""
        protected = {"typ": "JWT", "alg": self.algorithm, "kid": self.kid, **header}
        payload = json.dumps(dict(claims)).encode()
        return jws.serialize_compact(protected, payload, self._key, algorithms=[self.algorithm])

    def as_hmac(self, claims: Mapping[str, object]) -> str:
        """A token signed by HS256 with the public key as its secret, as forgers try it."""
        header = {"alg": "HS256", "kid": self.kid, "typ": "JWT"}
        signed = f"{_part(header)}.{_part(claims)}"
        mac = hmac.new(self._key.as_pem(private=False), signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{_base64(mac)}"


def unsigned(claims: Mapping[str, object]) -> str:
    """A token of the algorithm `none`."""
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."


def with_other_claims(token: str, **claims: object) -> str:
    """The token with other claims and the signature of before."""
    header, payload, signature = token.split(".")
    found = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return f"{header}.{_part({**found, **claims})}.{signature}"


def at_hash(access_token: str) -> str:
    """OpenID Connect Core 3.1.3.6, for an algorithm with SHA-256."""
    return _base64(hashlib.sha256(access_token.encode()).digest()[:16])


def challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    return _base64(hashlib.sha256(verifier.encode()).digest())


def _part(value: Mapping[str, object]) -> str:
    return _base64(json.dumps(value).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
