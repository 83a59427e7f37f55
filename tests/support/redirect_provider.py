"""A provider of logins in memory: it keeps the contract of `RedirectProvider`, and a test decides
what it knows of people and how it fails."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

import anyio

from umbel.auth.providers.base import (
    Callback,
    Claimed,
    EndedLogin,
    LoginAttempt,
    ProviderLogin,
    ProviderTokens,
)
from umbel.auth.providers.config import ProviderConfig
from umbel.errors import LoginRefused, ProviderUnavailable

ACCESS_TOKEN = "the-access-token"  # noqa: S105


@dataclass
class MemoryProvider:
    """`people` are claims by subject, with `email`; who is taken out of it was removed. `is_down`
    refuses to be asked, `is_silent` never answers, `says_again` is whether it tells later who
    somebody is. `names` are what people are called where not by their e-mail, by subject;
    `logout_ids` the ids of logout tokens that are not the token itself."""

    config: ProviderConfig
    people: dict[str, dict[str, object]]
    is_down: bool = False
    is_silent: bool = False
    says_again: bool = True
    offers_logout: bool = True
    failure: Exception | None = None
    asked_again: int = 0
    finished: int = 0
    names: dict[str, str] = field(default_factory=dict)
    logout_ids: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, tuple[str, Mapping[str, list[str]]]] = field(default_factory=dict)

    def press(self, address: str, subject: str) -> str:
        """The address that the browser is sent back to, once it logged in at `address`."""
        query = parse_qs(urlsplit(address).query)
        code = secrets.token_urlsafe(8)
        self._codes[code] = (subject, query)
        back = urlencode({"code": code, "state": query["state"][0]})
        return f"{query['redirect_uri'][0]}?{back}"

    async def address(self, attempt: LoginAttempt) -> str:
        await self._answer()
        query = {
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": _challenge(attempt.verifier),
            "redirect_uri": attempt.redirect_uri,
        }
        return f"https://{self.config.name}.example/authorize?{urlencode(query)}"

    async def finish(self, attempt: LoginAttempt, callback: Callback) -> ProviderLogin:
        await self._answer()
        self.finished += 1
        found = self._codes.pop(callback.code, None)
        if found is None:
            raise LoginRefused("The code was used before, or is none of ours.")
        subject, query = found
        if query["code_challenge"] != [_challenge(attempt.verifier)]:
            raise LoginRefused("The verifier does not fit the code.")
        if query["nonce"] != [attempt.nonce] or query["redirect_uri"] != [attempt.redirect_uri]:
            raise LoginRefused("The code is of another login.")
        return self._login(subject)

    async def again(self, tokens: ProviderTokens, subject: str) -> ProviderLogin | None:
        self.asked_again += 1
        await self._answer()
        assert tokens.access_token == ACCESS_TOKEN
        if not self.says_again:
            return None
        if subject not in self.people:
            raise LoginRefused("They were removed.")
        return self._login(subject)

    async def logout_address(self, tokens: ProviderTokens, back: str) -> str | None:
        await self._answer()
        if not self.offers_logout:
            return None
        query = urlencode({"id_token_hint": tokens.id_token, "post_logout_redirect_uri": back})
        return f"https://{self.config.name}.example/logout?{query}"

    async def ended(self, logout_token: str) -> EndedLogin:
        await self._answer()
        kind, _, name = logout_token.partition(":")
        if kind not in {"sub", "sid"}:
            raise LoginRefused("This is no logout token.")
        name = name.partition("#")[0]
        subject, session = (name if kind == each else None for each in ("sub", "sid"))
        token_id = self.logout_ids.get(logout_token, logout_token)
        return EndedLogin(subject, session, token_id=token_id)

    def _login(self, subject: str) -> ProviderLogin:
        claims = self.people[subject]
        email = claims.get("email")
        assert isinstance(email, str | None)
        name = self.names.get(subject, email or subject)
        claimed = Claimed(
            subject=subject, name=name, email=email, claims=claims,
            notes=("A note of the provider.",),
        )  # fmt: skip
        tokens = ProviderTokens(
            access_token=ACCESS_TOKEN, id_token=f"id-of-{subject}", session=f"sid-{subject}"
        )
        return ProviderLogin(claimed, tokens)

    async def _answer(self) -> None:
        if self.failure is not None:
            raise self.failure
        if self.is_silent:
            await anyio.sleep_forever()
        if self.is_down:
            raise ProviderUnavailable("Okta cannot be asked: nothing answers.", remedy="Try again.")


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
