"""GitLab by OAuth 2 and its API (`gitlab-oauth2`), as Flower asks it: the scope `read_api`, and
groups by the level of access that somebody has in them."""

from __future__ import annotations

from typing import Final

from umbel.auth.providers.addresses import with_query
from umbel.auth.providers.admission import admit
from umbel.auth.providers.base import LoginAttempt, ProviderLogin, ProviderTokens
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.http import Answer
from umbel.auth.providers.identities import claimed_of
from umbel.auth.providers.oauth_api import OauthApi
from umbel.auth.providers.printable import printable
from umbel.auth.providers.renewals import Renewal, is_over
from umbel.auth.providers.token_endpoint import challenge
from umbel.clock import Clock
from umbel.errors import LoginRefused, ProviderUnavailable

_DOMAIN: Final = "gitlab.com"
_SCOPES: Final = ("read_api",)
#: Groups count where somebody is at least a reporter, as with Flower.
_LEVEL: Final = 20
_PAGE: Final = 100
_PAGES_MAX: Final = 20
_REFUSALS: Final = frozenset({401, 403})


class GitlabOauthProvider(OauthApi):
    """See `RedirectProvider`. The subject is the number of the account, `groups` the whole paths
    (`company/team`)."""

    def __init__(self, config: ProviderConfig, secret: str | None, clock: Clock) -> None:
        super().__init__(config, secret, clock, _DOMAIN, "/oauth/token")

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

    async def _renew(self, renewal: Renewal) -> bool:
        token = renewal.tokens.refresh_token
        if token is not None:
            await self._refresh(renewal, token)
        return token is not None or not is_over(renewal.tokens, self._clock.now())

    async def _login(self, tokens: ProviderTokens, access_token: str) -> ProviderLogin:
        address = f"{self._base}/api/v4/user"
        person = self._http.object_of(await self._ask(address, access_token), address, "the person")
        number, name = self._account(person, "username")
        if person.get("state", "active") != "active":
            raise LoginRefused(f"The account {printable(name)} is not active at {self._label}.")
        groups, notes = await self._groups(access_token)
        claims: dict[str, object] = {
            "sub": number, "username": name, "name": person.get("name"), "groups": groups,
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
            raise self._unknown_login()
        return answer
