"""The short cuts of OpenID Connect: what Google, GitLab, Okta, Entra, Keycloak and Auth0 add."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.identity import OidcServer, SigningKey
from tests.support.identity.logins import logged_in, new_attempt, provider_of
from umbel.auth.claims import values_at
from umbel.auth.providers.base import RedirectProvider
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.kinds import issuer_of
from umbel.errors import LoginRefused

ANN = {"email": "ann@example.com", "email_verified": True}
TENANT = "72f988bf-86f1-41af-91ab-2d7cd011db47"


@pytest.fixture
def server() -> Iterator[OidcServer]:
    with OidcServer({"u1": ANN}) as it:
        yield it


def asked_for(provider: RedirectProvider) -> dict[str, str]:
    """What the browser asks the provider for."""
    return dict(parse_qsl(urlsplit(asyncio.run(provider.address(new_attempt()))).query))


@pytest.mark.parametrize(
    ("config", "issuer"),
    [
        (ProviderConfig(name="a", kind="google"), "https://accounts.google.com"),
        (ProviderConfig(name="a", kind="gitlab"), "https://gitlab.com"),
        (ProviderConfig(name="a", kind="gitlab", domain="git.example.com"),
         "https://git.example.com"),
        (ProviderConfig(name="a", kind="okta", domain="company.okta.com"),
         "https://company.okta.com"),
        (ProviderConfig(name="a", kind="okta", domain="company.okta.com/oauth2/default"),
         "https://company.okta.com/oauth2/default"),
        (ProviderConfig(name="a", kind="entra", tenant=TENANT),
         f"https://login.microsoftonline.com/{TENANT}/v2.0"),
        (ProviderConfig(name="a", kind="auth0", domain="company.eu.auth0.com"),
         "https://company.eu.auth0.com/"),
        (ProviderConfig(name="a", kind="keycloak", issuer="https://id.example.com/realms/shop"),
         "https://id.example.com/realms/shop"),
        (ProviderConfig(name="a", kind="okta"), None),
        (ProviderConfig(name="a", kind="keycloak"), None),
    ],
)  # fmt: skip
def test_the_issuer_is_made_of_what_the_settings_say(
    config: ProviderConfig, issuer: str | None
) -> None:
    assert issuer_of(config) == issuer


def test_google_lets_in_those_of_the_hosted_domain(server: OidcServer) -> None:
    provider = provider_of(
        {"kind": "google", "issuer": server.issuer, "hosted_domain": ("example.com",)}
    )
    server.people["u1"]["hd"] = "example.com"

    assert logged_in(provider, "u1").claimed.claims["hd"] == "example.com"
    assert asked_for(provider)["hd"] == "example.com"


@pytest.mark.parametrize(
    "domain",
    [None, "evil.example", "example.com.evil.example", "notexample.com", "example.com ",
     "ex\u0430mple.com", ["example.com"]],
)  # fmt: skip
def test_google_keeps_out_those_of_other_domains(server: OidcServer, domain: object) -> None:
    """The e-mail's own domain is not asked: only Google's word on who manages the account."""
    provider = provider_of(
        {"kind": "google", "issuer": server.issuer, "hosted_domain": ("example.com",)}
    )
    server.people["u1"]["hd"] = domain

    with pytest.raises(LoginRefused, match=r"only example\.com may log in \(hosted_domain\)"):
        logged_in(provider, "u1")


def test_gitlab_tells_groups_by_userinfo(server: OidcServer) -> None:
    provider = provider_of({"kind": "gitlab", "domain": server.address})
    server.userinfo["groups"] = ["company", "company/billing"]

    claimed = logged_in(provider, "u1").claimed

    assert claimed.claims["groups"] == ["company", "company/billing"]
    assert asked_for(provider)["scope"] == "openid profile email"


@pytest.mark.parametrize(
    ("level", "groups"),
    [(None, ["a", "b", "c", "d"]), (20, ["a", "b", "c", "d"]), (30, ["a", "b", "c"]),
     (40, ["a", "b"]), (50, ["a"])],
)  # fmt: skip
def test_groups_of_gitlab_count_from_a_level_of_access(
    server: OidcServer, level: int | None, groups: list[str]
) -> None:
    claim = "https://gitlab.org/claims/groups/"
    server.userinfo |= {
        "groups": ["a", "b", "c", "d"],
        f"{claim}owner": ["a"], f"{claim}maintainer": ["b"], f"{claim}developer": ["c"],
    }  # fmt: skip
    provider = provider_of({"kind": "gitlab", "domain": server.address, "min_access_level": level})

    assert logged_in(provider, "u1").claimed.claims["groups"] == groups


@pytest.mark.parametrize(
    ("supported", "scope"),
    [(["openid", "groups"], "openid profile email groups"), (["openid"], "openid profile email"),
     (None, "openid profile email")],
)  # fmt: skip
def test_okta_is_asked_for_groups_where_it_has_such_a_scope(
    server: OidcServer, supported: object, scope: str
) -> None:
    server.metadata["scopes_supported"] = supported
    provider = provider_of({"kind": "okta", "domain": server.address})

    assert asked_for(provider)["scope"] == scope


def entra(server: OidcServer) -> RedirectProvider:
    return provider_of({"kind": "entra", "issuer": server.issuer})


def test_an_email_of_entra_is_believed_only_if_its_domain_was_verified(server: OidcServer) -> None:
    server.people["u1"] = {
        "email": "boss@example.com", "email_verified": True, "preferred_username": "eve@evil.test"
    }  # fmt: skip
    believed: dict[str, object] = {
        "email": "ann@example.com",
        "xms_edov": "1",
        "preferred_username": "ann@x.test",
    }

    stranger = logged_in(entra(server), "u1").claimed
    server.people["u1"] = believed
    verified = logged_in(entra(server), "u1").claimed

    assert (stranger.email, stranger.name) == (None, "eve@evil.test")
    assert "boss@example.com was left out" in stranger.notes[0]
    assert "xms_edov" in stranger.notes[0]
    assert verified.email == "ann@example.com"


@pytest.mark.parametrize(
    "overage",
    [{"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://g"}}},
     {"hasgroups": True}],
)  # fmt: skip
def test_too_many_groups_of_entra_are_said_to_be_too_many(
    server: OidcServer, overage: dict[str, object]
) -> None:
    server.people["u1"] = {"preferred_username": "ann@example.com", "roles": ["Ops"], **overage}
    provider = provider_of(
        {"kind": "entra", "issuer": server.issuer, "allowed_groups": ("some-id",)}
    )

    claimed = logged_in(entra(server), "u1").claimed

    assert "too many of them (overage)" in claimed.notes[0]
    assert not {"groups", "_claim_names", "_claim_sources", "hasgroups"} & claimed.claims.keys()
    assert claimed.claims["roles"] == ["Ops"]
    with pytest.raises(LoginRefused, match="overage"):
        logged_in(provider, "u1")


def test_entra_is_asked_again_by_the_refresh_token_without_userinfo(server: OidcServer) -> None:
    server.people["u1"] = {"preferred_username": "ann@example.com", "groups": ["id-1"]}
    login = logged_in(entra(server), "u1")
    server.people["u1"]["groups"] = []

    again = asyncio.run(entra(server).again(login.tokens, "u1"))

    assert again is not None
    assert again.claimed.claims["groups"] == []
    assert "offline_access" in asked_for(entra(server))["scope"]
    assert server.asked("/userinfo") == []


def keycloak(server: OidcServer) -> RedirectProvider:
    server.access_token_is_jwt = True
    return provider_of({"kind": "keycloak", "issuer": server.issuer})


def test_roles_of_keycloak_are_read_out_of_the_access_token(server: OidcServer) -> None:
    server.access_token |= {
        "realm_access": {"roles": ["operator"]},
        "resource_access": {"umbel": {"roles": ["admin"]}},
        "scope": "openid",
    }

    claims = logged_in(keycloak(server), "u1").claimed.claims

    assert values_at(claims, "realm_access.roles") == ("operator",)
    assert values_at(claims, "resource_access.umbel.roles") == ("admin",)
    assert "scope" not in claims


@pytest.mark.parametrize(
    "change", [{"sub": "u2"}, {"azp": "shop"}, {"iss": "https://evil.example"}, {"exp": 1_000}]
)
def test_an_access_token_of_keycloak_that_is_not_this_logins_is_refused(
    server: OidcServer, change: dict[str, object]
) -> None:
    server.access_token |= {"realm_access": {"roles": ["operator"]}, **change}

    with pytest.raises(LoginRefused):
        logged_in(keycloak(server), "u1")


def test_forged_roles_of_keycloak_are_refused(server: OidcServer) -> None:
    provider, key = keycloak(server), SigningKey()
    login = logged_in(provider, "u1")
    forged = key.sign(server.claims(sub="u1", azp="umbel", realm_access={"roles": ["operator"]}))
    server.instead["/token"] = lambda _: server.tokens_with(forged)

    with pytest.raises(LoginRefused, match="access token is not signed by Company"):
        asyncio.run(provider.again(login.tokens, "u1"))


def test_opaque_access_tokens_of_keycloak_are_no_fault(server: OidcServer) -> None:
    provider = provider_of({"kind": "keycloak", "issuer": server.issuer})

    assert logged_in(provider, "u1").claimed.subject == "u1"


def test_auth0_has_an_issuer_with_a_slash_and_claims_in_name_spaces() -> None:
    with OidcServer(
        {"u1": {**ANN, "nickname": "ann", "https://example.com/roles": ["ops"]}},
        trailing_slash=True,
    ) as server:
        provider = provider_of({"kind": "auth0", "domain": server.address})

        claims = logged_in(provider, "u1").claimed.claims

        assert values_at(claims, "https://example.com/roles") == ("ops",)


def test_an_issuer_that_lacks_its_slash_is_explained() -> None:
    with OidcServer({"u1": ANN}, trailing_slash=True) as server:
        provider = provider_of({"issuer": server.address})

        with pytest.raises(Exception, match="set issuer to what it calls itself"):
            asyncio.run(provider.address(new_attempt()))


def test_scopes_of_the_settings_replace_the_usual_ones(server: OidcServer) -> None:
    provider = provider_of({"issuer": server.issuer, "scopes": ("openid", "roles")})

    assert asked_for(provider)["scope"] == "openid roles"
