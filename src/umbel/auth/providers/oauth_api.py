"""Logins by OAuth 2 and an API of the provider's own: no ID token says who it is, so the API is
asked with the access token (GitHub, and GitLab as Flower asks it)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from umbel.auth.providers.addresses import base_address
from umbel.auth.providers.base import (
    Callback,
    EndedLogin,
    LoginAttempt,
    ProviderLogin,
    ProviderTokens,
)
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.http import ProviderHttp
from umbel.auth.providers.renewals import Renewal, renewed
from umbel.auth.providers.token_endpoint import TokenEndpoint
from umbel.clock import Clock
from umbel.errors import LoginRefused, ProviderUnavailable

_METHODS: Final = ("client_secret_post",)


class OauthApi(ABC):
    """What is the same of `RedirectProvider` for all of them. `domain` is that of the provider
    unless the settings name another, `token_path` where it gives tokens."""

    def __init__(
        self, config: ProviderConfig, secret: str | None, clock: Clock, domain: str, token_path: str
    ) -> None:
        self.config = config
        self._label = config.label or config.name
        self._http = ProviderHttp(self._label, config.ca_file)
        self._base = base_address(config.domain or domain)
        self._tokens = f"{self._base}{token_path}"
        self._clock = clock
        self._endpoint = TokenEndpoint(self._http, config.client_id or "", secret, clock)
        #: What it may call itself (`iss`).
        self._issuers: frozenset[str] = frozenset({self._base})

    @abstractmethod
    async def _login(self, tokens: ProviderTokens, access_token: str) -> ProviderLogin:
        """Who the API says it is."""

    @abstractmethod
    async def _renew(self, renewal: Renewal) -> bool:
        """Get new tokens where it takes that; whether there are any to ask with."""

    async def finish(self, attempt: LoginAttempt, callback: Callback) -> ProviderLogin:
        async with self._http.one_login():
            if callback.issuer is not None and callback.issuer not in self._issuers:
                raise LoginRefused(f"The answer to this login is not of {self._label} (iss).")
            answer = await self._endpoint.exchange(self._tokens, callback.code, attempt, _METHODS)
            return await self._person(renewed(ProviderTokens(), answer))

    async def again(self, tokens: ProviderTokens, subject: str) -> ProviderLogin | None:
        with Renewal(tokens) as renewal:
            async with self._http.one_login():
                if not await self._renew(renewal):
                    return None
                login = await self._person(renewal.tokens)
                if login.claimed.subject != subject:
                    raise LoginRefused(f"{self._label} answers for somebody else now.")
                return login

    async def logout_address(self, tokens: ProviderTokens, back: str) -> str | None:  # noqa: ARG002
        """They do not offer to log out there."""
        return self.config.logout_url

    async def ended(self, logout_token: str) -> EndedLogin:  # noqa: ARG002
        raise LoginRefused(f"{self._label} sends no logout tokens.")

    async def _refresh(self, renewal: Renewal, token: str) -> None:
        """Take new tokens for a refresh token."""
        renewal.take(await self._endpoint.refresh(self._tokens, token, _METHODS))

    async def _person(self, tokens: ProviderTokens) -> ProviderLogin:
        if tokens.access_token is None:
            raise ProviderUnavailable(f"{self._label} gave no access token.")
        return await self._login(tokens, tokens.access_token)

    def _account(self, person: dict[str, object], name: str) -> tuple[str, str]:
        """The number of the account, as a text, and what is under `name`."""
        number, called = person.get("id"), person.get(name)
        if not isinstance(number, int) or isinstance(number, bool) or not isinstance(called, str):
            raise ProviderUnavailable(f"{self._label} does not say who it is.")
        return str(number), called

    def _unknown_login(self) -> LoginRefused:
        """The error for tokens that are void."""
        return LoginRefused(
            f"{self._label} does not know this login any more, or refuses it.",
            remedy="Log in once more.",
        )
