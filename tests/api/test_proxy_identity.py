"""People whom a reverse proxy names in headers, and what rules give them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.api.doors import basic, bearer
from tests.api.identified import ANN, PAGE, STRANGER, Identified, providers
from tests.api.listening import PATIENCE_S, listen
from tests.api.world import problem_of
from tests.support.clocks import SetClock
from tests.support.identity.checked_tokens import CheckedTokens
from tests.support.identity.signing import SigningKey, with_other_claims
from umbel.errors import ProviderUnavailable
from umbel.login_composition import OpenProviders
from umbel.web.first_requests import EVERY_S
from umbel.web.proxy_identity import STREAM_S
from umbel.web.verified_tokens import REMEMBERED_S

pytestmark = pytest.mark.anyio

AUTHELIA = providers(authelia={"label": "Our SSO", "logout_url": "https://sso.example/logout"})
CLOUDFLARE = providers(
    cf={"kind": "cloudflare-access", "issuer": "https://team.example", "audience": "umbel"}
)
KEY = SigningKey("ES256")
OPS = {"remote-user": "olga", "remote-groups": "ops"}
VIC = {"remote-user": "vic", "remote-email": "vic@example.com"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def server() -> Identified:
    return Identified(AUTHELIA)


class Signed:
    """A server behind a proxy that signs its header."""

    def __init__(self) -> None:
        self.clock = SetClock(time.time())
        self.checker = CheckedTokens(CLOUDFLARE[0], KEY, self.clock)
        self.server = self.serve()

    def serve(self, **options: Any) -> Identified:
        return Identified(
            CLOUDFLARE,
            opened=OpenProviders(of_headers={"cf": self.checker}),
            clock=self.clock,
            **options,
        )

    def token(self, **claims: object) -> str:
        now = int(self.clock.now())
        return KEY.sign(
            {
                "iss": "https://team.example", "aud": "umbel", "exp": now + 300, "sub": "1",
                "email": "olga@example.com", "groups": ["ops"], **claims,
            }
        )  # fmt: skip


@pytest.fixture
def signed() -> Signed:
    return Signed()


async def test_the_user_of_the_header_has_what_the_rules_give(server: Identified) -> None:
    me = (await server.get(headers=OPS)).json()

    assert (me["name"], me["role"]) == ("authelia:olga", "admin")
    assert (me["provider"], me["label"], me["because"]) == (
        "authelia", "Our SSO", 'rule 1: groups has "ops"',
    )  # fmt: skip
    assert me["claims"] == {"user": "olga", "groups": ["ops"]}
    assert [each["cluster"] for each in me["access"]] == ["shop", "mail"]


async def test_who_has_a_role_for_some_tasks_sees_everything(server: Identified) -> None:
    me = (await server.get(headers=ANN)).json()
    tasks = await server.get("/c/shop/api/v1/tasks", ANN)

    assert (me["name"], me["role"], me["permissions"]) == ("authelia:ann", "viewer", ["read"])
    assert me["email"] == "ann@example.com"
    assert [(each["role"], each["name"]) for each in me["grants"]] == [("operator", "billing.*")]
    assert tasks.status_code == 200


async def test_a_cluster_whose_rules_let_them_not_in_is_none_for_them(server: Identified) -> None:
    listed = (await server.get("/api/v1/clusters", VIC)).json()

    assert (await server.get("/c/mail/api/v1/me", VIC)).json()["name"] == "authelia:vic"
    assert (await server.get("/c/shop/api/v1/me", VIC)).status_code == 404
    assert [each["name"] for each in listed["items"]] == ["mail"]


async def test_whom_no_rule_fits_gets_no_entry_and_hears_what_came(server: Identified) -> None:
    answer = await server.get(headers={"remote-user": "eve", "remote-groups": "dev,qa"})

    problem = problem_of(answer)
    assert answer.status_code == 403
    assert problem["type"] == "urn:umbel:problem:no-entry"
    assert "no rule gives them a role" in problem["detail"]
    assert "groups: dev, qa" in problem["detail"]
    line = server.audit()[0]
    assert (line.actor, line.action, line.outcome) == ("authelia:eve", "login", "refused")


async def test_a_browser_is_led_to_the_login_page_which_says_so(server: Identified) -> None:
    shown = {"remote-user": "eve", "remote-groups": "dev,qa"}
    async with server.client(headers=shown) as browser:
        answer = await browser.get("/c/shop/tasks?q=x", headers=PAGE)
        options = (await browser.get("/c/shop/login/options")).json()

    assert answer.status_code == 303
    assert answer.headers["location"] == "/c/shop/login?failed&next=tasks%3Fq%3Dx"
    assert options["refused"] == {
        "provider": "authelia", "name": "eve", "notes": [], "because": "", "rules": 3,
        "claims": {"user": "eve", "groups": ["dev", "qa"]},
    }  # fmt: skip


async def test_a_browser_whose_signed_header_is_wrong_reads_why(signed: Signed) -> None:
    shown = {"cf-access-jwt-assertion": signed.token(aud="other")}
    async with signed.server.client(headers=shown) as browser:
        answer = await browser.get("/c/shop/tasks", headers=PAGE)
        options = (await browser.get("/c/shop/login/options")).json()

    assert answer.status_code == 303
    assert options["failed"] == "The token is not valid."


async def test_the_first_request_of_a_day_stands_in_the_audit(server: Identified) -> None:
    for _ in range(3):
        await server.get(headers=OPS)
    assert [(each.actor, each.action, each.target) for each in server.audit()] == [
        ("authelia:olga", "login", 'by headers of a proxy, rule 1: groups has "ops"')
    ]
    assert server.audit("mail") == []

    server.clock.time += EVERY_S
    await server.get(headers=OPS)
    assert len(server.audit()) == 2


async def test_logging_out_leads_to_the_proxys_own_logout(server: Identified) -> None:
    for who in (OPS, {"remote-user": "eve"}):
        async with server.client(headers={**who, "sec-fetch-site": "same-origin"}) as browser:
            answer = await browser.post("/c/shop/api/v1/logout", json={})
        assert answer.json() == {"logged_out": False, "go_on": "https://sso.example/logout"}
    async with server.client() as client:
        assert (await client.post("/c/shop/api/v1/logout", json={})).status_code == 401


async def test_a_rule_that_turns_away_is_named() -> None:
    server = Identified(AUTHELIA, ruled=[{"role": "none", "claim": "groups", "value": "dev"}])

    answer = await server.get(headers=ANN)

    assert 'turned away by rule 1: groups has "dev"' in problem_of(answer)["detail"]


async def test_without_headers_nobody_is_logged_in(server: Identified) -> None:
    assert (await server.get()).status_code == 401
    assert (await server.get(headers={"remote-user": ""})).status_code == 401
    assert (await server.get("/c/shop/tasks", PAGE)).status_code == 303


async def test_groups_alone_name_nobody(server: Identified) -> None:
    shown = {"remote-groups": "ops", "remote-email": "olga@example.com", "remote-user": " "}

    assert (await server.get(headers=shown)).status_code == 401


async def test_passwords_and_tokens_go_on_beside_it(server: Identified) -> None:
    token = bearer(server.clusters["shop"].ledger, "operator", "ci")

    assert (await server.get(headers=basic("vera", "pw-vera"))).json()["name"] == "vera"
    assert (await server.get(headers=token)).json()["name"] == "token:ci"
    assert (await server.get(headers={**token, **OPS})).json()["name"] == "token:ci"


async def test_a_password_of_the_proxys_own_is_not_ours(server: Identified) -> None:
    assert (await server.get(headers={**basic("x", "y"), **OPS})).json()["name"] == "authelia:olga"


async def test_a_session_counts_before_the_proxys_word(server: Identified) -> None:
    async with server.client(headers={"sec-fetch-site": "same-origin"}) as browser:
        await browser.post("/login", json={"user": "ada", "password": "pw-ada"})
        me = await browser.get("/c/shop/api/v1/me", headers=ANN)

    assert me.json()["name"] == "ada"


async def test_oauth2_proxys_people_are_named_by_their_email() -> None:
    server = Identified(providers(sso={"kind": "oauth2-proxy"}))
    shown = {
        "x-forwarded-user": "8d9c", "x-forwarded-email": "Olga@Example.com",
        "x-forwarded-groups": "dev,ops", "x-forwarded-preferred-username": "ada",
    }  # fmt: skip

    assert (await server.get(headers=shown)).json()["name"] == "sso:olga@example.com"


async def test_headers_and_the_separator_of_groups_are_configured() -> None:
    table: dict[str, object] = {
        "kind": "proxy", "user_header": "X-Auth-Request-User", "groups_header": "X-Auth-Groups",
        "groups_separator": "|",
    }  # fmt: skip
    server = Identified(providers(sso=table))

    me = await server.get(headers={"x-auth-request-user": "olga", "x-auth-groups": "a,b | ops"})

    assert (me.json()["name"], me.json()["role"]) == ("sso:olga", "admin")


@pytest.mark.parametrize("name", ["a, b", "x" * 201, "a\tb", "admin\u202e", "\u0000"], ids=repr)
async def test_a_user_that_cannot_be_is_nobody(server: Identified, name: str) -> None:
    shown = [(b"remote-user", name.encode()), (b"remote-groups", b"ops")]
    async with server.client() as client:
        answer = await client.get("/c/shop/api/v1/me", headers=shown)

    assert answer.status_code == 401
    assert server.audit()[0].outcome == "refused"


async def test_names_of_all_scripts_may_be() -> None:
    server = Identified(AUTHELIA, ruled=[{"role": "viewer", "claim": "user", "value": "jürgen"}])
    async with server.client() as client:
        shown = [(b"remote-user", "jürgen".encode())]
        answer = await client.get("/c/shop/api/v1/me", headers=shown)

    assert answer.json()["name"] == "authelia:jürgen"


async def test_changes_need_the_same_origin_as_with_a_session(server: Identified) -> None:
    plan = {"action": "revoke", "ids": ["shop-task"]}
    path = "/c/shop/api/v1/actions"
    async with server.client(headers=OPS) as browser:
        mine = await browser.post(path, json=plan, headers={"sec-fetch-site": "same-origin"})
        other = [
            await browser.post(path, json=plan, headers={"sec-fetch-site": "cross-site"}),
            await browser.post(path, json=plan, headers={"sec-fetch-site": "same-site"}),
            await browser.post(
                "/c/shop/api/task/revoke/shop-task", headers={"origin": "https://evil.example"}
            ),
        ]

    assert mine.status_code == 201, mine.text
    assert [each.status_code for each in other] == [403, 403, 403]


async def test_a_name_that_umbel_was_not_told_of_is_not_believed() -> None:
    """A page that reached this machine by DNS rebinding can set every header."""
    server = Identified(AUTHELIA, allowed_hosts=["umbel.example.com"])
    unnamed = Identified(AUTHELIA)

    assert (await server.get(headers=OPS, host="umbel.example.com")).status_code == 200
    for each in (server, unnamed):
        shown = {**OPS, "x-forwarded-host": "umbel.example.com"}
        answer = await each.get(headers=shown, host="evil.example")
        assert answer.status_code in {401, 421}
    assert "allowed_hosts" in problem_of(answer)["detail"]


async def test_an_action_is_the_persons_in_the_audit(server: Identified) -> None:
    async with server.client(headers=OPS) as client:
        plan = await client.post("/c/shop/api/v1/actions", json={"action": "revoke", "ids": ["x"]})

    assert plan.json()["actor"] == "authelia:olga"


async def test_the_signed_header_says_who_it_is(signed: Signed) -> None:
    me = await signed.server.get(headers={"cf-access-jwt-assertion": signed.token()})

    assert (me.json()["name"], me.json()["role"]) == ("cf:olga@example.com", "admin")


async def test_plain_headers_beside_a_signed_one_say_nothing(signed: Signed) -> None:
    shown = {
        "cf-access-jwt-assertion": signed.token(groups=["dev"], email="eve@example.com"),
        "cf-access-authenticated-user-email": "olga@example.com",
    }

    assert (await signed.server.get(headers=shown)).status_code == 403
    del shown["cf-access-jwt-assertion"]
    answer = await signed.server.get(headers=shown)
    assert answer.status_code == 401
    assert "signed header" in problem_of(answer)["detail"]


async def test_wrong_tokens_let_nobody_in(signed: Signed) -> None:
    now = signed.server.clock.now()
    wrong = [
        signed.token(aud="other"),
        signed.token(iss="https://evil.example"),
        signed.token(exp=int(now) - 100),
        signed.token(exp=None),
        with_other_claims(signed.token(), groups=["ops"], email="boss@example.com"),
        SigningKey("ES256").sign({"iss": "https://team.example", "aud": "umbel", "sub": "1"}),
        "opaque",
        "a.b.c",
        "x" * 20_000,
    ]
    for token in wrong:
        answer = await signed.server.get(headers={"cf-access-jwt-assertion": token})
        assert answer.status_code == 401, token
        assert token not in answer.text
    lines = signed.server.audit()
    assert len(lines) == len(wrong)
    assert {(each.actor, each.outcome) for each in lines} == {("anonymous", "refused")}


async def test_a_token_is_checked_once_a_minute_and_not_beyond_its_end(signed: Signed) -> None:
    shown = {"cf-access-jwt-assertion": signed.token()}
    for _ in range(5):
        assert (await signed.server.get(headers=shown)).status_code == 200
    assert signed.checker.checks == 1

    signed.server.clock.time += REMEMBERED_S
    assert (await signed.server.get(headers=shown)).status_code == 200
    assert signed.checker.checks == 2

    signed.server.clock.time += 300
    assert (await signed.server.get(headers=shown)).status_code == 401


async def test_a_provider_that_is_down_is_told_so(signed: Signed) -> None:
    signed.checker.error = ProviderUnavailable("The keys of cf cannot be read.")

    answer = await signed.server.get(headers={"cf-access-jwt-assertion": signed.token()})

    assert answer.status_code == 503
    assert problem_of(answer)["type"] == "urn:umbel:problem:provider-trouble"


async def test_a_stream_ends_an_hour_after_the_proxy_named_them() -> None:
    server = Identified(AUTHELIA, recheck_s=0.01, names=["shop"])
    async with listen(server.app, headers=OPS) as stream:
        await stream.next("hello")
        assert not stream.ended.is_set()

        server.clock.time += STREAM_S + 1

        async with asyncio.timeout(PATIENCE_S):
            await stream.ended.wait()


async def test_a_stream_ends_with_the_signed_token(signed: Signed) -> None:
    server = signed.serve(recheck_s=0.01, names=["shop"])
    async with listen(server.app, headers={"cf-access-jwt-assertion": signed.token()}) as stream:
        await stream.next("hello")

        server.clock.time += 600

        async with asyncio.timeout(PATIENCE_S):
            await stream.ended.wait()


async def test_a_stranger_may_not_say_who_they_are(server: Identified) -> None:
    answer = await server.get(headers=OPS, address=STRANGER)

    assert problem_of(answer)["type"] == "urn:umbel:problem:forged-identity"
    assert "trusted_proxies" in problem_of(answer)["detail"]
