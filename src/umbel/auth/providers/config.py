"""What the settings say of one identity provider: a table `[auth.providers.NAME]`.

Only what all parts need; `kinds` has what each kind of provider asks for and adds.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import msgspec

#: Logins by redirect: OpenID Connect and its short cuts, and OAuth 2 with an API of its own.
RedirectKind = Literal[
    "oidc", "google", "gitlab", "okta", "entra", "keycloak", "auth0", "github", "gitlab-oauth2"
]
#: Logins by headers of a reverse proxy that asked who it is.
ProxyKind = Literal["proxy", "oauth2-proxy", "authelia", "cloudflare-access", "google-iap"]
ProviderKind = Literal[RedirectKind, ProxyKind]
REDIRECT_KINDS: Final[frozenset[str]] = frozenset(get_args(RedirectKind))
PROXY_KINDS: Final[frozenset[str]] = frozenset(get_args(ProxyKind))


class ProviderConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider. `name` is its table's, `label` what people read on the login page.

    Of those by redirect: `client_id`, `client_secret` (or `client_secret_file`, a path, read at the
    start), `issuer` (its address; discovery is below it) or what it is made from: `domain`
    (GitHub Enterprise, GitLab, Okta, Auth0), `tenant` (Entra). `scopes` replace the usual ones.
    `redirect_uri` is the whole callback address where it cannot be made from the request.
    `hosted_domain` (Google) and `allowed_groups` (any that tells groups; with `min_access_level` of
    GitLab) keep out who is not of these, before any rule. `ca_file` is a PEM file with the
    authority of a provider with a certificate of one's own. `api_audience`: bearer tokens of the
    provider with one of these audiences are taken by the API.

    Of those by headers: the names of `user_header`, `email_header`, `name_header` and
    `groups_header` with what stands between two groups (`groups_separator`); `token_header` is
    that of a signed token, which is checked with the keys at `jwks_url` and must have `issuer`
    and one of `audience`. `logout_url` is where who logs out is led.
    """

    name: str
    kind: ProviderKind
    label: str = ""
    client_id: str | None = None
    client_secret: str | None = None
    client_secret_file: str | None = None
    issuer: str | None = None
    domain: str | None = None
    tenant: str | None = None
    scopes: tuple[str, ...] = ()
    redirect_uri: str | None = None
    hosted_domain: tuple[str, ...] = ()
    allowed_groups: tuple[str, ...] = ()
    min_access_level: int | None = None
    ca_file: str | None = None
    api_audience: tuple[str, ...] = ()
    user_header: str | None = None
    email_header: str | None = None
    name_header: str | None = None
    groups_header: str | None = None
    groups_separator: str = ","
    token_header: str | None = None
    jwks_url: str | None = None
    audience: tuple[str, ...] = ()
    logout_url: str | None = None

    def __repr__(self) -> str:
        return f"ProviderConfig(name={self.name!r}, kind={self.kind!r}, ...)"

    @property
    def is_by_redirect(self) -> bool:
        """Whether people are sent to it to log in."""
        return self.kind in REDIRECT_KINDS
