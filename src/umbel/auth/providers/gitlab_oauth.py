"""GitLab by OAuth 2 and its API (`gitlab-oauth2`), as Flower asks it: the scope `read_api`, and
groups by the level of access that somebody has in them."""

from __future__ import annotations

from typing import Final

from umbel.auth.providers.addresses import base_address, with_query
from umbel.auth.providers.admission import admit
from umbel.auth.providers.base import (
    Callback,
    EndedLogin,
    LoginAttempt,
    ProviderLogin,
    ProviderTokens,
)
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.http import Answer, ProviderHttp
from umbel.auth.providers.identities import claimed_of
from umbel.auth.providers.printable import printable
from umbel.auth.providers.renewals import Renewal, is_over, renewed
from umbel.auth.providers.token_endpoint import TokenEndpoint, challenge
from umbel.clock import Clock
from umbel.errors import LoginRefused, ProviderUnavailable

_DOMAIN: Final = "gitlab.com"
_SCOPES: Final = ("read_api",)
#: Groups count where somebody is at least a reporter, as with Flower.
_LEVEL: Final = 20
_PAGE: Final = 100
_PAGES_MAX: Final = 20
_METHODS: Final = ("client_secret_post",)
_REFUSALS: Final = frozenset({401, 403})


class GitlabOauthProvider:
    """See `RedirectProvider`. The subject is the number of the account, `groups` the whole paths
    (`company/team`)."""

    def __init__(self, config: ProviderConfig, secret: str | None, clock: Clock) -> None:
        self.config = config
        self._label = config.label or config.name
        self._http = ProviderHttp(self._label, config.ca_file)
        self._base = base_address(config.domain or _DOMAIN)
        self._clock = clock
        self._tokens = f"{self._base}/oauth/token"
        self._endpoint = TokenEndpoint(self._http, config.client_id or "", secret, clock)

    async def address(self, attempt: LoginAttempt) -> str:
        return with_query(
            f"{self._base}/oauth/authorize",
            response_type="code",
            client_id=self.config.client_id,
            redirect_uri=attempt.redirect_uri,
            scope=" ".join(self.config.scopes or _SCOPES),
            state=attempt.state,
            code_challenge=challenge(attempt.verifier),
            code_challenge_method="S256",
        )

    async def finish(self, attempt: LoginAttempt, callback: Callback) -> ProviderLogin:
        async with self._http.one_login():
            return await self._finish(attempt, callback)

    async def again(self, tokens: ProviderTokens, subject: str) -> ProviderLogin | None:
        with Renewal(tokens) as renewal:
            async with self._http.one_login():
                return await self._again(renewal, subject)

    async def _finish(self, attempt: LoginAttempt, callback: Callback) -> ProviderLogin:
        if callback.issuer not in (None, self._base):
            raise LoginRefused(f"The answer to this login is not of {self._label} (iss).")
        answer = await self._endpoint.exchange(self._tokens, callback.code, attempt, _METHODS)
        return await self._login(renewed(ProviderTokens(), answer))

    async def _again(self, renewal: Renewal, subject: str) -> ProviderLogin | None:
        token = renewal.tokens.refresh_token
        if token is not None:
            renewal.take(await self._endpoint.refresh(self._tokens, token, _METHODS))
        elif is_over(renewal.tokens, self._clock.now()):
            return None
        login = await self._login(renewal.tokens)
        if login.claimed.subject != subject:
            raise LoginRefused(f"{self._label} answers for somebody else now.")
        return login

    async def logout_address(self, tokens: ProviderTokens, back: str) -> str | None:  # noqa: ARG002
        """GitLab does not offer to log out there."""
        return self.config.logout_url

    async def ended(self, logout_token: str) -> EndedLogin:  # noqa: ARG002
        raise LoginRefused(f"{self._label} sends no logout tokens.")

    async def _login(self, tokens: ProviderTokens) -> ProviderLogin:
        if tokens.access_token is None:
            raise ProviderUnavailable(f"{self._label} gave no access token.")
        address = f"{self._base}/api/v4/user"
        person = self._http.object_of(
            await self._ask(address, tokens.access_token), address, "the person"
        )
        number, name = person.get("id"), person.get("username")
        if not isinstance(number, int) or isinstance(number, bool) or not isinstance(name, str):
            raise ProviderUnavailable(f"{self._label} does not say who it is.")
        if person.get("state", "active") != "active":
            raise LoginRefused(f"The account {printable(name)} is not active at {self._label}.")
        groups, notes = await self._groups(tokens.access_token)
        claims: dict[str, object] = {
            "sub": str(number), "username": name, "name": person.get("name"), "groups": groups,
            "email": person.get("email"), "email_verified": person.get("confirmed_at") is not None,
        }  # fmt: skip
        claimed = claimed_of(claims, label=self._label, names=("username",), notes=notes)
        return ProviderLogin(admit(self.config, claimed), tokens)

    async def _groups(self, token: str) -> tuple[list[str], list[str]]:
        """Whole paths of the groups, up to a bound, and a note if there are more."""
        address = f"{self._base}/api/v4/groups"
        level = self.config.min_access_level
        found: list[str] = []
        for page in range(1, _PAGES_MAX + 1):
            answer = await self._ask(
                with_query(
                    address,
                    min_access_level=str(_LEVEL if level is None else level),
                    per_page=str(_PAGE),
                    page=str(page),
                ),
                token,
            )
            rows = self._http.value_of(answer, address, "groups")
            if not isinstance(rows, list):
                raise ProviderUnavailable(f"{self._label} tells no list of groups.")
            paths = [each.get("full_path") for each in rows if isinstance(each, dict)]
            found += [each for each in paths if isinstance(each, str)]
            if not answer.headers.get("x-next-page", "").strip():
                return found, []
        return found, [f"Only the first {len(found):,} groups of {self._label} are used."]

    async def _ask(self, address: str, token: str) -> Answer:
        answer = await self._http.ask("GET", address, "the person", bearer=token)
        if answer.status in _REFUSALS:
            raise LoginRefused(
                f"{self._label} does not know this login any more, or refuses it.",
                remedy="Log in once more.",
            )
        return answer
