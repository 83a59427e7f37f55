"""GitHub, and GitHub Enterprise by its domain: OAuth 2 and the REST API (no OpenID Connect)."""

from __future__ import annotations

import re
from typing import Final

from umbel.auth.providers.addresses import with_query
from umbel.auth.providers.admission import admit
from umbel.auth.providers.base import Claimed, LoginAttempt, ProviderLogin, ProviderTokens
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.http import Answer
from umbel.auth.providers.identities import claimed_of, is_email
from umbel.auth.providers.oauth_api import OauthApi
from umbel.auth.providers.renewals import Renewal, is_over
from umbel.auth.providers.token_endpoint import challenge
from umbel.clock import Clock
from umbel.errors import ProviderUnavailable

_DOMAIN: Final = "github.com"
_SCOPES: Final = ("read:user", "user:email", "read:org")
#: Rows of a page, and the most pages of each list.
_PAGE: Final = 100
_PAGES_MAX: Final = 10
_NEXT: Final = re.compile(r'<([^<>]+)>\s*;\s*rel="next"')
_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
#: What an application that may not ask for a list is answered.
_HIDDEN: Final = frozenset({_FORBIDDEN, 404})


class GithubProvider(OauthApi):
    """See `RedirectProvider`. The subject is the number of the account: logins can be given up and
    taken by somebody else. `groups` are organisations (`org`) and teams (`org/team`)."""

    def __init__(self, config: ProviderConfig, secret: str | None, clock: Clock) -> None:
        super().__init__(config, secret, clock, _DOMAIN, "/login/oauth/access_token")
        self._issuers |= {f"{self._base}/login/oauth"}
        self._api = api_of(self._base)

    async def address(self, attempt: LoginAttempt) -> str:
        return with_query(
            f"{self._base}/login/oauth/authorize",
            client_id=self.config.client_id,
            redirect_uri=attempt.redirect_uri,
            scope=" ".join(self.config.scopes or _SCOPES),
            state=attempt.state,
            code_challenge=challenge(attempt.verifier),
            code_challenge_method="S256",
        )

    async def _renew(self, renewal: Renewal) -> bool:
        """Tokens of OAuth apps last until somebody revokes them; those of GitHub Apps end, and have
        a refresh token."""
        if not is_over(renewal.tokens, self._clock.now()):
            return True
        token = renewal.tokens.refresh_token
        if token is not None:
            await self._refresh(renewal, token)
        return token is not None

    async def _login(self, tokens: ProviderTokens, access_token: str) -> ProviderLogin:
        token, notes = access_token, list[str]()
        answer = await self._ask(f"{self._api}/user", token)
        person = self._http.object_of(answer, f"{self._api}/user", "the person")
        number, name = self._account(person, "login")
        claims: dict[str, object] = {
            "sub": number, "login": name, "name": person.get("name"),
        }  # fmt: skip
        primary, emails = await self._emails(token, answer, notes)
        groups = await self._groups(token, answer, notes)
        if groups is not None:
            claims["groups"] = groups
        if primary is not None:
            claims |= {"email": primary, "email_verified": True}
        claimed = claimed_of(
            claims, label=self._label, names=("login",), emails=emails, notes=notes
        )
        return ProviderLogin(admit(self.config, self._by_login(claimed, name)), tokens)

    def _by_login(self, claimed: Claimed, login: str) -> Claimed:
        """People of GitHub are called by their login; e-mails there are often private."""
        return Claimed(
            subject=claimed.subject, name=login if login.isprintable() and login else claimed.name,
            email=claimed.email, claims=claimed.claims, notes=claimed.notes,
        )  # fmt: skip

    async def _emails(
        self, token: str, answer: Answer, notes: list[str]
    ) -> tuple[str | None, list[str]]:
        """The primary e-mail and all, as far as they are verified."""
        if not _may(answer, "user:email", "user"):
            notes.append(f"{self._label} was not asked for e-mails (the scope user:email).")
            return None, []
        rows = await self._rows(f"{self._api}/user/emails", token, "e-mails", notes)
        primary, verified = None, []
        for row in rows:
            email = row.get("email")
            if not isinstance(email, str) or not is_email(email):
                continue
            if row.get("verified") is not True:
                notes.append(
                    f"The e-mail {email} was left out: {self._label} says that it is not verified."
                )
                continue
            verified.append(email)
            if row.get("primary") is True:
                primary = email
        return primary, verified

    async def _groups(self, token: str, answer: Answer, notes: list[str]) -> list[str] | None:
        """Organisations and teams; None if they may not be asked for."""
        if not _may(answer, "read:org", "write:org", "admin:org"):
            notes.append(f"{self._label} was not asked for organisations (the scope read:org).")
            return None
        organisations = await self._rows(f"{self._api}/user/orgs", token, "organisations", notes)
        teams = await self._rows(f"{self._api}/user/teams", token, "teams", notes)
        found = [row.get("login") for row in organisations]
        for row in teams:
            owner, slug = row.get("organization"), row.get("slug")
            login = owner.get("login") if isinstance(owner, dict) else None
            if isinstance(login, str) and isinstance(slug, str):
                found.append(f"{login}/{slug}")
        return list(dict.fromkeys(each for each in found if isinstance(each, str)))

    async def _rows(
        self, address: str, token: str, what: str, notes: list[str]
    ) -> list[dict[str, object]]:
        """All pages of a list, up to a bound."""
        rows: list[dict[str, object]] = []
        following: str = with_query(address, per_page=str(_PAGE))
        for _ in range(_PAGES_MAX):
            answer = await self._ask(following, token)
            if answer.status in _HIDDEN:
                notes.append(f"{self._label} does not let this application see {what}.")
                return rows
            value = self._http.value_of(answer, address, what)
            if not isinstance(value, list):
                raise ProviderUnavailable(f"{self._label} tells no list of {what}.")
            rows += [each for each in value if isinstance(each, dict)]
            if answer.headers.get("x-github-sso", "").startswith("partial-results"):
                notes.append(
                    f"{self._label} left out {what} whose single sign-on this login has not passed."
                )
            after = self._next(answer, address)
            if after is None:
                return rows
            following = after
        notes.append(f"Only the first {len(rows):,} {what} of {self._label} are used.")
        return rows

    def _next(self, answer: Answer, address: str) -> str | None:
        """The next page, if it is of the same list: the token goes nowhere else."""
        found = _NEXT.search(answer.headers.get("link", "")[:4_000])
        if found is None or not found[1].startswith(f"{address}?"):
            return None
        return found[1]

    async def _ask(self, address: str, token: str) -> Answer:
        """Raises `LoginRefused` where the token is void or the account suspended, and not where
        there were too many requests, which GitHub answers by the same status."""
        answer = await self._http.ask("GET", address, "the person", bearer=token)
        headers = answer.headers
        is_limited = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0"
        if answer.status == _FORBIDDEN and is_limited:
            raise ProviderUnavailable(f"{self._label} takes no more requests for a while.")
        is_suspended = answer.status == _FORBIDDEN and address == f"{self._api}/user"
        if answer.status == _UNAUTHORIZED or is_suspended:
            raise self._unknown_login()
        return answer


def api_of(base: str) -> str:
    """The address of the API: a host beside those that GitHub runs (github.com, and `*.ghe.com`
    with data residency), a path below a server of one's own."""
    host = base.removeprefix("https://")
    is_githubs = host == _DOMAIN or re.fullmatch(r"[a-z0-9-]+\.ghe\.com", host)
    return f"https://api.{host}" if is_githubs else f"{base}/api/v3"


def _may(answer: Answer, *scopes: str) -> bool:
    """Whether the token has one of these scopes (GitHub names them with every answer; tokens of a
    GitHub App have none and are not bounded by them)."""
    named = answer.headers.get("x-oauth-scopes")
    return named is None or any(each.strip() in scopes for each in named.split(","))
