"""The public keys of a provider (RFC 7517), with which it signs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from joserfc import jwk
from joserfc.errors import JoseError

from umbel.auth.providers.fetched import Fetched
from umbel.auth.providers.http import ProviderHttp
from umbel.clock import Clock

PublicKey = jwk.RSAKey | jwk.ECKey
#: The algorithms that are believed, and the type of key of each. None with a shared secret: anybody
#: knows the public key and could sign with it as one.
ALGORITHMS: Final[Mapping[str, str]] = {
    "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA",
    "PS512": "RSA", "ES256": "EC", "ES384": "EC", "ES512": "EC",
}  # fmt: skip
_KEYS_MAX: Final = 100
_BITS_MIN: Final = 2_048


class ProviderKeys:
    """Fetched from `address()`; a key that is not there is looked for once more, since providers
    change theirs."""

    def __init__(
        self, http: ProviderHttp, address: Callable[[], Awaitable[str]], clock: Clock
    ) -> None:
        self._http = http
        self._address = address
        self._fetched = Fetched(self._fetch, clock)

    async def fitting(self, kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
        """The keys that may have signed a token whose header has this. Raises
        `ProviderUnavailable`."""
        keys = await self._fetched.get()
        found = _fitting(keys, kid, algorithm)
        return found or _fitting(await self._fetched.renewed(keys), kid, algorithm)

    async def again(self, kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
        """The same, fetched anew: for a provider that changes a key and not its id."""
        keys = await self._fetched.get()
        return _fitting(await self._fetched.renewed(keys), kid, algorithm)

    async def _fetch(self) -> tuple[PublicKey, ...]:
        found = await self._http.get_object(await self._address(), "its public keys")
        listed = found.get("keys")
        rows = listed[:_KEYS_MAX] if isinstance(listed, list) else []
        return tuple(key for each in rows if (key := _key(each)) is not None)


def _fitting(keys: tuple[PublicKey, ...], kid: str | None, algorithm: str) -> tuple[PublicKey, ...]:
    return tuple(
        each
        for each in keys
        if each.key_type == ALGORITHMS[algorithm]
        and (kid is None or each.get("kid") == kid)
        and each.get("alg") in (None, algorithm)
        and each.get("use") in (None, "sig")
    )


def _key(value: object) -> PublicKey | None:
    """A key of the set; None for one that is of another kind, too short, or malformed."""
    if not isinstance(value, dict) or value.get("kty") not in ("RSA", "EC"):
        return None
    public: dict[str, str | list[str]] = {
        str(name): each for name, each in value.items() if isinstance(each, str) and name != "d"
    }
    try:
        if value["kty"] == "EC":
            return jwk.ECKey.import_key(public)
        key = jwk.RSAKey.import_key(public)
        return key if key.public_key.key_size >= _BITS_MIN else None
    except (JoseError, ValueError, KeyError, TypeError, OverflowError):
        return None
