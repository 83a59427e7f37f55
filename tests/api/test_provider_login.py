"""Logging in by a provider that people are sent to, and who must not get in so."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import anyio
import httpx
import pytest

from tests.api.provider_world import EVE, PAGE, ProviderWorld, okta
from tests.api.world import NOW
from tests.support.redirect_provider import ACCESS_TOKEN
from umbel.auth.rules import Rule
from umbel.store.memory_ledger import MemoryLedger
from umbel.web.logins.attempts import TABS_MAX

pytestmark = pytest.mark.anyio


@pytest.fixture
def world(tmp_path: Path) -> ProviderWorld:
    return ProviderWorld(tmp_path, okta(), okta("google"))


@pytest.fixture
async def browser(world: ProviderWorld) -> AsyncIterator[httpx.AsyncClient]:
    async with world.browser() as client:
        yield client


async def test_somebody_whom_a_rule_lets_in_lands_on_the_page_that_they_wanted(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    response = await world.log_in(browser, "ann", target="tasks?q=state:FAILURE")

    assert (response.status_code, response.headers["location"]) == (
        303, "/tasks?q=state:FAILURE",
    )  # fmt: skip
    me = (await browser.get("/api/v1/me")).json()
    assert (me["name"], me["role"], me["provider"], me["label"], me["email"]) == (
        "okta:ann@example.com", "operator", "okta", "Okta", "ann@example.com",
    )  # fmt: skip
    assert me["because"] == 'rule 1: groups has "ops"'
    assert me["claims"]["groups"] == ["ops", "staff"]
    assert me["session"]["checked"] == me["session"]["began"] == NOW
    assert (await browser.get("/api/v1/tasks")).status_code == 200


async def test_a_role_for_some_tasks_is_told(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    await world.log_in(browser, "bob")

    me = (await browser.get("/api/v1/me")).json()

    grant = {
        "role": "operator", "name": "billing.*", "queue": None,
        "because": 'rule 2: groups has "billing"',
    }  # fmt: skip
    assert (me["role"], me["permissions"], me["grants"]) == ("viewer", ["read"], [grant])
    assert [(each["cluster"], each["grants"]) for each in me["access"]] == [("default", [grant])]


async def test_what_is_sent_to_the_provider_holds_no_secret_and_leads_back_here(
    browser: httpx.AsyncClient,
) -> None:
    headers = {
        "x-forwarded-proto": "https", "x-forwarded-host": "umbel.example",
        "x-forwarded-prefix": "/tools",
    }  # fmt: skip
    response = await browser.get("/tools/login/okta", headers=headers)

    query = parse_qs(urlsplit(response.headers["location"]).query)
    cookie = response.headers["set-cookie"]
    assert query["redirect_uri"] == ["https://umbel.example/tools/login/okta/callback"]
    assert {"HttpOnly", "SameSite=lax", "Secure", "Max-Age=600"} <= set(cookie.split("; "))
    assert cookie.startswith("__Host-umbel_")
    assert all(value[0] not in cookie for value in query.values())
    assert response.headers["cache-control"] == "no-store"


async def test_several_tabs_log_in_at_once(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    first = await world.begin(browser, "ann", target="tasks")
    second = await world.begin(browser, "ann", target="workers")

    assert (await browser.get(first)).headers["location"] == "/tasks"
    assert (await browser.get(second)).headers["location"] == "/workers"


async def test_a_flood_of_begun_logins_leaves_a_few_cookies_and_asks_the_ledger_nothing(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    for _ in range(40):
        await world.begin(browser, "ann")

    assert len(browser.cookies) == TABS_MAX
    assert world.lines() == []


@pytest.mark.parametrize("address", ["/login/okta/callback", "/login", "/login/google/callback"])
async def test_nobody_is_logged_in_by_the_callback_of_somebody_elses_browser(
    world: ProviderWorld, browser: httpx.AsyncClient, address: str
) -> None:
    """Login CSRF: the victim follows a link with the code and state of the attacker."""
    callback = await world.begin(browser, "ann")

    async with world.browser() as victim:
        response = await victim.get(f"{address}?{urlsplit(callback).query}")
        options = await world.options_after(victim, response)
        assert (await victim.get("/api/v1/me")).status_code == 401

    assert "was not begun in this browser" in options["failed"]
    assert world.providers["okta"].finished == 0


async def test_a_code_of_another_login_is_refused(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    """Code injection: the attacker puts a stolen code into a login of their own."""
    async with world.browser() as victim:
        stolen = parse_qs(urlsplit(await world.begin(victim, "ann")).query)["code"][0]
    state = parse_qs(urlsplit(await world.begin(browser, "eve")).query)["state"][0]

    response = await browser.get("/login/okta/callback", params={"code": stolen, "state": state})

    assert "verifier" in (await world.options_after(browser, response))["failed"]
    assert (await browser.get("/api/v1/me")).status_code == 401


async def test_a_callback_counts_once_at_all_servers(tmp_path: Path) -> None:
    ledger = MemoryLedger()
    here, there = (ProviderWorld(tmp_path, ledger=ledger) for _ in range(2))
    there.providers["okta"]._codes = here.providers["okta"]._codes
    async with here.browser() as browser:
        callback = await here.begin(browser, "ann")
        copied = {"cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}
        assert (await browser.get(callback)).headers["location"] == "/"
        assert (await browser.get(callback)).headers["location"] == "/login?failed"

    async with there.browser(headers=copied) as thief:
        replayed = await thief.get(callback)
        assert replayed.headers["location"] == "/login?failed"
        assert (await thief.get("/api/v1/me")).status_code == 401
    assert there.providers["okta"].finished == 0


@pytest.mark.parametrize("address", ["/login/google/callback", "/login"])
async def test_a_login_comes_back_by_the_address_of_its_own_provider(
    world: ProviderWorld, browser: httpx.AsyncClient, address: str
) -> None:
    """Mix-up: an issuer that is not honest gets the code of another one."""
    callback = await world.begin(browser, "ann")

    response = await browser.get(f"{address}?{urlsplit(callback).query}")

    assert "address of another provider" in (await world.options_after(browser, response))["failed"]
    assert world.providers["google"].finished == world.providers["okta"].finished == 0


async def test_flowers_address_of_the_callback_works_for_whoever_is_configured_so(
    tmp_path: Path,
) -> None:
    provider = okta(redirect_uri="http://localhost/login")
    world = ProviderWorld(tmp_path, provider, okta("google"))
    async with world.browser() as browser:
        callback = await world.begin(browser, "ann", target="workers")
        assert urlsplit(callback).path == "/login"

        response = await browser.get(callback)

        assert response.headers["location"] == "/workers"
        assert (await browser.get("/api/v1/me")).json()["provider"] == "okta"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https://evil.example/", "%2f%2fevil.example", "../x"],
)
@pytest.mark.parametrize("prefix", ["", "/tools"])
async def test_a_login_leads_nowhere_else(
    world: ProviderWorld, browser: httpx.AsyncClient, target: str, prefix: str
) -> None:
    browser.headers["x-forwarded-prefix"] = prefix
    response = await browser.get(f"{prefix}/login/okta", params={"next": target})
    callback = world.providers["okta"].press(response.headers["location"], "ann")

    location = (await browser.get(callback)).headers["location"]

    found = urlsplit(f"http://localhost{location}")
    assert location.startswith(f"{prefix}/")
    assert not location.startswith("//")
    assert found.netloc == "localhost"
    assert ".." not in found.path


async def test_an_altered_or_expired_attempt_is_none(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    callback = await world.begin(browser, "ann")
    ((name, value),) = browser.cookies.items()
    for altered in (value[1:], value[:-1], f"{value}0", "x.y", ""):
        async with world.browser(headers={"cookie": f"{name}={altered}"}) as other:
            assert (await other.get(callback)).headers["location"] == "/login?failed"

    world.clock.time = NOW + 600
    assert (await browser.get(callback)).headers["location"] == "/login?failed"


async def test_whom_no_rule_lets_in_is_told_what_came_and_has_no_session(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    response = await world.log_in(browser, "eve", target="tasks")

    assert response.headers["location"] == "/login?failed&next=tasks"
    options = await world.options_after(browser, response)
    assert options["refused"] == {
        "provider": "okta", "name": "eve@example.com", "notes": ["A note of the provider."],
        "claims": EVE, "because": "", "rules": 3,
    }  # fmt: skip
    assert (await browser.get("/api/v1/me")).status_code == 401
    assert not world.ledger.sessions(NOW)
    assert world.lines() == [
        ("okta:eve@example.com", "login: their login", "refused", "No rule gives them a role.")
    ]
    again = (await browser.get("/login/options")).json()
    assert (again["refused"], again["failed"]) == (None, None)


async def test_who_is_turned_away_by_a_rule_is_told_which(tmp_path: Path) -> None:
    none = Rule(role="none", claim="email", values=("ann@example.com",), number=1)
    world = ProviderWorld(tmp_path, rules=[none, Rule(role="admin", number=2)])
    async with world.browser() as browser:
        options = await world.options_after(browser, await world.log_in(browser, "ann"))

    assert options["refused"]["because"] == 'rule 1: email has "ann@example.com"'


async def test_a_refusal_of_somebody_with_very_many_claims_fits_into_a_cookie(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    world.providers["okta"].people["eve"] = {
        "email": "eve@example.com",
        "groups": [f"group \x1b<b>{number}" for number in range(2_000)],
        **{f"claim-{number}": "ä" * 500 for number in range(30)},
    }

    response = await world.log_in(browser, "eve")

    assert max(map(len, response.headers.get_list("set-cookie"))) < 4_096
    refused = (await world.options_after(browser, response))["refused"]
    assert refused["claims"]["email"] == "eve@example.com"
    assert "\x1b" not in str(refused)


async def test_more_claims_than_can_be_kept_are_refused_in_a_sentence(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    world.providers["okta"].people["ann"] = {"groups": ["ops", *("x" * 900 for _ in range(100))]}

    options = await world.options_after(browser, await world.log_in(browser, "ann"))

    assert "more of ann than can be kept" in options["failed"]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("error=access_denied", "You or Okta said no."),
        (
            "error=server_error&error_description=%1b[31mCall+%3Cb%3E555" + "x" * 900,
            "server_error (\\x1b[31mCall <b>555",
        ),
        ("code=", "Okta sent no code"),
        (f"code={'x' * 5_000}", "Okta sent no code"),
    ],
)
async def test_what_the_provider_says_instead_is_told_in_a_sentence(
    world: ProviderWorld, browser: httpx.AsyncClient, query: str, sentence: str
) -> None:
    callback = await world.begin(browser, "ann")
    state = parse_qs(urlsplit(callback).query)["state"][0]

    response = await browser.get(f"/login/okta/callback?{query}&state={state}")

    options = await world.options_after(browser, response)
    assert sentence in options["failed"]
    assert len(options["failed"]) <= 400
    assert world.lines()[-1][:3] == ("anonymous", "login: a login by okta", "refused")
    assert (await browser.get(callback)).headers["location"] == "/login?failed"


async def test_a_link_with_an_error_that_nobody_asked_for_shows_none_of_its_words(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    response = await browser.get("/login?error=x&error_description=Call+555&state=y")

    assert "555" not in str(await world.options_after(browser, response))


async def test_whom_a_provider_that_is_down_fails_goes_another_way_to_the_same_page(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    world.providers["okta"].is_down = True

    ours = await browser.get("/login/okta", params={"next": "tasks?q=state:FAILURE"})
    evil = await browser.get("/login/okta", params={"next": "//evil.example"})

    assert ours.headers["location"] == "/login?failed&next=tasks%3Fq%3Dstate%3AFAILURE"
    assert "evil" not in urlsplit(evil.headers["location"]).netloc
    assert "//" not in evil.headers["location"]


async def test_a_provider_that_is_down_is_told_and_sessions_go_on(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    await world.log_in(browser, "ann")
    async with world.browser() as other:
        callback = await world.begin(other, "bob")
        world.providers["okta"].is_down = True

        begun = await world.options_after(other, await other.get("/login/okta"))
        ended = await world.options_after(other, await other.get(callback))

    assert begun["failed"] == ended["failed"] == "Okta cannot be asked: nothing answers. Try again."
    assert (await browser.get("/api/v1/tasks")).status_code == 200


async def test_a_mistake_of_our_own_is_a_sentence_too(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    callback = await world.begin(browser, "ann")
    world.providers["okta"].failure = RuntimeError("a mistake")

    options = await world.options_after(browser, await browser.get(callback))

    assert options["failed"] == "The login by Okta failed; the log of the server says why."


async def test_neither_tokens_nor_codes_nor_cookies_are_logged_or_audited(
    world: ProviderWorld, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "umbel")
    callback = await world.begin(browser, "ann")
    attempts = list(browser.cookies.values())
    await browser.get(callback)
    await browser.get(callback)
    (row,) = world.ledger.sessions(NOW)

    query = parse_qs(urlsplit(callback).query)
    secret = [*attempts, *browser.cookies.values(), query["code"][0], query["state"][0]]
    for place in (caplog.text, str(world.lines())):
        assert not [each for each in [*secret, ACCESS_TOKEN] if each in place]
    assert ACCESS_TOKEN.encode() not in (row.tokens or b"")


async def test_a_login_ends_the_session_that_the_browser_had(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    await world.log_in(browser, "ann")
    before = dict(browser.cookies)

    await world.log_in(browser, "bob", provider="google")

    async with world.browser(cookies=before) as fixed:
        assert (await fixed.get("/api/v1/me")).status_code == 401
    assert (await browser.get("/api/v1/me")).json()["name"] == "google:bob@example.com"
    assert [row.user for row in world.ledger.sessions(NOW)] == ["google:bob@example.com"]


async def test_logins_stand_in_the_audit_with_what_gave_the_role(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    await world.log_in(browser, "ann")
    await browser.post("/api/v1/logout", json={})

    assert world.lines() == [
        (
            "okta:ann@example.com", "login: their session begins", "done",
            'rule 1: groups has "ops"',
        ),
        ("okta:ann@example.com", "logout: their session ends", "done", None),
    ]  # fmt: skip


async def test_a_login_stands_in_the_audit_of_the_clusters_that_it_opens(tmp_path: Path) -> None:
    mail = Rule(role="viewer", claim="groups", values=("ops",), cluster="mail", number=1)
    world = ProviderWorld(tmp_path, rules=[mail], names=("shop", "mail"))
    async with world.browser() as browser:
        response = await browser.get("/c/mail/login/okta?next=tasks")
        callback = world.providers["okta"].press(response.headers["location"], "ann")
        assert urlsplit(callback).path == "/login/okta/callback"
        assert (await browser.get(callback)).headers["location"] == "/c/mail/tasks"

        inside = await browser.get("/c/mail/api/v1/tasks")
        outside = await browser.get("/c/shop/api/v1/tasks")
        me = (await browser.get("/api/v1/me")).json()

    assert (inside.status_code, outside.status_code) == (200, 404)
    assert [each["cluster"] for each in me["access"]] == ["mail"]
    lines = {name: len(each.ledger.audit().items) for name, each in world.services.items()}
    assert lines == {"shop": 0, "mail": 1}


async def test_the_only_provider_is_gone_to_at_once_but_in_no_circle(tmp_path: Path) -> None:
    world = ProviderWorld(tmp_path)
    async with world.browser(headers=PAGE) as browser:
        to_login = (await browser.get("/tasks?q=x")).headers["location"]
        first = await browser.get(to_login)
        options = (await browser.get("/login/options")).json()
        failed = await world.log_in(browser, "eve")
        after_failure = await browser.get(failed.headers["location"])
        page = {"referer": "http://localhost/login?failed"}
        told = (await browser.get("/login/options", headers=page)).json()
        again = (await browser.get("/login/options", headers=page)).json()
        left = await browser.get("/login?left")

    assert (first.status_code, first.headers["location"]) == (
        303, "/login/okta?next=tasks%3Fq%3Dx",
    )  # fmt: skip
    assert options == {
        "passwords": False,
        "providers": [{"name": "okta", "label": "Okta", "kind": "okta", "address": "login/okta"}],
        "straight": True, "failed": None, "refused": None,
    }  # fmt: skip
    assert (after_failure.status_code, left.status_code) == (200, 200)
    assert (told["straight"], again["straight"]) == (False, False)
    assert told["refused"]["name"] == "eve@example.com"


async def test_a_tab_that_comes_to_the_login_while_another_has_logged_in_is_led_back(
    tmp_path: Path,
) -> None:
    """It was answered to the session that the login of the other tab had just ended."""
    world = ProviderWorld(tmp_path)
    async with world.browser(headers=PAGE) as browser:
        await world.log_in(browser, "ann")
        before = dict(browser.cookies)
        await world.log_in(browser, "ann")
        async with world.browser(cookies=before) as other_tab:
            late = await other_tab.get("/api/v1/status")
        back = await browser.get("/login?next=tasks%3Fq%3Dx")
        elsewhere = await browser.get("/login?next=%2F%2Fevil.test")
        other_person = await browser.get("/login")
        left = await browser.get("/login?left&next=tasks")

    assert late.status_code == 401
    assert (back.status_code, back.headers["location"]) == (303, "/tasks?q=x")
    assert elsewhere.headers["location"] == "/login/okta"
    assert other_person.headers["location"] == "/login/okta"
    assert left.status_code == 200


async def test_how_a_login_ended_is_told_at_its_own_tab_alone(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    await world.log_in(browser, "eve")
    other = {"referer": "http://localhost/login?next=workers"}
    own = {"referer": "http://localhost/login?failed&next=tasks"}
    told = [(await browser.get("/login/options", headers=tab)).json() for tab in (other, own, own)]

    assert [each["refused"] is not None for each in told] == [False, True, False]


async def test_with_passwords_or_several_providers_people_choose(
    browser: httpx.AsyncClient, tmp_path: Path
) -> None:
    several = await browser.get("/login", headers=PAGE)
    with_passwords = ProviderWorld(tmp_path, users=("otto:operator:pw-otto",))
    async with with_passwords.browser() as client:
        beside = await client.get("/login", headers=PAGE)
        options: dict[str, Any] = (await client.get("/login/options")).json()

    assert (several.status_code, beside.status_code) == (200, 200)
    assert (options["passwords"], options["straight"]) == (True, False)


async def test_an_unknown_provider_is_a_sentence(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    options = await world.options_after(browser, await browser.get("/login/nobody"))

    assert options["failed"] == "There is no provider of this name to log in by."


@pytest.mark.parametrize("name", ["x" * 300, "\u00fc" * 300, "ann\x1b[31m", "\U0001f600" * 190])
async def test_a_name_that_cannot_be_shown_or_kept_is_refused_in_a_sentence(
    world: ProviderWorld, browser: httpx.AsyncClient, name: str
) -> None:
    world.providers["okta"].people["ann"]["email"] = name

    options = await world.options_after(browser, await world.log_in(browser, "ann"))

    assert "The name that Okta gave cannot be shown" in options["failed"]


async def test_the_longest_name_that_is_taken_has_a_session(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    world.providers["okta"].people["ann"]["email"] = "\U0001f600" * 120

    await world.log_in(browser, "ann")

    assert (await browser.get("/api/v1/me")).status_code == 200


async def test_a_provider_that_does_not_answer_holds_up_nobody_else(
    world: ProviderWorld, browser: httpx.AsyncClient
) -> None:
    await world.log_in(browser, "ann", provider="google")
    world.providers["okta"].is_silent = True

    async with world.browser() as flooding, anyio.create_task_group() as group:
        for _ in range(10):
            group.start_soon(flooding.get, "/login/okta")
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(2):
            one_more = await world.options_after(flooding, await flooding.get("/login/okta"))
            page = await browser.get("/api/v1/tasks")
            other = await browser.get("/login/options")
        group.cancel_scope.cancel()

    assert one_more["failed"] == "Too many logins are on their way. Try again soon."
    assert (page.status_code, other.status_code) == (200, 200)


async def test_a_session_that_an_admin_ends_ends_the_streams_that_it_reads(
    tmp_path: Path,
) -> None:
    world = ProviderWorld(tmp_path)
    async with world.browser() as browser:
        await world.log_in(browser, "ann")
        ((name, value),) = browser.cookies.items()
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        await anyio.sleep_forever()
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)
        if any(b"event: hello" in each.get("body", b"") for each in sent):
            for row in world.ledger.sessions(NOW):
                world.ledger.end_session(row.id, row.expires, NOW, row.user)

    world.access.recheck_s = 0.01
    headers = {"host": "localhost", "cookie": f"{name}={value}"}
    scope = {
        "type": "http", "method": "GET", "path": "/api/v1/live", "raw_path": b"/api/v1/live",
        "query_string": b"", "root_path": "", "scheme": "http", "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    with anyio.fail_after(10):
        await world.app(scope, receive, send)

    assert sent[0]["status"] == 200


async def test_other_tabs_of_who_has_logged_out_wait_on_the_login_page(tmp_path: Path) -> None:
    """They find the session over, and would be sent to the only provider, which lets them in."""
    world = ProviderWorld(tmp_path, okta())
    async with world.browser() as browser:
        await world.log_in(browser, "ann")
        await browser.post("/api/v1/logout", json={})

        tab = await browser.get("/login?next=workers", headers=PAGE)
        options = (await browser.get("/login/options")).json()
        await world.log_in(browser, "ann")
        later = await browser.get("/login", headers=PAGE)

    assert (tab.status_code, options["straight"]) == (200, False)
    assert later.headers["location"] == "/login/okta"
