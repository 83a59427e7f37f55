"""A server of OpenID Connect that a test controls in every part."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote_plus, urlencode

from tests.support.identity.login_page import buttons
from tests.support.identity.server import NOT_FOUND, LocalServer, Reply, Request, redirect
from tests.support.identity.signing import SigningKey, at_hash, challenge, first_key

CLIENT_ID = "umbel"
CLIENT_SECRET = "secret-of-the-client"  # noqa: S105
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True)
class _Grant:
    """What a code or token was given for."""

    subject: str
    query: Mapping[str, str]
    session: str


class OidcServer(LocalServer):
    """An OpenID provider with the client `umbel` and its secret `secret-of-the-client`.

    `people`: claims by subject; who is removed from it is told so by invalid_grant and 401. Its
    page `/authorize` has a button for each person (`button[value=SUBJECT]`) and one named *Deny*.
    `path` stands before all its paths, and in its issuer.

    What a test changes: `metadata` replaces parts of discovery; `id_token`, `access_token` and
    `userinfo` add claims (None removes one); `skew_s` is how far its clock goes ahead and
    `lifetime_s` how long tokens live; `sends_issuer` is RFC 9207; `gives_refresh` and
    `gives_id_token_again` say what answers have; `access_token_is_jwt`; `forge` makes the ID token
    of its claims, `rotate_keys` a new key.
    """

    def __init__(
        self,
        people: Mapping[str, Mapping[str, object]] | None = None,
        *,
        path: str = "",
        trailing_slash: bool = False,
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        super().__init__(tls=tls)
        self.people: dict[str, dict[str, object]] = {
            subject: dict(claims) for subject, claims in (people or {}).items()
        }
        self.base = f"{self.address}{path}"
        self.issuer = f"{self.base}/" if trailing_slash else self.base
        self.path = path
        self.key = first_key()
        self.keys = [self.key]
        self.metadata: dict[str, object] = {}
        self.id_token: dict[str, object] = {}
        self.access_token: dict[str, object] = {}
        self.userinfo: dict[str, object] = {}
        self.skew_s = 0.0
        self.lifetime_s = 3600.0
        self.sends_issuer = False
        self.gives_refresh = True
        self.gives_id_token_again = True
        self.access_token_is_jwt = False
        self.client_secret: str | None = CLIENT_SECRET
        self._codes: dict[str, _Grant] = {}
        self._access: dict[str, _Grant] = {}
        self._refresh: dict[str, _Grant] = {}

    def forge(self, claims: dict[str, object]) -> str:
        """The ID token with these claims; a test replaces it to forge one."""
        return self.key.sign(claims)

    def rotate_keys(self) -> None:
        """Sign with a new key; the old one is published no more."""
        self.key = SigningKey()
        self.keys = [self.key]

    def claims(self, **claims: object) -> dict[str, object]:
        """Claims that every token has; None removes one."""
        now = int(time.time() + self.skew_s)
        found = {"iss": self.issuer, "iat": now, "exp": now + int(self.lifetime_s), **claims}
        return {name: value for name, value in found.items() if value is not None}

    def logout_token(self, **claims: object) -> str:
        """A logout token (OpenID Connect Back-Channel Logout) for the client."""
        base: dict[str, object] = {
            "aud": CLIENT_ID, "jti": secrets.token_hex(8), "events": {LOGOUT_EVENT: {}}
        }  # fmt: skip
        return self.key.sign(self.claims(**{**base, **claims}), typ="logout+jwt")

    def api_token(self, audience: str, subject: str, **claims: object) -> str:
        """An access token as a JWT (RFC 9068) for an API."""
        return self.key.sign(self.claims(aud=audience, sub=subject, **claims), typ="at+jwt")

    def tokens_with(self, access_token: str, subject: str = "u1") -> Reply:
        """The answer to a refresh, with another access token."""
        id_token = self.key.sign(self.claims(sub=subject, aud=CLIENT_ID))
        self._access[access_token] = _Grant(subject, {}, "")
        return Reply({"access_token": access_token, "token_type": "Bearer", "id_token": id_token})

    def answer(self, request: Request) -> Reply:
        match request.method, request.path.removeprefix(self.path):
            case "GET", "/.well-known/openid-configuration":
                return Reply({k: v for k, v in self._discovery().items() if v is not None})
            case "GET", "/jwks":
                return Reply({"keys": [key.public for key in self.keys]})
            case "GET", "/authorize":
                return Reply(buttons(request.query, self.people))
            case "POST", "/authorize":
                return self._authorized(request)
            case "POST", "/token":
                return self._token(request)
            case "GET", "/userinfo":
                return self._userinfo(request)
            case "GET", "/logout":
                return redirect(request.query.get("post_logout_redirect_uri", self.base))
            case _:
                return NOT_FOUND

    def _discovery(self) -> dict[str, object]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "userinfo_endpoint": f"{self.base}/userinfo",
            "jwks_uri": f"{self.base}/jwks",
            "end_session_endpoint": f"{self.base}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "backchannel_logout_supported": True,
            "authorization_response_iss_parameter_supported": self.sends_issuer or None,
            **self.metadata,
        }

    def _authorized(self, request: Request) -> Reply:
        asked = {**request.query, **request.form}
        back: dict[str, str] = {"state": asked.get("state", "")}
        if self.sends_issuer:
            back["iss"] = self.issuer
        if "deny" in asked:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(16)
            self._codes[back["code"]] = _Grant(asked["subject"], asked, secrets.token_hex(8))
        return redirect(f"{asked['redirect_uri']}?{urlencode(back)}")

    def _token(self, request: Request) -> Reply:
        form = request.form
        if not self._is_client(request):
            return Reply({"error": "invalid_client"}, 401)
        if form.get("grant_type") == "refresh_token":
            grant = self._refresh.pop(form.get("refresh_token", ""), None)
            fits, again = grant is not None, True
        else:
            grant = self._codes.pop(form.get("code", ""), None)
            again = False
            fits = grant is not None and (
                form.get("redirect_uri") == grant.query.get("redirect_uri")
                and challenge(form.get("code_verifier", "")) == grant.query.get("code_challenge")
            )
        if grant is None or not fits or grant.subject not in self.people:
            return Reply({"error": "invalid_grant", "error_description": "It is over."}, 400)
        return Reply(self._tokens(grant, again))

    def _tokens(self, grant: _Grant, again: bool) -> dict[str, object]:
        access = self._new_access_token(grant)
        found: dict[str, object] = {
            "access_token": access, "token_type": "Bearer", "expires_in": int(self.lifetime_s)
        }  # fmt: skip
        if self.gives_refresh:
            refresh = secrets.token_urlsafe(16)
            self._refresh[refresh] = grant
            found["refresh_token"] = refresh
        if not again or self.gives_id_token_again:
            base: dict[str, object] = {
                "sub": grant.subject, "aud": CLIENT_ID, "sid": grant.session,
                "at_hash": at_hash(access), **self.people[grant.subject],
            }  # fmt: skip
            if not again and "nonce" in grant.query:
                base["nonce"] = grant.query["nonce"]
            found["id_token"] = self.forge(self.claims(**{**base, **self.id_token}))
        return found

    def _new_access_token(self, grant: _Grant) -> str:
        token = secrets.token_urlsafe(16)
        if self.access_token_is_jwt:
            base: dict[str, object] = {
                "sub": grant.subject, "azp": CLIENT_ID, "typ": "Bearer", "jti": token
            }  # fmt: skip
            token = self.key.sign(self.claims(**{**base, **self.access_token}))
        self._access[token] = grant
        return token

    def _userinfo(self, request: Request) -> Reply:
        grant = self._access.get(request.bearer or "")
        if grant is None or grant.subject not in self.people:
            return Reply({"error": "invalid_token"}, 401)
        found = {"sub": grant.subject, **self.people[grant.subject], **self.userinfo}
        return Reply({name: value for name, value in found.items() if value is not None})

    def _is_client(self, request: Request) -> bool:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        methods = self.metadata.get("token_endpoint_auth_methods_supported")
        if kind.lower() == "basic":
            if isinstance(methods, list) and "client_secret_basic" not in methods:
                return False
            name, _, secret = base64.b64decode(encoded).decode().partition(":")
            return unquote_plus(name) == CLIENT_ID and unquote_plus(secret) == self.client_secret
        found = request.form.get("client_secret")
        return request.form.get("client_id") == CLIENT_ID and found == self.client_secret
