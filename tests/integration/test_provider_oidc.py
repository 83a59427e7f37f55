"""Logins by OpenID Connect: who gets in, and every forgery that does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.support.certificates import make_certificate
from tests.support.clocks import SetClock
from tests.support.identity import (
    CLIENT_SECRET,
    OidcServer,
    Reply,
    Request,
    SigningKey,
    mock_provider,
    unsigned,
    with_other_claims,
)
from tests.support.identity.browsing import log_in_at
from tests.support.identity.logins import logged_in, logging_in, new_attempt, provider_of
from umbel.auth.providers.base import Callback, RedirectProvider, RenewalInterrupted
from umbel.errors import LoginRefused, ProviderUnavailable

ANN = {
    "email": "ann@example.com",
    "email_verified": True,
    "preferred_username": "ann",
    "groups": ["staff", "billing"],
}


@pytest.fixture
def server() -> Iterator[OidcServer]:
    with OidcServer({"u1": ANN, "u2": {"email": "bob@example.com", "email_verified": True}}) as it:
        yield it


@pytest.fixture
def provider(server: OidcServer) -> RedirectProvider:
    return provider_of({"issuer": server.issuer})


def test_a_person_is_who_the_provider_says(provider: RedirectProvider) -> None:
    login = logged_in(provider, "u1")

    assert (login.claimed.subject, login.claimed.name) == ("u1", "ann@example.com")
    assert login.claimed.email == "ann@example.com"
    assert login.claimed.claims["groups"] == ["staff", "billing"]
    assert login.claimed.claims["emails"] == ["ann@example.com"]
    assert login.claimed.notes == ()
    assert login.tokens.session is not None
    assert not {"nonce", "exp", "iat", "aud", "sid"} & login.claimed.claims.keys()


def test_the_address_asks_for_a_code_with_pkce_state_and_nonce(provider: RedirectProvider) -> None:
    attempt = new_attempt()

    query = dict(parse_qsl(urlsplit(asyncio.run(provider.address(attempt))).query))

    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert (query["state"], query["nonce"]) == (attempt.state, attempt.nonce)
    assert query["scope"] == "openid profile email"
    assert attempt.verifier not in query.values()


def test_a_code_with_another_verifier_is_worth_nothing(provider: RedirectProvider) -> None:
    attempt = new_attempt()
    query = log_in_at(asyncio.run(provider.address(attempt)), "u1")
    other = new_attempt()

    with pytest.raises(LoginRefused, match="takes the code of this login no more"):
        asyncio.run(provider.finish(other, Callback(code=query["code"])))


def test_a_code_is_good_for_once(provider: RedirectProvider) -> None:
    attempt = new_attempt()
    query = log_in_at(asyncio.run(provider.address(attempt)), "u1")

    asyncio.run(provider.finish(attempt, Callback(code=query["code"])))

    with pytest.raises(LoginRefused, match="no more"):
        asyncio.run(provider.finish(attempt, Callback(code=query["code"])))


def test_the_provider_of_the_package_is_understood(tmp_path: Path) -> None:
    with mock_provider(tmp_path) as mock:
        mock.set_person("u1", **ANN)
        provider = provider_of({"issuer": mock.issuer})

        login = logged_in(provider, "u1", field="sub")
        mock.set_person("u1", **{**ANN, "groups": []})
        again = asyncio.run(provider.again(login.tokens, "u1"))
        mock.revoke_tokens("u1")

        assert login.claimed.claims["groups"] == ["staff", "billing"]
        assert again is not None
        assert again.claimed.claims["groups"] == []
        with pytest.raises(LoginRefused):
            asyncio.run(provider.again(login.tokens, "u1"))


def test_a_provider_with_a_certificate_of_ones_own_is_believed_by_its_file(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    with OidcServer({"u1": ANN}, path="/realms/shop", tls=files) as server:
        provider = provider_of({"issuer": server.issuer, "ca_file": str(files[0])})
        stranger = provider_of({"issuer": server.issuer})

        assert logged_in(provider, "u1", ca_file=files[0]).claimed.subject == "u1"
        with pytest.raises(ProviderUnavailable, match=r"certificate is not trusted .*ca_file"):
            asyncio.run(stranger.address(new_attempt()))


@pytest.mark.parametrize("methods", [["client_secret_post"], ["client_secret_basic"], None])
def test_the_secret_is_shown_as_the_provider_wants_it(
    server: OidcServer, methods: list[str] | None
) -> None:
    server.client_secret = "with:colons & 100% ünusual"  # noqa: S105
    server.metadata["token_endpoint_auth_methods_supported"] = methods
    provider = provider_of({"issuer": server.issuer, "client_secret": server.client_secret})

    assert logged_in(provider, "u1").claimed.subject == "u1"


def test_a_client_that_is_set_to_the_other_way_is_understood(server: OidcServer) -> None:
    """Basic and post are both listed; this client is refused with basic."""
    server.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    server.instead["/.well-known/openid-configuration"] = lambda _: Reply(
        {**_discovery(server), "token_endpoint_auth_methods_supported":
         ["client_secret_basic", "client_secret_post"]}
    )  # fmt: skip

    assert logged_in(provider_of({"issuer": server.issuer}), "u1").claimed.subject == "u1"


def test_a_public_client_has_no_secret(server: OidcServer) -> None:
    server.client_secret = None

    provider = provider_of({"issuer": server.issuer, "client_secret": None})

    assert logged_in(provider, "u1").claimed.subject == "u1"


def test_a_wrong_secret_is_said_to_be_wrong_and_is_in_no_error(server: OidcServer) -> None:
    provider = provider_of({"issuer": server.issuer, "client_secret": "not-the-secret"})

    with pytest.raises(ProviderUnavailable, match="does not take the client_id") as caught:
        logged_in(provider, "u1")

    assert "not-the-secret" not in str(caught.value)


# --- What must not be believed -----------------------------------------------------------------

Forge = Callable[[OidcServer, dict[str, object]], str]
OTHER = SigningKey()
FORGERIES: dict[str, tuple[Forge, str]] = {
    "signed by another": (lambda _, claims: OTHER.sign(claims), "none of its keys"),
    "signed by another under the key's name": (
        lambda server, claims: OTHER.sign(claims, kid=server.key.kid),
        "is not signed by Company",
    ),
    "changed after it was signed": (
        lambda server, claims: with_other_claims(server.key.sign(claims), sub="u2"),
        "is not signed by Company",
    ),
    "unsigned (alg none)": (lambda _, claims: unsigned(claims), "none, which is not believed"),
    "HS256 with the public key": (
        lambda server, claims: server.key.as_hmac(claims),
        "HS256, which is not believed",
    ),
    "expired": (
        lambda server, claims: server.key.sign({**claims, "exp": 1_000}),
        "expired .* ago.*clock skew",
    ),
    "without an end": (
        lambda server, claims: server.key.sign({k: v for k, v in claims.items() if k != "exp"}),
        "lacks exp",
    ),
    "for another client": (
        lambda server, claims: server.key.sign({**claims, "aud": "shop"}),
        "is for shop, not for umbel",
    ),
    "for several, made for another": (
        lambda server, claims: server.key.sign({**claims, "aud": ["umbel", "shop"]}),
        "made for another client",
    ),
    "made for another": (
        lambda server, claims: server.key.sign({**claims, "azp": "shop"}),
        "made for another client",
    ),
    "of another issuer": (
        lambda server, claims: server.key.sign({**claims, "iss": "https://evil.example"}),
        "of the issuer https://evil.example, not http",
    ),
    "with another nonce": (
        lambda server, claims: server.key.sign({**claims, "nonce": "another"}),
        "of another login",
    ),
    "without a nonce": (
        lambda server, claims: server.key.sign({k: v for k, v in claims.items() if k != "nonce"}),
        "of another login",
    ),
    "with another access token": (
        lambda server, claims: server.key.sign({**claims, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}),
        "at_hash",
    ),
    "without a subject": (
        lambda server, claims: server.key.sign({k: v for k, v in claims.items() if k != "sub"}),
        "lacks sub",
    ),
    "of an access token's type": (
        lambda server, claims: server.key.sign(claims, typ="at+jwt"),
        r"of the type at\+jwt",
    ),
    "an end that is no number": (
        lambda server, claims: server.key.sign({**claims, "exp": "tomorrow"}),
        "malformed exp",
    ),
    "an end that is infinite": (
        lambda server, claims: server.key.sign({**claims, "exp": float("nan")}),
        "malformed",
    ),
    "an end beyond all dates": (
        lambda server, claims: server.key.sign({**claims, "exp": 10**400}),
        "malformed exp",
    ),
    "made beyond all dates": (
        lambda server, claims: server.key.sign({**claims, "iat": -(10**400)}),
        "malformed iat",
    ),
    "an issuer that is a list": (
        lambda server, claims: server.key.sign({**claims, "iss": [claims["iss"]]}),
        "malformed iss",
    ),
    "no token": (lambda _, __: "...", "malformed"),
    "two parts": (lambda _, __: "e30.e30", "malformed"),
    "far too long": (lambda _, __: "a" * 100_000, "gave no ID token"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_id_token_lets_nobody_in(
    server: OidcServer, provider: RedirectProvider, forgery: str
) -> None:
    forge, sentence = FORGERIES[forgery]
    server.forge = lambda claims: forge(server, claims)  # type: ignore[method-assign]

    with pytest.raises(LoginRefused, match=sentence):
        logged_in(provider, "u1")


def test_the_id_token_of_an_earlier_login_is_not_taken_again(
    server: OidcServer, provider: RedirectProvider
) -> None:
    first = logged_in(provider, "u1").tokens.id_token
    assert first is not None
    server.forge = lambda claims: first if claims else ""  # type: ignore[method-assign]

    with pytest.raises(LoginRefused, match=r"another login \(nonce\)"):
        logged_in(provider, "u2")


def test_claims_of_somebody_else_are_not_mixed_in(
    server: OidcServer, provider: RedirectProvider
) -> None:
    server.userinfo["sub"] = "u2"

    with pytest.raises(LoginRefused, match="somebody else's"):
        logged_in(provider, "u1")


@pytest.mark.parametrize("issuer", [None, "https://evil.example"])
def test_the_answer_of_another_issuer_is_refused(server: OidcServer, issuer: str | None) -> None:
    """Mix-up (RFC 9207): the code would go to where it was not made."""
    server.sends_issuer = True
    provider, attempt = provider_of({"issuer": server.issuer}), new_attempt()
    query = log_in_at(asyncio.run(provider.address(attempt)), "u1")

    with pytest.raises(LoginRefused, match=r"not of Company \(iss\)"):
        asyncio.run(provider.finish(attempt, Callback(code=query["code"], issuer=issuer)))
    assert server.asked("/token") == []


def test_a_provider_that_names_its_issuer_is_believed(server: OidcServer) -> None:
    server.sends_issuer = True

    assert logged_in(provider_of({"issuer": server.issuer}), "u1").claimed.subject == "u1"


# --- Clocks and keys ---------------------------------------------------------------------------


@pytest.mark.parametrize("skew_s", [-50, 50])
def test_clocks_that_differ_by_less_than_a_minute_do_no_harm(
    server: OidcServer, provider: RedirectProvider, skew_s: float
) -> None:
    server.skew_s = skew_s
    server.lifetime_s = 30

    assert logged_in(provider, "u1").claimed.subject == "u1"


@pytest.mark.parametrize("skew_s", [-400, 400])
def test_clocks_that_differ_by_more_are_named(
    server: OidcServer, provider: RedirectProvider, skew_s: float
) -> None:
    server.skew_s = skew_s
    server.lifetime_s = 300

    with pytest.raises(LoginRefused, match=r"clocks of this machine and of Company differ .*skew"):
        logged_in(provider, "u1")


def test_a_new_key_is_fetched_when_a_token_names_it(
    server: OidcServer, provider: RedirectProvider
) -> None:
    logged_in(provider, "u1")
    server.rotate_keys()

    assert logged_in(provider, "u1").claimed.subject == "u1"
    assert len(server.asked("/jwks")) == 2


def test_a_new_key_under_the_old_name_is_fetched_as_well(
    server: OidcServer, provider: RedirectProvider
) -> None:
    logged_in(provider, "u1")
    old = server.key.kid
    server.rotate_keys()
    server.key.rename(old)

    assert logged_in(provider, "u1").claimed.subject == "u1"


def test_unknown_keys_do_not_make_umbel_ask_without_end(
    server: OidcServer, provider: RedirectProvider
) -> None:
    server.forge = lambda claims: OTHER.sign(claims)  # type: ignore[method-assign]

    for _ in range(12):
        with pytest.raises(LoginRefused):
            logged_in(provider, "u1")

    assert len(server.asked("/jwks")) == 6


def test_shared_secrets_and_short_keys_among_the_keys_are_passed_over(
    server: OidcServer, provider: RedirectProvider
) -> None:
    server.instead["/jwks"] = Reply(
        {"keys": [{"kty": "oct", "k": "c2VjcmV0"}, "none", {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
                  {"kty": "EC", "crv": "P-256", "x": "!", "y": 7}, server.key.public]}
    )  # fmt: skip

    assert logged_in(provider, "u1").claimed.subject == "u1"


def test_discovery_and_keys_are_asked_for_once_an_hour(server: OidcServer) -> None:
    clock = SetClock(_now())
    provider = provider_of({"issuer": server.issuer}, clock)

    logged_in(provider, "u1")
    logged_in(provider, "u1")
    seen = len(server.asked("/.well-known/openid-configuration"))
    clock.time += 3_700
    server.skew_s = 3_700
    logged_in(provider, "u1")

    assert (seen, len(server.asked("/.well-known/openid-configuration"))) == (1, 2)


def test_many_logins_at_once_ask_for_discovery_once(server: OidcServer) -> None:
    provider = provider_of({"issuer": server.issuer})

    async def all_at_once() -> None:
        await asyncio.gather(*(logging_in(provider, "u1") for _ in range(5)))

    asyncio.run(all_at_once())

    assert len(server.asked("/.well-known/openid-configuration")) == 1
    assert len(server.asked("/jwks")) == 1


# --- E-mails and claims ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verified", "words"),
    [(False, "says that it is not verified"), (None, "does not say that it is verified"),
     ("no", "says that it is not verified")],
)  # fmt: skip
def test_an_email_that_is_not_verified_is_left_out_and_named(
    server: OidcServer, provider: RedirectProvider, verified: object, words: str
) -> None:
    server.people["u1"]["email_verified"] = verified

    claimed = logged_in(provider, "u1").claimed

    assert claimed.email is None
    assert not {"email", "emails"} & claimed.claims.keys()
    assert claimed.name == "ann (u1)"
    assert words in claimed.notes[0]


def test_a_list_of_emails_by_the_provider_is_not_believed(
    server: OidcServer, provider: RedirectProvider
) -> None:
    server.people["u1"]["emails"] = ["boss@example.com"]

    assert logged_in(provider, "u1").claimed.claims["emails"] == ["ann@example.com"]


def test_that_one_email_is_verified_says_nothing_of_another(
    server: OidcServer, provider: RedirectProvider
) -> None:
    server.people["u1"] = {"email": "boss@example.com"}
    server.userinfo |= {"email": "eve@example.com", "email_verified": True}

    assert logged_in(provider, "u1").claimed.email is None


def test_an_email_with_letters_that_look_like_others_is_left_out(
    server: OidcServer, provider: RedirectProvider
) -> None:
    """The sign of Kelvin becomes the same small letter as K does."""
    server.people["u1"]["email"] = "ann@\u212aompany.com"

    claimed = logged_in(provider, "u1").claimed

    assert (claimed.email, claimed.name) == (None, "ann (u1)")
    assert "letters beyond ASCII" in claimed.notes[0]


def test_nobody_calls_themselves_by_an_email_that_is_not_theirs(
    server: OidcServer, provider: RedirectProvider
) -> None:
    server.people["u1"] = {"preferred_username": "boss@example.com"}

    assert logged_in(provider, "u1").claimed.name == "u1"


def test_two_people_of_one_name_are_told_apart(
    server: OidcServer, provider: RedirectProvider
) -> None:
    """`preferred_username` need not be one person's alone (OpenID Connect Core 5.7)."""
    server.people = {"u1": {"preferred_username": "ann"}, "u2": {"preferred_username": "ann"}}
    server.people["u3"] = {"preferred_username": "a" * 200}

    names = [logged_in(provider, each).claimed.name for each in ("u1", "u2", "u3")]

    assert names == ["ann (u1)", "ann (u2)", "u3"]


def test_claims_that_are_huge_or_deep_are_cut_and_it_is_said(
    server: OidcServer, provider: RedirectProvider
) -> None:
    deep: object = "bottom"
    for _ in range(40):
        deep = {"level": deep}
    server.userinfo |= {
        "groups": [f"g{number}" for number in range(7_000)],
        "bio": "x" * 5_000,
        "deep": deep,
        "blob": ["y" * 900] * 400,
    }
    server.id_token["half\ud800"] = 1
    server.people["u1"].pop("groups")

    claimed = logged_in(provider, "u1").claimed

    assert len(claimed.claims["groups"]) == 5_000  # type: ignore[arg-type]
    assert "bio" not in claimed.claims
    assert "blob" not in claimed.claims
    assert "left out" in claimed.notes[0]
    assert "groups" in claimed.notes[0]


# --- Keeping out -------------------------------------------------------------------------------


def test_only_the_groups_that_the_settings_name_may_log_in(server: OidcServer) -> None:
    provider = provider_of({"issuer": server.issuer, "allowed_groups": ("billing",)})

    assert logged_in(provider, "u1").claimed.subject == "u1"
    with pytest.raises(LoginRefused, match=r"bob@example\.com is in none of the groups"):
        logged_in(provider, "u2")


def test_a_person_who_left_the_group_is_refused_when_asked_again(server: OidcServer) -> None:
    provider = provider_of({"issuer": server.issuer, "allowed_groups": ("billing",)})
    login = logged_in(provider, "u1")
    server.people["u1"]["groups"] = ["staff", "billing-readers"]

    with pytest.raises(LoginRefused, match="none of the groups"):
        asyncio.run(provider.again(login.tokens, "u1"))


# --- Asking again ------------------------------------------------------------------------------


def test_groups_are_read_again_by_the_refresh_token_which_changes(
    server: OidcServer, provider: RedirectProvider
) -> None:
    login = logged_in(provider, "u1")
    server.people["u1"]["groups"] = ["staff"]

    again = asyncio.run(provider.again(login.tokens, "u1"))
    assert again is not None
    once_more = asyncio.run(provider.again(again.tokens, "u1"))

    assert once_more is not None
    assert again.claimed.claims["groups"] == ["staff"]
    assert again.claimed.name == "ann@example.com"
    assert again.tokens.refresh_token != login.tokens.refresh_token
    assert again.tokens.session == login.tokens.session
    with pytest.raises(LoginRefused):
        asyncio.run(provider.again(login.tokens, "u1"))


def test_a_refresh_without_an_id_token_is_told_by_userinfo(
    server: OidcServer, provider: RedirectProvider
) -> None:
    server.gives_id_token_again = False
    login = logged_in(provider, "u1")

    again = asyncio.run(provider.again(login.tokens, "u1"))

    assert again is not None
    assert again.claimed.claims["groups"] == ["staff", "billing"]
    assert again.tokens.id_token == login.tokens.id_token


def test_without_a_refresh_token_userinfo_tells_while_the_access_token_lasts(
    server: OidcServer,
) -> None:
    clock = SetClock(_now())
    server.gives_refresh = False
    provider = provider_of({"issuer": server.issuer}, clock)
    login = logged_in(provider, "u1")
    server.people["u1"]["groups"] = []

    again = asyncio.run(provider.again(login.tokens, "u1"))
    clock.time += 3_601
    later = asyncio.run(provider.again(login.tokens, "u1"))

    assert again is not None
    assert again.claimed.claims["groups"] == []
    assert later is None


@pytest.mark.parametrize("gives_refresh", [True, False])
def test_a_person_who_was_removed_is_refused(server: OidcServer, gives_refresh: bool) -> None:
    server.gives_refresh = gives_refresh
    provider = provider_of({"issuer": server.issuer})
    login = logged_in(provider, "u1")
    del server.people["u1"]

    with pytest.raises(LoginRefused) as caught:
        asyncio.run(provider.again(login.tokens, "u1"))

    for secret in (login.tokens.access_token, login.tokens.refresh_token, CLIENT_SECRET):
        assert secret is None or secret not in str(caught.value)


@pytest.mark.parametrize("has_userinfo", [True, False])
def test_a_refresh_for_somebody_else_is_refused(server: OidcServer, has_userinfo: bool) -> None:
    if not has_userinfo:
        server.metadata["userinfo_endpoint"] = None
    provider = provider_of({"issuer": server.issuer})
    login = logged_in(provider, "u1")

    with pytest.raises(LoginRefused, match="somebody else"):
        asyncio.run(provider.again(login.tokens, "u2"))


def test_a_refresh_token_that_was_taken_before_a_fault_is_not_lost(
    server: OidcServer, provider: RedirectProvider
) -> None:
    login = logged_in(provider, "u1")
    server.instead["/userinfo"] = Reply({}, 503)

    with pytest.raises(RenewalInterrupted) as caught:
        asyncio.run(provider.again(login.tokens, "u1"))
    del server.instead["/userinfo"]
    again = asyncio.run(provider.again(caught.value.tokens, "u1"))

    assert again is not None
    assert again.claimed.subject == "u1"
    assert str(caught.value.tokens.refresh_token) not in str(caught.value)


def test_a_provider_that_is_down_ends_no_login(
    server: OidcServer, provider: RedirectProvider
) -> None:
    login = logged_in(provider, "u1")
    server.close()

    with pytest.raises(ProviderUnavailable):
        asyncio.run(provider.again(login.tokens, "u1"))


# --- Logging out -------------------------------------------------------------------------------


def test_logging_out_leads_to_the_provider_and_back(
    server: OidcServer, provider: RedirectProvider
) -> None:
    login = logged_in(provider, "u1")

    address = asyncio.run(provider.logout_address(login.tokens, "http://127.0.0.1:5555/login"))

    assert address is not None
    assert address.startswith(f"{server.base}/logout?")
    query = dict(parse_qsl(urlsplit(address).query))
    assert query["post_logout_redirect_uri"] == "http://127.0.0.1:5555/login"
    assert (query["client_id"], query["id_token_hint"]) == ("umbel", login.tokens.id_token)


def test_a_provider_without_a_page_to_log_out_offers_none(server: OidcServer) -> None:
    server.metadata["end_session_endpoint"] = None
    provider = provider_of({"issuer": server.issuer})

    assert asyncio.run(provider.logout_address(logged_in(provider, "u1").tokens, "/")) is None


def test_a_logout_token_says_which_login_ended(
    server: OidcServer, provider: RedirectProvider
) -> None:
    session = logged_in(provider, "u1").tokens.session

    ended = asyncio.run(provider.ended(server.logout_token(sub="u1", sid=session)))

    assert (ended.subject, ended.session) == ("u1", session)
    assert ended.token_id
    assert ended.expires > _now()


@pytest.mark.parametrize(
    ("claims", "words"),
    [({"events": None}, "events"), ({"events": {}}, "events"), ({"nonce": "n"}, "nonce"),
     ({"sub": None}, "does not say whose"), ({"jti": None}, "lacks jti"), ({"iat": 1}, "too old"),
     ({"aud": "shop"}, "is for shop"), ({"iss": "https://evil.example"}, "of the issuer"),
     ({"exp": 1_000}, "expired"), ({"jti": 7}, "malformed jti")],
)  # fmt: skip
def test_a_logout_token_that_is_none_ends_nothing(
    server: OidcServer, provider: RedirectProvider, claims: dict[str, Any], words: str
) -> None:
    with pytest.raises(LoginRefused, match=words):
        asyncio.run(provider.ended(server.logout_token(**{"sub": "u1", **claims})))


def test_an_id_token_ends_no_login(provider: RedirectProvider) -> None:
    token = logged_in(provider, "u1").tokens.id_token
    assert token is not None

    with pytest.raises(LoginRefused):
        asyncio.run(provider.ended(token))


def _now() -> float:
    return time.time()


def _discovery(server: OidcServer) -> dict[str, object]:
    path = f"{server.path}/.well-known/openid-configuration"
    reply = server.answer(Request("GET", path, {}, {}, {}))
    assert isinstance(reply.body, dict)
    return reply.body
