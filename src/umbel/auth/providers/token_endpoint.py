"""Exchanging codes and refresh tokens for tokens (RFC 6749, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote_plus

import msgspec

from umbel.auth.providers.base import LoginAttempt
from umbel.auth.providers.http import Answer, ProviderHttp
from umbel.clock import Clock
from umbel.errors import LoginError, LoginRefused, ProviderUnavailable
from umbel.process_secrets import hidden

_BASIC: Final = "client_secret_basic"
_POST: Final = "client_secret_post"
#: Errors that say the code or the refresh token is not good (RFC 6749 5.2; GitHub's own words).
_OVER: Final = frozenset({"invalid_grant", "bad_verification_code", "bad_refresh_token"})
#: Errors that say the client's name or secret is not good.
_NO_CLIENT: Final = frozenset(
    {"invalid_client", "unauthorized_client", "incorrect_client_credentials"}
)
_TEXT_MAX: Final = 64 * 2**10
_WORDS_MAX: Final = 300
#: Of a lifetime in seconds.
_DIGITS_MAX: Final = 11


class TokenAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What was exchanged; secret. `expires`: Unix seconds, of the access token; `scopes` None if
    they are not named."""

    access_token: str | None
    refresh_token: str | None
    id_token: str | None
    expires: float | None
    scopes: tuple[str, ...] | None

    def __repr__(self) -> str:
        return "TokenAnswer(...)"


class TokenEndpoint:
    """That of one provider, for the client of the settings; `secret` None is a public client."""

    def __init__(
        self, http: ProviderHttp, client_id: str, secret: str | None, clock: Clock
    ) -> None:
        self._http = http
        self._client_id = client_id
        self._secret = secret
        self._clock = clock
        self._method: str | None = None

    async def exchange(
        self, address: str, code: str, attempt: LoginAttempt, methods: object = None
    ) -> TokenAnswer:
        """What the code is worth. `methods` are the ways to show the secret that the provider
        lists. Raises `LoginRefused` for a code that is used, over or another's."""
        form = {
            "grant_type": "authorization_code", "code": code,
            "redirect_uri": attempt.redirect_uri, "code_verifier": attempt.verifier,
        }  # fmt: skip
        return await self._ask(address, form, methods)

    async def refresh(self, address: str, token: str, methods: object = None) -> TokenAnswer:
        """New tokens. Raises `LoginRefused` if the provider takes this one no more."""
        form = {"grant_type": "refresh_token", "refresh_token": token}
        return await self._ask(address, form, methods)

    async def _ask(self, address: str, form: dict[str, str], methods: object) -> TokenAnswer:
        refusal: LoginError | None = None
        for method in self._methods(methods):
            answer = await self._post(address, form, method)
            error = _error_of(answer)
            if answer.is_ok and error is None:
                self._method = method
                return self._tokens(self._http.object_of(answer, address, "tokens"))
            refusal = self._refusal(answer, form)
            if error != "invalid_client":
                break
        assert refusal is not None  # noqa: S101
        raise refusal

    def _methods(self, listed: object) -> Sequence[str]:
        """The ways to show the secret, the one that succeeded before first. RFC 8414: basic is
        meant where nothing is listed. A client can be set to one of several that are listed."""
        found = listed if isinstance(listed, list | tuple) else [_BASIC]
        fitting = [each for each in (_BASIC, _POST) if each in found] or [_POST]
        return sorted(fitting, key=lambda each: each != self._method)

    async def _post(self, address: str, form: dict[str, str], method: str) -> Answer:
        secret, basic = self._secret, None
        if secret is None:
            form = {**form, "client_id": self._client_id}
        elif method == _BASIC:
            basic = (quote_plus(self._client_id), quote_plus(secret))
        else:
            form = {**form, "client_id": self._client_id, "client_secret": secret}
        return await self._http.ask("POST", address, "tokens", form=form, basic=basic)

    def _refusal(self, answer: Answer, form: Mapping[str, str]) -> LoginError:
        label, error = self._http.label, _error_of(answer)
        words = self._words(answer, form)
        if error in _OVER:
            what = "login" if "refresh_token" in form else "code of this login"
            return LoginRefused(
                f"{label} takes the {what} no more{words}.", remedy="Log in once more."
            )
        if error in _NO_CLIENT:
            return ProviderUnavailable(
                f"{label} does not take the client_id and client_secret of the settings{words}.",
                remedy="Compare them with what the provider has for this application.",
            )
        reason = words or f", with the status {answer.status}"
        return ProviderUnavailable(
            f"{label} gave no tokens{reason}.",
            remedy="Try again; the log of the provider says why.",
        )

    def _words(self, answer: Answer, form: Mapping[str, str]) -> str:
        """What the provider says about an error, without what was sent to it."""
        parts = (answer.fields.get(name) for name in ("error", "error_description"))
        text = ": ".join(each for each in parts if isinstance(each, str) and each)
        sent = [*form.values(), self._secret or ""]
        for value in sorted((each for each in sent if len(each) > 3), key=len, reverse=True):
            text = text.replace(value, "...")
        text = "".join(each for each in hidden(text) if each.isprintable())[:_WORDS_MAX]
        return f" ({text.rstrip('.')})" if text else ""

    def _tokens(self, fields: Mapping[str, object]) -> TokenAnswer:
        def text(name: str) -> str | None:
            value = fields.get(name)
            return value if isinstance(value, str) and 0 < len(value) <= _TEXT_MAX else None

        kind = fields.get("token_type", "bearer")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise ProviderUnavailable(f"{self._http.label} gives tokens that are no bearer tokens.")
        lifetime = _seconds(fields.get("expires_in"))
        scope = fields.get("scope")
        return TokenAnswer(
            access_token=text("access_token"),
            refresh_token=text("refresh_token"),
            id_token=text("id_token"),
            expires=None if lifetime is None else self._clock.now() + lifetime,
            scopes=tuple(scope.replace(",", " ").split()) if isinstance(scope, str) else None,
        )


def _error_of(answer: Answer) -> str | None:
    """The word for what failed; None if the answer has none."""
    error = answer.fields.get("error")
    return None if error is None else str(error)[:_WORDS_MAX]


def _seconds(value: object) -> float | None:
    """A lifetime, which some providers write as a text; None for what is none."""
    if (
        isinstance(value, str)
        and value.isascii()
        and value.isdecimal()
        and len(value) <= _DIGITS_MAX
    ):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 10**_DIGITS_MAX else None


def challenge(verifier: str) -> str:
    """What of the verifier goes along with the browser: S256 of RFC 7636."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
