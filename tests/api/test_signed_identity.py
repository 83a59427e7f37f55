"""Signed headers and bearer tokens that are checked with the keys of real servers over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.api.identified import PAGE, STRANGER, Identified, providers
from tests.api.world import problem_of
from tests.support.identity.key_server import KeyServer
from tests.support.identity.oidc import OidcServer
from tests.support.identity.server import Reply
from tests.support.identity.signing import SigningKey, unsigned, with_other_claims
from umbel.auth.providers.config import ProviderConfig
from umbel.clock import SystemClock
from umbel.login_composition import open_providers

pytestmark = pytest.mark.anyio

HEADER = "cf-access-jwt-assertion"
VERA: tuple[dict[str, object], ...] = (
    {"role": "viewer", "claim": "email", "value": "vera@example.com"},
    {"role": "operator", "claim": "sub", "value": "ci"},
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    with KeyServer() as running:
        yield running


@pytest.fixture
def oidc() -> Iterator[OidcServer]:
    with OidcServer() as running:
        yield running


def serving(*configs: ProviderConfig) -> Identified:
    return Identified(configs, opened=open_providers(configs, SystemClock()), ruled=VERA)


@pytest.fixture
def cloudflare(keys: KeyServer) -> Identified:
    table: dict[str, object] = {
        "kind": "cloudflare-access", "audience": "umbel-aud", "issuer": keys.address,
        "jwks_url": f"{keys.address}/cdn-cgi/access/certs",
    }  # fmt: skip
    return serving(*providers(cf=table))


@pytest.fixture
def machines(oidc: OidcServer) -> Identified:
    table: dict[str, object] = {
        "kind": "oidc", "issuer": oidc.address, "client_id": "umbel", "client_secret": "secret",
        "api_audience": "umbel-api",
    }  # fmt: skip
    return serving(*providers(company=table))


def signed(keys: KeyServer, **claims: object) -> str:
    return keys.token(**{"aud": ["umbel-aud"], "sub": "1", "email": "vera@example.com", **claims})


async def test_the_proxys_signature_lets_in(keys: KeyServer, cloudflare: Identified) -> None:
    for _ in range(3):
        me = await cloudflare.get(headers={HEADER: signed(keys)})
        assert (me.json()["name"], me.json()["role"]) == ("cf:vera@example.com", "viewer")

    assert len(keys.asked("/cdn-cgi/access/certs")) == 1


async def test_a_signature_needs_the_proxys_connection(
    keys: KeyServer, cloudflare: Identified
) -> None:
    answer = await cloudflare.get(headers={HEADER: signed(keys)}, address=STRANGER)

    assert problem_of(answer)["type"] == "urn:umbel:problem:forged-identity"


async def test_it_needs_no_host_name_of_ours(keys: KeyServer, cloudflare: Identified) -> None:
    answer = await cloudflare.get(headers={HEADER: signed(keys)}, host="umbel.example.com")

    assert answer.status_code == 200


async def test_forged_headers_let_nobody_in(keys: KeyServer, cloudflare: Identified) -> None:
    now = int(time.time())
    claims = {
        "iss": keys.address, "aud": "umbel-aud", "exp": now + 60, "iat": now, "sub": "1",
        "email": "vera@example.com",
    }  # fmt: skip
    forged = [
        signed(keys, aud="other"),
        signed(keys, aud=None),
        signed(keys, iss="https://evil.example"),
        signed(keys, exp=now - 3_600),
        signed(keys, exp=None),
        signed(keys, nbf=now + 3_600),
        SigningKey().sign(claims),
        keys.key.as_hmac(claims),
        unsigned(claims),
        with_other_claims(signed(keys, email="eve@example.com"), email="vera@example.com"),
        SigningKey().sign(claims, kid=keys.key.kid),
        SigningKey().sign(claims, jwk=SigningKey().public),
    ]
    for token in forged:
        answer = await cloudflare.get(headers={HEADER: token})
        assert answer.status_code == 401, token
        assert token not in answer.text
        page = await cloudflare.get("/c/shop/tasks", {HEADER: token, **PAGE})
        assert page.headers["location"].startswith("/c/shop/login?failed")


async def test_a_new_key_of_the_proxy_is_fetched(keys: KeyServer, cloudflare: Identified) -> None:
    old = signed(keys)
    assert (await cloudflare.get(headers={HEADER: old})).status_code == 200

    keys.rotate_keys()

    answer = await cloudflare.get(headers={HEADER: signed(keys)})
    assert answer.status_code == 200, answer.text


async def test_keys_that_cannot_be_had_are_told_and_nobody_gets_in(
    keys: KeyServer, cloudflare: Identified
) -> None:
    keys.instead["/cdn-cgi/access/certs"] = Reply(status=500)

    answer = await cloudflare.get(headers={HEADER: signed(keys)})

    assert problem_of(answer)["type"] == "urn:umbel:problem:provider-trouble"


async def test_keys_that_do_not_come_hold_up_nobody_for_long(
    keys: KeyServer, cloudflare: Identified
) -> None:
    keys.instead["/cdn-cgi/access/certs"] = Reply(stall=True)
    began = time.monotonic()

    answer = await cloudflare.get(headers={HEADER: signed(keys)})

    assert answer.status_code == 503
    assert time.monotonic() - began < 4


async def test_a_machine_asks_with_a_token_of_its_provider(
    oidc: OidcServer, machines: Identified
) -> None:
    token = oidc.api_token("umbel-api", "ci")

    me = await machines.get(headers={"authorization": f"Bearer {token}"}, address=STRANGER)

    assert (me.json()["name"], me.json()["role"]) == ("company:ci", "operator")
    assert me.json()["because"] == 'rule 2: sub has "ci"'


async def test_a_machines_wrong_token_is_refused(oidc: OidcServer, machines: Identified) -> None:
    now = int(time.time())
    claims = {
        "iss": oidc.address, "aud": "umbel-api", "sub": "ci", "exp": now + 60, "iat": now,
    }  # fmt: skip
    wrong = [
        oidc.api_token("umbel", "ci"),
        oidc.api_token("umbel-api", "ci", exp=now - 3_600),
        oidc.api_token("umbel-api", "ci", iss="https://evil.example"),
        SigningKey().sign(claims),
        with_other_claims(oidc.api_token("umbel-api", "eve"), sub="ci"),
    ]
    for token in wrong:
        answer = await machines.get(headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 401, token
        assert token not in answer.text
    assert len(machines.audit()) == len(wrong)


async def test_tokens_of_a_provider_that_is_away_wait_for_it(
    oidc: OidcServer, machines: Identified
) -> None:
    token = oidc.api_token("umbel-api", "ci")
    oidc.close()

    answer = await machines.get(headers={"authorization": f"Bearer {token}"})

    assert problem_of(answer)["type"] == "urn:umbel:problem:provider-trouble"
    assert answer.headers["retry-after"]
