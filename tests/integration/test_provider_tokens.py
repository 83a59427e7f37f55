"""Signed tokens: in a proxy's header (Cloudflare Access, Google's IAP, others), and as bearer
tokens of the API."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pytest

from tests.support.identity import KeyServer, OidcServer, SigningKey, unsigned, with_other_claims
from umbel.auth.providers.base import TokenProvider
from umbel.auth.providers.config import ProviderConfig
from umbel.auth.providers.opening import open_bearer_providers, open_token_providers
from umbel.clock import SystemClock
from umbel.errors import LoginRefused, ProviderUnavailable

TAG = "32eafc7626e974616deaf0dc3ce63d7b"
PERSON: dict[str, object] = {"aud": [TAG], "sub": "7335d417", "email": "ann@example.com"}


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    with KeyServer() as it:
        yield it


@pytest.fixture
def access(keys: KeyServer) -> TokenProvider:
    return header(
        ProviderConfig(
            name="company", kind="cloudflare-access", domain=keys.address, audience=(TAG,)
        )
    )


def header(config: ProviderConfig) -> TokenProvider:
    return open_token_providers([config], SystemClock())["company"]


def test_a_token_of_cloudflare_access_says_who_it_is(
    keys: KeyServer, access: TokenProvider
) -> None:
    claimed = asyncio.run(access.claimed(keys.token(**PERSON, type="app", country="SE")))

    assert (claimed.subject, claimed.name) == ("7335d417", "ann@example.com")
    assert claimed.claims["emails"] == ["ann@example.com"]
    assert claimed.claims["country"] == "SE"
    assert keys.asked("/cdn-cgi/access/certs")


def test_a_service_token_of_cloudflare_has_a_name(keys: KeyServer, access: TokenProvider) -> None:
    token = keys.token(aud=TAG, sub="", common_name="e367.access")

    claimed = asyncio.run(access.claimed(token))

    assert (claimed.subject, claimed.name, claimed.email) == ("e367.access", "e367.access", None)


def test_a_token_of_googles_iap_says_who_it_is() -> None:
    with KeyServer("ES256") as keys:
        audience = "/projects/1/global/backendServices/2"
        provider = header(
            ProviderConfig(
                name="company", kind="google-iap", jwks_url=keys.jwks_url, audience=(audience,)
            )
        )
        person: dict[str, object] = {
            "iss": "https://cloud.google.com/iap", "aud": audience, "hd": "example.com",
            "sub": "accounts.google.com:115", "email": "ann@example.com",
        }  # fmt: skip

        claimed = asyncio.run(provider.claimed(keys.token(**person)))

        assert (claimed.subject, claimed.email) == ("accounts.google.com:115", "ann@example.com")
        with pytest.raises(LoginRefused, match="not for /projects"):
            asyncio.run(provider.claimed(keys.token(**{**person, "aud": "/projects/9"})))
        rsa = SigningKey()
        with pytest.raises(LoginRefused, match="RS256, which is not believed; ES256 are"):
            asyncio.run(provider.claimed(rsa.sign(person)))


def test_any_proxy_that_signs_is_checked_by_its_keys(keys: KeyServer) -> None:
    provider = header(
        ProviderConfig(
            name="company", kind="proxy", token_header="x-token",  # noqa: S106
            jwks_url=keys.jwks_url,
            issuer="https://proxy.example.com", audience=("umbel",), allowed_groups=("ops",),
        )
    )  # fmt: skip
    ann: dict[str, object] = {
        "iss": "https://proxy.example.com", "aud": "umbel", "sub": "1", "groups": ["ops"]
    }  # fmt: skip

    assert asyncio.run(provider.claimed(keys.token(**ann))).claims["groups"] == ["ops"]
    with pytest.raises(LoginRefused, match="allowed_groups"):
        asyncio.run(provider.claimed(keys.token(**{**ann, "groups": ["opsx"]})))
    with pytest.raises(LoginRefused, match="lacks iss"):
        asyncio.run(provider.claimed(keys.token(**{**ann, "iss": None})))


def test_an_email_that_the_token_calls_unverified_is_left_out(
    keys: KeyServer, access: TokenProvider
) -> None:
    claimed = asyncio.run(access.claimed(keys.token(**PERSON, email_verified=False)))

    assert claimed.email is None


def test_forged_tokens_of_a_proxy_are_refused(keys: KeyServer, access: TokenProvider) -> None:
    whole = {"iss": keys.address, "exp": int(time.time()) + 60, **PERSON}
    forged = {
        "signed by another": SigningKey().sign(whole),
        "unsigned": unsigned(whole),
        "with the public key as a secret": keys.key.as_hmac(whole),
        "changed": with_other_claims(keys.token(**PERSON), email="boss@example.com"),
        "expired": keys.token(**PERSON, exp=1_000),
        "without an end": keys.token(**PERSON, exp=None),
        "for another application": keys.token(**{**PERSON, "aud": ["other"]}),
        "for nobody": keys.token(**{**PERSON, "aud": None}),
        "of another team": keys.token(**PERSON, iss="https://evil.cloudflareaccess.com"),
        "not begun": keys.token(**PERSON, nbf=int(time.time()) + 600),
        "nobody's": keys.token(aud=TAG),
        "demanding": keys.key.sign(whole, crit=["b64"], b64=True),
        "nothing": "",
        "not ASCII": "ä.ö.ü",
        "huge": "a" * 70_000,
    }

    for name, token in forged.items():
        with pytest.raises(LoginRefused):
            pytest.fail(f"{name}: {asyncio.run(access.claimed(token))}")


def test_keys_of_a_proxy_change(keys: KeyServer, access: TokenProvider) -> None:
    old = keys.token(**PERSON)
    asyncio.run(access.claimed(old))
    keys.rotate_keys()

    assert asyncio.run(access.claimed(keys.token(**PERSON))).subject == "7335d417"
    with pytest.raises(LoginRefused):
        asyncio.run(access.claimed(old))


def test_keys_that_cannot_be_had_are_said_to_be_missing(
    keys: KeyServer, access: TokenProvider
) -> None:
    token = keys.token(**PERSON)
    keys.close()

    with pytest.raises(ProviderUnavailable, match="public keys"):
        asyncio.run(access.claimed(token))


# --- Bearer tokens of the API ------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[OidcServer]:
    with OidcServer() as it:
        yield it


@pytest.fixture
def api(server: OidcServer) -> TokenProvider:
    config = ProviderConfig(
        name="company", kind="oidc", issuer=server.issuer, client_id="umbel",
        api_audience=("https://umbel.example.com",),
    )  # fmt: skip
    return open_bearer_providers([config], SystemClock())["company"]


def test_an_access_token_for_the_api_says_whose_it_is(
    server: OidcServer, api: TokenProvider
) -> None:
    token = server.api_token("https://umbel.example.com", "robot", groups=["ci"])

    claimed = asyncio.run(api.claimed(token))

    assert (claimed.subject, claimed.name) == ("robot", "robot")
    assert claimed.claims["groups"] == ["ci"]


@pytest.mark.parametrize(
    ("audience", "claims", "words"),
    [("umbel", {}, "is for umbel, not for https://umbel.example.com"),
     ("https://umbel.example.com", {"exp": 1_000}, "expired"),
     ("https://umbel.example.com", {"sub": None}, "lacks sub"),
     ("https://umbel.example.com", {"events": {}}, "logout token"),
     ("https://umbel.example.com", {"iss": "https://evil.example"}, "issuer")],
)  # fmt: skip
def test_a_token_that_is_not_for_the_api_is_refused(
    server: OidcServer, api: TokenProvider, audience: str, claims: dict[str, object], words: str
) -> None:
    whole = server.claims(**{"aud": audience, "sub": "robot", **claims})

    with pytest.raises(LoginRefused, match=words):
        asyncio.run(api.claimed(server.key.sign(whole)))


def test_a_logout_token_is_no_token_for_the_api(server: OidcServer, api: TokenProvider) -> None:
    with pytest.raises(LoginRefused, match=r"of the type logout\+jwt"):
        asyncio.run(api.claimed(server.logout_token(sub="u1", aud="https://umbel.example.com")))
