"""What each kind of OpenID provider adds to the standard, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from umbel.auth.providers.addresses import base_address
from umbel.auth.providers.config import ProviderConfig

_USUAL: Final = ("openid", "profile", "email")


class OpenIdKind(msgspec.Struct, frozen=True, kw_only=True):
    """`issuer` makes the issuer's address where the settings name none; `origin` is the setting
    that it is made of. `scopes` are asked for, `wanted_scopes` if the provider lists them;
    `parameters` go along. An e-mail is believed where `proof` is true; `names` are what people are
    called by, and where the provider `trusts_names`, nobody can choose that of somebody else. Where
    several `may_share_names`, a name alone does not tell who it is (OpenID Connect Core 5.7).
    `asks_userinfo`: the ID token alone does not say all."""

    issuer: Callable[[ProviderConfig], str | None] = lambda _: None
    origin: str = "issuer"
    scopes: tuple[str, ...] = _USUAL
    wanted_scopes: tuple[str, ...] = ()
    parameters: Mapping[str, str] = {}
    proof: str = "email_verified"
    names: tuple[str, ...] = ("preferred_username",)
    trusts_names: bool = False
    may_share_names: bool = False
    asks_userinfo: bool = True
    has_roles_in_access_token: bool = False
    needs_secret: bool = False


def _of_domain(config: ProviderConfig) -> str | None:
    return base_address(config.domain) if config.domain else None


def _of_auth0(config: ProviderConfig) -> str | None:
    """Auth0's issuers end with a slash."""
    return f"{base_address(config.domain)}/" if config.domain else None


def _of_entra(config: ProviderConfig) -> str | None:
    tenant = config.tenant
    return f"https://login.microsoftonline.com/{tenant}/v2.0" if tenant else None


KINDS: Final[Mapping[str, OpenIdKind]] = {
    "oidc": OpenIdKind(may_share_names=True),
    # Without `access_type=offline` Google gives no refresh token.
    "google": OpenIdKind(
        issuer=lambda _: "https://accounts.google.com",
        parameters={"access_type": "offline"},
        may_share_names=True,
        needs_secret=True,
    ),
    # `groups` stand in the answer of userinfo alone.
    "gitlab": OpenIdKind(
        issuer=lambda config: base_address(config.domain or "gitlab.com"),
        origin="domain",
        names=("preferred_username", "nickname"),
    ),
    # Authorization servers of one's own have a scope `groups` only if somebody made it there, and
    # refuse a login that asks for one that is not.
    "okta": OpenIdKind(issuer=_of_domain, origin="domain", wanted_scopes=("groups",)),
    # `email` can be written by a tenant's administrator as anything: `xms_edov` says whether the
    # owner of its domain was verified. Userinfo has no groups.
    "entra": OpenIdKind(
        issuer=_of_entra,
        origin="tenant",
        scopes=(*_USUAL, "offline_access"),
        proof="xms_edov",
        trusts_names=True,
        asks_userinfo=False,
    ),
    "keycloak": OpenIdKind(has_roles_in_access_token=True),
    "auth0": OpenIdKind(
        issuer=_of_auth0,
        origin="domain",
        names=("preferred_username", "nickname"),
        may_share_names=True,
    ),
}

#: Claims of GitLab's with the groups where somebody has at least a level of access.
_GITLAB_LEVELS: Final = {
    50: ("owner",),
    40: ("owner", "maintainer"),
    30: ("owner", "maintainer", "developer"),
}
_GITLAB_CLAIM: Final = "https://gitlab.org/claims/groups/"


def issuer_of(config: ProviderConfig) -> str | None:
    """The issuer of an OpenID provider: that of the settings, or what its kind makes; None if what
    it would be made of is missing."""
    return config.issuer or KINDS[config.kind].issuer(config)


def scopes_of(config: ProviderConfig, supported: object) -> tuple[str, ...]:
    """What is asked for; `supported` are the scopes that the provider lists."""
    if config.scopes:
        return config.scopes
    kind = KINDS[config.kind]
    listed = supported if isinstance(supported, list) else []
    return (*kind.scopes, *(each for each in kind.wanted_scopes if each in listed))


def groups_by_level(config: ProviderConfig, claims: Mapping[str, object]) -> dict[str, object]:
    """The claims, with those groups of GitLab's alone where the person has the level of
    `min_access_level` (30 developer, 40 maintainer, 50 owner; below that, all)."""
    level = config.min_access_level
    reaching = min((each for each in _GITLAB_LEVELS if each >= (level or 0)), default=50)
    if config.kind != "gitlab" or level is None or level <= 20:
        return dict(claims)
    groups: list[object] = []
    for name in _GITLAB_LEVELS[reaching]:
        found = claims.get(f"{_GITLAB_CLAIM}{name}")
        groups += found if isinstance(found, list) else []
    return {**claims, "groups": groups}


def without_overage(
    claims: Mapping[str, object], label: str
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Claims of Entra without the words that it puts in the place of too many groups, and the note
    that says so."""
    sources = claims.get("_claim_names")
    is_over = is_in(sources, "groups") or claims.get("hasgroups") in (True, "true")
    found = {
        name: value
        for name, value in claims.items()
        if name not in {"_claim_names", "_claim_sources", "hasgroups"}
    }
    if not is_over:
        return found, ()
    return found, (
        f"{label} did not tell the groups, because there are too many of them (overage): let it "
        "tell the groups that are assigned to the application, or app roles (roles).",
    )


def is_in(value: object, name: str) -> bool:
    """Whether it is an object with this name."""
    return isinstance(value, dict) and name in value
