"""A server of public keys, as that of a proxy that signs a header."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.identity.server import NOT_FOUND, LocalServer, Reply, Request
from tests.support.identity.signing import SigningKey


class KeyServer(LocalServer):
    """Keys at `/cdn-cgi/access/certs`, as of Cloudflare Access, and at `jwks_url`, any other
    address of it. `algorithm`: RS256, or ES256 as Google's IAP signs."""

    def __init__(self, algorithm: str = "RS256", *, tls: tuple[Path, Path] | None = None) -> None:
        super().__init__(tls=tls)
        self.key = SigningKey(algorithm)
        self.jwks_url = f"{self.address}/public_key-jwk"

    def rotate_keys(self) -> None:
        """Sign with a new key; the old one is published no more."""
        self.key = SigningKey(self.key.algorithm)

    def token(self, **claims: object) -> str:
        """What the proxy sends in its header: issued now, for a minute, by this server's address
        unless claims say something else (None removes one)."""
        now = int(time.time())
        found: dict[str, object] = {"iss": self.address, "iat": now, "exp": now + 60, **claims}
        return self.key.sign({name: each for name, each in found.items() if each is not None})

    def answer(self, request: Request) -> Reply:
        if request.path in {"/cdn-cgi/access/certs", "/public_key-jwk"}:
            return Reply({"keys": [self.key.public], "public_cert": {}})
        return NOT_FOUND
