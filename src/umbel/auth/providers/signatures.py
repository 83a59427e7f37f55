"""Signed tokens (JWT, RFC 7519): signature, issuer, audience and times, checked by joserfc."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Final

from joserfc import jws, jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    JoseError,
    MissingClaimError,
)

from umbel.auth.providers.keys import ALGORITHMS, ProviderKeys
from umbel.auth.providers.printable import printable
from umbel.clock import Clock
from umbel.errors import LoginRefused

#: How far the clocks may differ, seconds.
LEEWAY_S: Final = 60
#: The longest token, characters.
TOKEN_MAX: Final = 64 * 2**10
#: So many keys are tried for a token that names none.
_TRIED_MAX: Final = 10
#: No token lives until then (the year 5138), Unix seconds.
_END_S: Final = 1e11


def _is_time(value: object) -> bool:
    """A number that can be a time; no date of anybody is beyond it, and NaN never ends."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _END_S


def _is_text(value: object) -> bool:
    return isinstance(value, str)


#: What claims must be where they are there, whatever version of the library is installed.
_FORMS: Final[Mapping[str, Callable[[object], bool]]] = {
    "exp": _is_time, "iat": _is_time, "nbf": _is_time,
    "iss": _is_text, "sub": _is_text, "jti": _is_text,
}  # fmt: skip


class _Registry(jws.JWSRegistry):
    max_header_length = 8 * 2**10
    max_payload_length = TOKEN_MAX
    max_signature_length = 4 * 2**10


class TokenChecker:
    """Checks the tokens of one provider, which sentences call `label`. On the event loop."""

    def __init__(self, label: str, keys: ProviderKeys, clock: Clock) -> None:
        self._label = label
        self._keys = keys
        self._clock = clock

    async def claims(
        self,
        token: str,
        what: str,
        *,
        issuer: str,
        audience: Collection[str] = (),
        types: Collection[str] = ("jwt",),
        algorithms: Collection[str] = tuple(ALGORITHMS),
        essential: Collection[str] = ("exp",),
    ) -> dict[str, object]:
        """The claims of a token, called `what`, that is signed by the provider, of this issuer,
        for one of `audience` (whatever it is for, if that is empty), and valid now. `types` are
        the `typ` of headers that are taken, beside none. Raises `LoginRefused`, and
        `ProviderUnavailable` if its keys cannot be had."""
        found = await self._signed(token, what, types, algorithms)
        for name in sorted(found.keys() & _FORMS.keys()):
            if not _FORMS[name](found[name]):
                raise LoginRefused(f"The {what} of {self._label} has a malformed {name}.")
        now = int(self._clock.now())
        options: dict[str, jwt.ClaimsOption] = {each: {"essential": True} for each in essential}
        options["iss"] = {"essential": True, "value": issuer}
        if audience:
            options["aud"] = {"essential": True, "values": list(audience)}
        registry = jwt.JWTClaimsRegistry(now=now, leeway=LEEWAY_S, **options)
        try:
            registry.validate(found)
        except ClaimError as error:
            raise self._refused(error, what, found, now, issuer, audience) from None
        except JoseError:
            raise LoginRefused(f"The {what} of {self._label} is not valid.") from None
        return found

    async def _signed(
        self, token: str, what: str, types: Collection[str], algorithms: Collection[str]
    ) -> dict[str, object]:
        """The claims of a token whose signature is right."""
        header = self._header(token, what)
        algorithm, kid, kind = (header.get(name) for name in ("alg", "kid", "typ"))
        if not isinstance(algorithm, str) or algorithm not in algorithms:
            raise LoginRefused(
                f"The {what} of {self._label} is signed by {printable(algorithm)}, which is not "
                f"believed; {', '.join(algorithms)} are."
            )
        if kind is not None and _media_type(kind) not in types:
            raise LoginRefused(f"The {what} of {self._label} is of the type {printable(kind)}.")
        if "crit" in header:
            raise LoginRefused(
                f"The {what} of {self._label} demands what is not understood (crit)."
            )
        name = kid if isinstance(kid, str) else None
        keys = await self._keys.fitting(name, algorithm)
        found = self._decoded(token, what, algorithm, keys)
        if found is None and keys and name is not None:
            found = self._decoded(token, what, algorithm, await self._keys.again(name, algorithm))
        if found is None:
            known = "" if keys else ", and the key that it names is none of its keys"
            raise LoginRefused(f"The {what} is not signed by {self._label}{known}.")
        return found

    def _header(self, token: str, what: str) -> Mapping[str, object]:
        if len(token) > TOKEN_MAX or not token.isascii():
            raise LoginRefused(f"The {what} of {self._label} is too long, or is none.")
        try:
            return jws.extract_compact(token.encode(), registry=_Registry()).headers()
        except (JoseError, ValueError, TypeError, RecursionError, AttributeError):
            raise LoginRefused(f"The {what} of {self._label} is malformed.") from None

    def _decoded(
        self, token: str, what: str, algorithm: str, keys: Collection[object]
    ) -> dict[str, object] | None:
        """Its claims, if one of the keys has signed it."""
        registry = _Registry(algorithms=[algorithm], strict_check_header=False)
        for key in tuple(keys)[:_TRIED_MAX]:
            try:
                return jwt.decode(token, key, registry=registry).claims  # type: ignore[arg-type]
            except BadSignatureError:
                continue
            except (JoseError, ValueError, TypeError, RecursionError):
                raise LoginRefused(f"The {what} of {self._label} is malformed.") from None
        return None

    def _refused(
        self,
        error: ClaimError,
        what: str,
        found: Mapping[str, object],
        now: int,
        issuer: str,
        audience: Collection[str],
    ) -> LoginRefused:
        which = f"The {what} of {self._label}"
        claim = error.claim
        if isinstance(error, MissingClaimError):
            return LoginRefused(f"{which} lacks {claim}.")
        if isinstance(error, ExpiredTokenError):
            return self._clock_refusal(f"{which} expired {_apart(now, found.get(claim))} ago")
        if claim == "iss":
            return LoginRefused(
                f"{which} is of the issuer {printable(found.get(claim))}, not {issuer}."
            )
        if claim == "aud":
            wanted = " or ".join(sorted(audience))
            return LoginRefused(f"{which} is for {printable(found.get(claim))}, not for {wanted}.")
        if claim in {"iat", "nbf"}:
            far = _apart(found.get(claim), now)
            return self._clock_refusal(f"{which} begins {far} in the future")
        return LoginRefused(f"{which} has a malformed {claim}.")

    def _clock_refusal(self, happened: str) -> LoginRefused:
        return LoginRefused(
            f"{happened}, by the clock of this machine.",
            remedy=f"If it is a new one, the clocks of this machine and of {self._label} differ by "
            f"more than {LEEWAY_S} s (clock skew): set them.",
        )


def access_token_hash(id_token: str, access_token: str) -> bytes:
    """The `at_hash` that an ID token with this header must have (OpenID Connect Core 3.1.3.6)."""
    size = str(jws.extract_compact(id_token.encode(), registry=_Registry()).headers()["alg"])[-3:]
    digest = hashlib.new(f"sha{size}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=")


def _apart(later: object, earlier: object) -> str:
    numbers = [each for each in (later, earlier) if isinstance(each, int | float)]
    return f"{numbers[0] - numbers[1]:.0f} s" if len(numbers) == 2 else "some time"


def _media_type(kind: object) -> str:
    """RFC 7515 4.1.9: `application/` may be left out, and case does not count."""
    return str(kind).lower().removeprefix("application/")
