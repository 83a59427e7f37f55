"""Each kind of provider at a local server, with the same people: what it calls groups, how it says
that an e-mail is verified, and how its tokens and codes expire or are forged."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from tests.support.identity.github import GithubPerson, GithubServer
from tests.support.identity.gitlab import GitlabPerson, GitlabServer
from tests.support.identity.key_server import KeyServer
from tests.support.identity.oidc import CLIENT_ID, CLIENT_SECRET, OidcServer
from tests.support.identity.server import LocalServer, Reply
from tests.support.identity.signing import with_other_claims

#: What the API's tokens are for, and what the proxies' are.
API, SITE = "umbel-api", "umbel-site"
#: The kinds that people are sent to, and those whose tokens programs may show.
REDIRECT_KINDS: Final = (
    "oidc", "google", "gitlab", "okta", "entra", "keycloak", "auth0", "github", "gitlab-oauth2",
)  # fmt: skip
BEARER_KINDS: Final = (
    "oidc", "google", "gitlab", "okta", "entra", "keycloak", "auth0", "cloudflare-access",
    "google-iap",
)  # fmt: skip
CLIENT: Final = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@dataclass(frozen=True)
class Somebody:
    """A person as their company knows them."""

    email: str
    is_verified: bool = True
    groups: tuple[str, ...] = ()


class RedirectKind(Protocol):
    """A kind that people are sent to. `claim` is where rules look for groups, "" for a kind that
    tells none; `forged` is what is forged about it."""

    @property
    def kind(self) -> str: ...
    @property
    def server(self) -> LocalServer: ...
    @property
    def settings(self) -> Mapping[str, object]: ...
    @property
    def claim(self) -> str: ...

    def know(self, subject: str, who: Somebody) -> None:
        """What it says of somebody from now on."""

    def remove(self, subject: str) -> None:
        """Somebody has left."""

    def let_expire(self) -> None:
        """Whatever it gives from now on, or has given, is over when it is shown."""

    def put_forward(self, seconds: float) -> None:
        """Its clock goes ahead."""


class OidcKind:
    """A kind of OpenID Connect. `proof` says that the e-mail is verified."""

    def __init__(
        self, kind: str, claim: str, *, proof: str = "email_verified", slash: bool = False,
        domain: bool = False, **settings: object,
    ) -> None:  # fmt: skip
        self.kind, self.claim, self._proof = kind, claim, proof
        self.server = OidcServer(trailing_slash=slash)
        address = {"domain": self.server.address} if domain else {"issuer": self.server.issuer}
        self.settings: dict[str, object] = {
            **CLIENT, **address, "api_audience": API, **settings
        }  # fmt: skip

    def know(self, subject: str, who: Somebody) -> None:
        self.server.people[subject] = self.claims(who)

    def claims(self, who: Somebody) -> dict[str, object]:
        """What its tokens say of somebody."""
        groups = nested(self.claim, list(who.groups)) if self.claim else {}
        return {"email": who.email, self._proof: who.is_verified, **groups}

    def remove(self, subject: str) -> None:
        del self.server.people[subject]

    def let_expire(self) -> None:
        self.server.lifetime_s = -600

    def put_forward(self, seconds: float) -> None:
        self.server.skew_s = seconds

    def forge(self) -> None:
        """What it signs is changed on the way."""
        self.server.forge = lambda claims: with_other_claims(  # type: ignore[method-assign]
            self.server.key.sign(claims), email="ann@example.com"
        )

    def token(self, who: Somebody, *, lifetime_s: float = 600) -> str:
        """A bearer token for the API."""
        return self.server.api_token(
            API, "u1", exp=int(time.time() + lifetime_s), **self.claims(who)
        )


class GithubKind:
    """Groups are organisations."""

    kind, claim = "github", "groups"

    def __init__(self) -> None:
        self.server = GithubServer({})
        self.settings = {**CLIENT, "domain": self.server.address}

    def know(self, subject: str, who: Somebody) -> None:
        self.server.people[subject] = GithubPerson(
            id=len(subject), emails=[(who.email, True, who.is_verified)], organisations=who.groups
        )

    def remove(self, subject: str) -> None:
        del self.server.people[subject]

    def let_expire(self) -> None:
        self.server.instead["/login/oauth/access_token"] = Reply({"error": "bad_verification_code"})

    def put_forward(self, seconds: float) -> None:
        """Its tokens do not expire."""


class GitlabKind:
    """GitLab's OAuth 2."""

    kind, claim = "gitlab-oauth2", "groups"

    def __init__(self) -> None:
        self.server = GitlabServer({})
        self.settings = {**CLIENT, "domain": self.server.address}

    def know(self, subject: str, who: Somebody) -> None:
        self.server.people[subject] = GitlabPerson(
            id=len(subject), email=who.email, is_confirmed=who.is_verified,
            groups=dict.fromkeys(who.groups, 30),
        )  # fmt: skip

    def remove(self, subject: str) -> None:
        del self.server.people[subject]

    def let_expire(self) -> None:
        self.server.instead["/oauth/token"] = Reply({"error": "invalid_grant"}, 400)

    def put_forward(self, seconds: float) -> None:
        if seconds:
            self.server.expire_access_tokens()


class SignedKind:
    """A proxy that signs a header."""

    def __init__(
        self, kind: str, header: str, claim: str, issuer: str | None, algorithm: str = "RS256"
    ) -> None:
        self.kind, self.header, self.claim = kind, header, claim
        self.server = KeyServer(algorithm)
        self._issuer = issuer or self.server.address
        keys = {"domain": self.server.address} if issuer is None else {
            "jwks_url": self.server.jwks_url
        }  # fmt: skip
        self.settings = {**keys, "audience": SITE, "api_audience": API}

    def token(self, who: Somebody, *, lifetime_s: float = 600, audience: str = API) -> str:
        """What stands in its header (for the audience `SITE`), or what a program shows."""
        return self.server.token(
            iss=self._issuer, aud=audience, sub="u1", email=who.email,
            exp=int(time.time() + lifetime_s),
            email_verified=None if who.is_verified else False,
            **nested(self.claim, list(who.groups)),
        )  # fmt: skip


@dataclass(frozen=True)
class PlainKind:
    """A proxy that sends headers which nobody signs."""

    kind: str
    user: str
    email: str
    groups: str
    settings: Mapping[str, object]
    claim: str = "groups"

    def headers(self, who: Somebody) -> dict[str, str]:
        """What it says of somebody."""
        return {
            self.user: who.email.partition("@")[0],
            self.email: who.email,
            self.groups: ",".join(who.groups),
        }


def redirect_kinds() -> list[RedirectKind]:
    """Every kind that people are sent to; the caller starts and ends their servers."""
    tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
    return [
        OidcKind("oidc", "groups"),
        OidcKind("google", ""),
        OidcKind("gitlab", "groups", domain=True),
        OidcKind("okta", "groups", domain=True),
        OidcKind("entra", "groups", proof="xms_edov", tenant=tenant),
        OidcKind("keycloak", "realm_access.roles"),
        OidcKind("auth0", "https://umbel.example.com/roles", slash=True, domain=True),
        GithubKind(),
        GitlabKind(),
    ]


def signed_kinds() -> list[SignedKind]:
    """Every kind of proxy that signs; the issuer of Google's IAP is fixed, its keys are not."""
    return [
        SignedKind("cloudflare-access", "cf-access-jwt-assertion", "custom.groups", None),
        SignedKind(
            "google-iap", "x-goog-iap-jwt-assertion", "google.access_levels",
            "https://cloud.google.com/iap", "ES256",
        ),
    ]  # fmt: skip


def plain_kinds() -> list[PlainKind]:
    """Every kind of proxy whose headers are believed as they come."""
    own = {
        "user_header": "X-Auth-User", "email_header": "X-Auth-Email",
        "groups_header": "X-Auth-Groups",
    }  # fmt: skip
    return [
        PlainKind("proxy", "x-auth-user", "x-auth-email", "x-auth-groups", own),
        PlainKind(
            "oauth2-proxy", "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups", {}
        ),
        PlainKind("authelia", "remote-user", "remote-email", "remote-groups", {}),
    ]


def nested(path: str, value: object) -> dict[str, object]:
    """The value where rules look for it: in objects, but for names that are addresses."""
    if "://" in path:
        return {path: value}
    for name in reversed(path.split(".")):
        value = {name: value}
    assert isinstance(value, dict)
    return value
