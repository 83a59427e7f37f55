"""Bearer tokens of identity providers, with which machines ask the API."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.api.doors import basic, bearer
from tests.api.identified import STRANGER, Identified, providers
from tests.api.listening import PATIENCE_S, listen
from tests.api.world import problem_of
from tests.support.clocks import SetClock
from tests.support.identity.checked_tokens import CheckedTokens
from tests.support.identity.signing import SigningKey, unsigned, with_other_claims
from umbel.errors import ProviderUnavailable
from umbel.login_composition import OpenProviders

pytestmark = pytest.mark.anyio

TABLES: dict[str, dict[str, object]] = {
    name: {"kind": "oidc", "issuer": f"https://{name}.example", "api_audience": "umbel"}
    for name in ("one", "two")
}
ONE, TWO = CONFIGS = providers(**TABLES)
KEYS = {each.name: SigningKey("ES256") for each in CONFIGS}


class Providers:
    """Two providers, and a server that takes their tokens."""

    def __init__(self) -> None:
        self.clock = SetClock(time.time())
        self.checkers = {
            each.name: CheckedTokens(each, KEYS[each.name], self.clock) for each in CONFIGS
        }
        self.server = self.serve()

    def serve(self, **options: Any) -> Identified:
        return Identified(
            CONFIGS, opened=OpenProviders(of_bearers=self.checkers), clock=self.clock, **options
        )

    def claims(self, provider: str = "one", **claims: object) -> dict[str, object]:
        return {
            "iss": f"https://{provider}.example", "aud": "umbel", "sub": "ci",
            "exp": int(self.clock.now()) + 300, "groups": ["ops"], **claims,
        }  # fmt: skip

    def token(self, provider: str = "one", **claims: object) -> str:
        return KEYS[provider].sign(self.claims(provider, **claims))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def both() -> Providers:
    return Providers()


def shown(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_machine_has_what_the_rules_give_its_claims(both: Providers) -> None:
    me = (await both.server.get(headers=shown(both.token()))).json()

    assert (me["name"], me["role"], me["via"]) == ("one:ci", "admin", "api")


async def test_it_may_ask_from_anywhere_and_flowers_api_too(both: Providers) -> None:
    headers = shown(both.token())

    for path in ("/c/mail/api/tasks", "/c/shop/metrics", "/metrics", "/api/v1/clusters"):
        answer = await both.server.get(path, headers, address=STRANGER)
        assert answer.status_code == 200, path


async def test_people_are_named_by_their_email(both: Providers) -> None:
    token = both.token("two", email="olga@example.com")

    assert (await both.server.get(headers=shown(token))).json()["name"] == "two:olga@example.com"


async def test_a_token_is_checked_by_the_provider_that_it_names(both: Providers) -> None:
    await both.server.get(headers=shown(both.token("two")))

    assert both.checkers["one"].checks == 0
    assert both.checkers["two"].checks == 1


async def test_no_provider_believes_what_another_has_signed(both: Providers) -> None:
    mixed = KEYS["one"].sign(both.claims("two"))

    assert (await both.server.get(headers=shown(mixed))).status_code == 401


async def test_wrong_tokens_are_refused_and_stand_in_the_audit(both: Providers) -> None:
    wrong = [
        both.token(aud="other"),
        both.token(iss="https://evil.example"),
        both.token(iss=None),
        both.token(exp=int(both.clock.now()) - 100),
        both.token(exp=None),
        SigningKey("ES256").sign(both.claims()),
        with_other_claims(both.token(groups=["dev"]), groups=["ops"]),
        KEYS["one"].as_hmac(both.claims()),
        "a.b.c",
        "eyJhbGciOiJub25lIn0.e30.x",
    ]
    for token in wrong:
        answer = await both.server.get(headers=shown(token))
        assert answer.status_code == 401, token
        assert problem_of(answer)["type"] == "urn:umbel:problem:not-logged-in"
        assert token not in answer.text
    lines = both.server.audit()
    assert len(lines) == len(wrong)
    for line in lines:
        assert (line.actor, line.target, line.outcome) == ("anonymous", "a bearer token", "refused")
        assert "eyJ" not in (line.answer or "")


async def test_an_unsigned_token_is_nobodys(both: Providers) -> None:
    assert (await both.server.get(headers=shown(unsigned(both.claims())))).status_code == 401


async def test_a_wrong_token_is_not_made_good_by_anything_beside_it(both: Providers) -> None:
    wrong = shown(both.token(aud="other"))
    async with both.server.client(headers={"sec-fetch-site": "same-origin"}) as browser:
        await browser.post("/login", json={"user": "ada", "password": "pw-ada"})
        assert (await browser.get("/c/shop/api/v1/me", headers=wrong)).status_code == 401
        assert (await browser.get("/c/shop/api/v1/me")).status_code == 200


async def test_whom_no_rule_fits_gets_no_entry(both: Providers) -> None:
    answer = await both.server.get(headers=shown(both.token(groups=["dev"])))

    assert problem_of(answer)["type"] == "urn:umbel:problem:no-entry"
    assert "groups: dev" in problem_of(answer)["detail"]


async def test_umbels_own_tokens_and_passwords_go_on(both: Providers) -> None:
    own = bearer(both.server.clusters["shop"].ledger, "operator", "ci")

    assert (await both.server.get(headers=own)).json()["name"] == "token:ci"
    assert (await both.server.get(headers=shown("umbel_x_y"))).status_code == 401
    assert (await both.server.get(headers=basic("vera", "pw-vera"))).json()["name"] == "vera"


async def test_tokens_that_are_no_jwt_stay_those_of_a_proxy_in_front(both: Providers) -> None:
    async with both.server.client(headers={"sec-fetch-site": "same-origin"}) as browser:
        await browser.post("/login", json={"user": "ada", "password": "pw-ada"})
        answer = await browser.get("/c/shop/api/v1/me", headers=shown("opaque"))

    assert answer.json()["name"] == "ada"


async def test_without_an_audience_for_the_api_bearer_tokens_are_a_proxys() -> None:
    server = Identified(providers(one={"kind": "oidc", "issuer": "https://one.example"}))
    token = Providers().token()

    assert (await server.get(headers=shown(token))).status_code == 401
    assert server.audit() == []
    async with server.client(headers={"sec-fetch-site": "same-origin"}) as browser:
        await browser.post("/login", json={"user": "ada", "password": "pw-ada"})
        me = await browser.get("/c/shop/api/v1/me", headers=shown(token))
    assert me.json()["name"] == "ada"


async def test_a_provider_that_is_down_is_told_so(both: Providers) -> None:
    both.checkers["one"].error = ProviderUnavailable("The keys of one cannot be read.")

    answer = await both.server.get(headers=shown(both.token()))

    assert answer.status_code == 503
    assert (await both.server.get(headers=shown(both.token("two")))).status_code == 200


async def test_a_stream_ends_when_its_token_expires(both: Providers) -> None:
    server = both.serve(recheck_s=0.01, names=["shop"])
    async with listen(server.app, headers=shown(both.token())) as stream:
        await stream.next("hello")

        both.clock.time += 600

        async with asyncio.timeout(PATIENCE_S):
            await stream.ended.wait()


async def test_a_stream_goes_on_while_the_provider_is_down(both: Providers) -> None:
    """Until the token expires, which needs nobody's word."""
    server = both.serve(recheck_s=0.01, names=["shop"])
    async with listen(server.app, headers=shown(both.token())) as stream:
        await stream.next("hello")
        both.checkers["one"].error = ProviderUnavailable("The keys of one cannot be read.")
        both.clock.time += 120
        for _ in range(2):
            both.checkers["one"].checked.clear()
            async with asyncio.timeout(PATIENCE_S):
                await both.checkers["one"].checked.wait()
        assert not stream.ended.is_set()
        both.clock.time += 600

        async with asyncio.timeout(PATIENCE_S):
            await stream.ended.wait()
