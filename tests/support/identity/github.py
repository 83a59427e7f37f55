"""A server like GitHub Enterprise: OAuth 2, and the parts of the REST API below `/api/v3`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.support.identity.login_page import buttons
from tests.support.identity.oidc import CLIENT_ID, CLIENT_SECRET
from tests.support.identity.server import NOT_FOUND, LocalServer, Reply, Request, redirect
from tests.support.identity.signing import challenge


@dataclass
class GithubPerson:
    """`emails`: (address, is primary, is verified). `teams`: `organisation/team`."""

    id: int
    emails: Sequence[tuple[str, bool, bool]] = ()
    organisations: Sequence[str] = ()
    teams: Sequence[str] = ()
    is_suspended: bool = False


@dataclass(frozen=True)
class _Granted:
    login: str
    scopes: tuple[str, ...]
    query: dict[str, str] = field(default_factory=dict)


class GithubServer(LocalServer):
    """`people` by login; who is removed is answered by 401. `api` is where the API's paths begin:
    below `/api/v3`, or at `public_api`, another host that leads here, as github.com has it. The
    client is `umbel` with the secret `secret-of-the-client`. The page to log in has a button
    for each person. `denied_scopes` are not given though asked for; with `lifetime_s` tokens
    end, and have refresh tokens, as those of GitHub Apps."""

    def __init__(
        self,
        people: dict[str, GithubPerson],
        *,
        public_api: str | None = None,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        super().__init__(tls=tls)
        self.people = people
        self._api_path = "/api/v3" if public_api is None else ""
        self.api = public_api or f"{self.address}/api/v3"
        self.denied_scopes: set[str] = set()
        self.hides_organisations_by_saml = False
        self.lifetime_s: int | None = None
        self._codes: dict[str, _Granted] = {}
        self._tokens: dict[str, _Granted] = {}
        self._refresh: dict[str, _Granted] = {}

    def answer(self, request: Request) -> Reply:
        match request.method, request.path:
            case "GET", "/login/oauth/authorize":
                return Reply(buttons(request.query, self.people))
            case "POST", "/login/oauth/authorize":
                return self._authorized(request)
            case "POST", "/login/oauth/access_token":
                return self._token(request)
            case "GET", path if path.startswith(f"{self._api_path}/"):
                return self._api(path.removeprefix(self._api_path), request)
            case _:
                return NOT_FOUND

    def _authorized(self, request: Request) -> Reply:
        asked = {**request.query, **request.form}
        back = {"state": asked.get("state", "")}
        if "deny" in asked:
            back["error"] = "access_denied"
        else:
            scopes = tuple(
                each for each in asked.get("scope", "").split() if each not in self.denied_scopes
            )
            back["code"] = secrets.token_hex(10)
            self._codes[back["code"]] = _Granted(asked["subject"], scopes, asked)
        return redirect(f"{asked['redirect_uri']}?{urlencode(back)}")

    def _token(self, request: Request) -> Reply:
        """Errors come with the status 200, as GitHub's do."""
        form = request.form
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Reply({"error": "incorrect_client_credentials"})
        if form.get("grant_type") == "refresh_token":
            granted = self._refresh.pop(form.get("refresh_token", ""), None)
            if granted is None:
                return Reply({"error": "bad_refresh_token"})
        else:
            granted = self._codes.pop(form.get("code", ""), None)
            verifier = form.get("code_verifier", "")
            if granted is None or challenge(verifier) != granted.query.get("code_challenge"):
                return Reply({"error": "bad_verification_code"})
        token = f"gho_{secrets.token_hex(18)}"
        self._tokens[token] = granted
        found: dict[str, object] = {
            "access_token": token, "token_type": "bearer", "scope": ",".join(granted.scopes)
        }  # fmt: skip
        if self.lifetime_s is not None:
            refresh = f"ghr_{secrets.token_hex(18)}"
            self._refresh[refresh] = granted
            found |= {"expires_in": self.lifetime_s, "refresh_token": refresh}
        return Reply(found)

    def _api(self, path: str, request: Request) -> Reply:
        granted = self._tokens.get(request.bearer or "")
        person = self.people.get(granted.login) if granted else None
        if granted is None or person is None:
            return Reply({"message": "Bad credentials"}, 401)
        if person.is_suspended:
            return Reply({"message": "Sorry. Your account was suspended."}, 403)
        match path:
            case "/user":
                return Reply(
                    {"id": person.id, "login": granted.login, "name": "A Name"},
                    headers={"x-oauth-scopes": ", ".join(granted.scopes)},
                )
            case "/user/emails" if "user:email" in granted.scopes:
                return self._paged(
                    path,
                    request,
                    [
                        {"email": email, "primary": primary, "verified": verified}
                        for email, primary, verified in person.emails
                    ],
                )
            case "/user/orgs" if "read:org" in granted.scopes:
                sso = {"x-github-sso": "partial-results; organizations=21955855"}
                extra = sso if self.hides_organisations_by_saml else {}
                found = [{"login": each, "id": 1} for each in person.organisations]
                return self._paged(path, request, found, extra)
            case "/user/teams" if "read:org" in granted.scopes:
                pairs = [each.split("/") for each in person.teams]
                return self._paged(
                    path,
                    request,
                    [{"slug": team, "organization": {"login": org}} for org, team in pairs],
                )
            case _:
                return NOT_FOUND

    def _paged(
        self,
        path: str,
        request: Request,
        rows: Sequence[object],
        extra: dict[str, str] | None = None,
    ) -> Reply:
        """A page of `per_page` rows, with the address of the next one as a `Link`."""
        size, page = (
            int(request.query.get(name, n)) for name, n in (("per_page", 30), ("page", 1))
        )
        headers = dict(extra or {})
        if page * size < len(rows):
            following = urlencode({"per_page": size, "page": page + 1})
            headers["link"] = f'<{self.api}{path}?{following}>; rel="next"'
        return Reply(rows[(page - 1) * size : page * size], headers=headers)
