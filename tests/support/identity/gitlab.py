"""A server like GitLab's: OAuth 2, and the API of users and groups."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from tests.support.identity.login_page import buttons
from tests.support.identity.oidc import CLIENT_ID, CLIENT_SECRET
from tests.support.identity.server import NOT_FOUND, LocalServer, Reply, Request, redirect
from tests.support.identity.signing import challenge


@dataclass
class GitlabPerson:
    """`groups`: the level of access (10 guest, 20 reporter, 30 developer, 40 maintainer, 50
    owner) by the whole path of a group."""

    id: int
    email: str
    is_confirmed: bool = True
    state: str = "active"
    groups: Mapping[str, int] = field(default_factory=dict)


class GitlabServer(LocalServer):
    """`people` by username; who is removed is answered by 401 and invalid_grant. The client is
    `umbel` with the secret `secret-of-the-client`; access tokens live `lifetime_s`."""

    def __init__(
        self, people: dict[str, GitlabPerson], *, tls: tuple[Path, Path] | None = None
    ) -> None:
        super().__init__(tls=tls)
        self.people = people
        self.lifetime_s = 7200
        self._codes: dict[str, dict[str, str]] = {}
        self._access: dict[str, str] = {}
        self._refresh: dict[str, str] = {}

    def expire_access_tokens(self) -> None:
        """All access tokens of before are answered by 401; refresh tokens go on."""
        self._access.clear()

    def answer(self, request: Request) -> Reply:
        match request.method, request.path:
            case "GET", "/oauth/authorize":
                return Reply(buttons(request.query, self.people))
            case "POST", "/oauth/authorize":
                return self._authorized(request)
            case "POST", "/oauth/token":
                return self._token(request)
            case "GET", "/api/v4/user":
                return self._user(request)
            case "GET", "/api/v4/groups":
                return self._groups(request)
            case _:
                return NOT_FOUND

    def _authorized(self, request: Request) -> Reply:
        asked = {**request.query, **request.form}
        back = {"state": asked.get("state", "")}
        if "deny" in asked:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_hex(16)
            self._codes[back["code"]] = asked
        return redirect(f"{asked['redirect_uri']}?{urlencode(back)}")

    def _token(self, request: Request) -> Reply:
        form = request.form
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            return Reply({"error": "invalid_client"}, 401)
        if form.get("grant_type") == "refresh_token":
            username = self._refresh.pop(form.get("refresh_token", ""), None)
        else:
            asked = self._codes.pop(form.get("code", ""), {})
            fits = challenge(form.get("code_verifier", "")) == asked.get("code_challenge")
            username = asked.get("subject") if fits else None
        if username not in self.people:
            return Reply({"error": "invalid_grant"}, 400)
        access, refresh = secrets.token_hex(32), secrets.token_hex(32)
        self._access[access] = self._refresh[refresh] = username
        return Reply(
            {"access_token": access, "token_type": "Bearer", "expires_in": self.lifetime_s,
             "refresh_token": refresh, "scope": "read_api"}
        )  # fmt: skip

    def _person(self, request: Request) -> tuple[str, GitlabPerson] | None:
        username = self._access.get(request.bearer or "", "")
        return (username, self.people[username]) if username in self.people else None

    def _user(self, request: Request) -> Reply:
        found = self._person(request)
        if found is None:
            return Reply({"message": "401 Unauthorized"}, 401)
        username, person = found
        confirmed = "2020-01-01T00:00:00.000Z" if person.is_confirmed else None
        return Reply(
            {"id": person.id, "username": username, "name": "A Name", "state": person.state,
             "email": person.email, "confirmed_at": confirmed}
        )  # fmt: skip

    def _groups(self, request: Request) -> Reply:
        found = self._person(request)
        if found is None:
            return Reply({"message": "401 Unauthorized"}, 401)
        least = int(request.query.get("min_access_level", "0"))
        rows = [
            {"id": number, "path": path.rpartition("/")[2], "full_path": path}
            for number, (path, level) in enumerate(found[1].groups.items())
            if level >= least
        ]
        size, page = (
            int(request.query.get(name, usual)) for name, usual in (("per_page", 20), ("page", 1))
        )
        following = str(page + 1) if page * size < len(rows) else ""
        return Reply(
            rows[(page - 1) * size : page * size],
            headers={"x-next-page": following, "x-page": str(page)},
        )
