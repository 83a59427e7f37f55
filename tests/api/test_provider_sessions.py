"""Sessions of people of a provider: how long they last, and what ends them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import anyio
import anyio.to_thread
import httpx
import pytest

from tests.api.doors import bearer
from tests.api.provider_world import RULES, ProviderWorld, okta
from tests.api.world import NOW, problem_of
from tests.support.redirect_provider import MemoryProvider
from tests.support.waiting import wait_until
from umbel.auth.rules import Rule
from umbel.errors import StoreFull
from umbel.store.ledger import Ledger
from umbel.store.memory_ledger import MemoryLedger
from umbel.store.opening import open_ledger
from umbel.web.logins.checks import CHECK_AFTER_S, CHECK_BY_S, TRUST_S

pytestmark = pytest.mark.anyio

USERS = ("otto:operator:pw-otto", "ada:admin:pw-ada")
ADA, OTTO = ({"user": name, "password": f"pw-{name}"} for name in ("ada", "otto"))
HOUR_S = 3_600.0
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def world(tmp_path: Path) -> ProviderWorld:
    return ProviderWorld(tmp_path, users=USERS)


@pytest.fixture
def provider(world: ProviderWorld) -> MemoryProvider:
    return world.providers["okta"]


@pytest.fixture
async def ann(world: ProviderWorld) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of ann, who is an operator."""
    async with world.browser() as browser:
        await world.log_in(browser, "ann")
        yield browser


async def status(browser: httpx.AsyncClient) -> int:
    return (await browser.get("/api/v1/tasks")).status_code


async def until(probe: Callable[[], bool]) -> None:
    await anyio.to_thread.run_sync(lambda: wait_until(probe))


async def test_within_the_hour_groups_are_read_again_beside_the_requests(
    world: ProviderWorld, provider: MemoryProvider, ann: httpx.AsyncClient
) -> None:
    world.clock.time = NOW + CHECK_AFTER_S - 1
    assert await status(ann) == 200
    assert provider.asked_again == 0
    provider.people["ann"]["groups"] = ["ops", "on-call"]

    world.clock.time = NOW + CHECK_AFTER_S
    assert await status(ann) == 200
    await until(lambda: world.ledger.sessions(NOW)[0].checked > NOW)

    me = (await ann.get("/api/v1/me")).json()
    assert (me["claims"]["groups"], me["session"]["checked"]) == (
        ["ops", "on-call"], NOW + CHECK_AFTER_S,
    )  # fmt: skip
    assert provider.asked_again == 1


async def test_many_requests_at_once_ask_the_provider_once(
    world: ProviderWorld, provider: MemoryProvider, ann: httpx.AsyncClient
) -> None:
    world.clock.time = NOW + HOUR_S
    found: list[int] = []

    async def look() -> None:
        found.append(await status(ann))

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(look)

    assert (set(found), provider.asked_again) == ({200}, 1)


async def test_who_was_removed_is_out_within_the_hour(
    world: ProviderWorld, provider: MemoryProvider, ann: httpx.AsyncClient
) -> None:
    """Also if they did nothing all the time."""
    del provider.people["ann"]

    world.clock.time = NOW + HOUR_S
    assert await status(ann) == 401

    assert not world.ledger.sessions(NOW)
    assert world.lines()[-1] == (
        "okta:ann@example.com", "logout: their session ends", "done",
        "Okta no longer lets them in: They were removed.",
    )  # fmt: skip
    provider.people["ann"] = {"email": "ann@example.com", "groups": ["ops"]}
    assert await status(ann) == 401


@pytest.mark.parametrize(
    ("groups", "why"),
    [(["billing"], "another role than at the login"), (["visitors"], "no role any more")],
)
async def test_another_group_with_another_role_ends_the_session(
    world: ProviderWorld,
    provider: MemoryProvider,
    ann: httpx.AsyncClient,
    groups: list[str],
    why: str,
) -> None:
    provider.people["ann"]["groups"] = groups

    world.clock.time = NOW + HOUR_S
    assert await status(ann) == 401

    line = world.lines()[-1]
    assert line[:2] == ("okta:ann@example.com", "logout: their session ends")
    assert line[3] == f"Role changed: the rules give {why}."


async def test_other_rules_after_a_restart_end_the_sessions_that_they_concern(
    world: ProviderWorld, ann: httpx.AsyncClient, tmp_path: Path
) -> None:
    async with world.browser() as bob:
        await world.log_in(bob, "bob")
        ops = Rule(role="admin", claim="groups", values=("ops",), number=1)
        later = ProviderWorld(tmp_path, rules=[ops, *RULES[1:]], ledger=world.ledger)

        async with later.browser(cookies=dict(ann.cookies)) as again:
            assert await status(again) == 401
            assert await status(again) == 401
        async with later.browser(cookies=dict(bob.cookies)) as again:
            assert await status(again) == 200

    reasons = [line[3] for line in later.lines() if "Role changed" in (line[3] or "")]
    assert len(reasons) == 1


async def test_a_provider_that_is_gone_from_the_settings_lets_nobody_in(
    world: ProviderWorld, ann: httpx.AsyncClient, tmp_path: Path
) -> None:
    later = ProviderWorld(tmp_path, okta("google"), ledger=world.ledger)

    async with later.browser(cookies=dict(ann.cookies)) as again:
        assert await status(again) == 401


async def test_another_provider_under_the_name_ends_the_sessions_of_the_one_before(
    world: ProviderWorld, ann: httpx.AsyncClient, tmp_path: Path
) -> None:
    later = ProviderWorld(tmp_path, okta(domain="company.okta.com"), ledger=world.ledger)

    async with later.browser(cookies=dict(ann.cookies)) as again:
        assert await status(again) == 401
    assert later.lines()[-1][3] == "The settings have another provider as okta now."


async def test_while_a_provider_is_down_sessions_go_on_and_say_so(
    world: ProviderWorld, provider: MemoryProvider, ann: httpx.AsyncClient
) -> None:
    provider.is_down = True

    world.clock.time = NOW + HOUR_S
    assert await status(ann) == 200
    assert await status(ann) == 200
    session = (await ann.get("/api/v1/me")).json()["session"]

    assert provider.asked_again == 1
    assert session["note"].startswith("Okta could not be asked since ")
    assert session["check_every_s"] == CHECK_BY_S


async def test_a_provider_that_does_not_answer_holds_up_one_request_for_two_seconds(
    world: ProviderWorld, provider: MemoryProvider, ann: httpx.AsyncClient
) -> None:
    async with world.browser() as other:
        await world.log_in(other, "bob")
        provider.is_silent = True
        world.clock.time = NOW + HOUR_S
        begun = time.monotonic()
        answers: list[int] = []

        async def look(browser: httpx.AsyncClient) -> None:
            answers.append(await status(browser))

        async with anyio.create_task_group() as group:
            group.start_soon(look, ann)
            group.start_soon(look, other)
        first_s = time.monotonic() - begun
        await look(ann)
        await look(other)

        assert answers == [200] * 4
        assert 1.5 < first_s < 4
        assert time.monotonic() - begun - first_s < 1.5


async def test_a_day_without_a_word_of_the_provider_lets_nobody_in_until_it_answers(
    world: ProviderWorld, provider: MemoryProvider, ann: httpx.AsyncClient, tmp_path: Path
) -> None:
    provider.is_down = True
    world.clock.time = NOW + TRUST_S
    assert await status(ann) == 401
    assert world.ledger.sessions(world.clock.time)

    provider.is_down = False
    restarted = ProviderWorld(tmp_path, provider, ledger=world.ledger)
    restarted.clock.time = world.clock.time
    async with restarted.browser(cookies=dict(ann.cookies)) as again:
        assert await status(again) == 200


async def test_a_provider_that_never_says_so_again_is_asked_once(
    world: ProviderWorld, provider: MemoryProvider, ann: httpx.AsyncClient
) -> None:
    provider.says_again = False

    world.clock.time = NOW + HOUR_S
    assert await status(ann) == 200
    world.clock.time = NOW + 40 * HOUR_S
    assert await status(ann) == 200

    assert provider.asked_again == 1
    assert (await ann.get("/api/v1/me")).json()["session"]["check_every_s"] is None
    out = (await ann.post("/api/v1/logout", json={})).json()
    assert parse_qs(urlsplit(out["go_on"]).query)["id_token_hint"] == ["id-of-ann"]


async def test_a_logout_leads_on_to_that_of_the_provider_and_back_to_a_page_that_stays(
    ann: httpx.AsyncClient,
) -> None:
    copy = dict(ann.cookies)

    out = (await ann.post("/api/v1/logout", json={})).json()

    query = parse_qs(urlsplit(out["go_on"]).query)
    assert query["post_logout_redirect_uri"] == ["http://localhost/login?left"]
    ann.cookies.update(copy)
    assert await status(ann) == 401


@pytest.mark.parametrize("trouble", ["is_down", "is_silent"])
async def test_a_logout_holds_while_the_provider_is_away(
    ann: httpx.AsyncClient, provider: MemoryProvider, trouble: str
) -> None:
    setattr(provider, trouble, True)

    out = (await ann.post("/api/v1/logout", json={})).json()

    assert out == {"logged_out": True, "go_on": None}
    assert await status(ann) == 401


@pytest.mark.parametrize("token", ["sub:ann", "sid:sid-ann"])
async def test_a_logout_at_the_provider_ends_the_sessions_here(
    world: ProviderWorld, ann: httpx.AsyncClient, token: str
) -> None:
    async with world.browser() as bob, world.browser() as second, world.browser() as theirs:
        await world.log_in(bob, "bob")
        await world.log_in(second, "ann")
        theirs.headers.pop("sec-fetch-site")

        answer = await theirs.post("/login/okta/logout", data={"logout_token": token})
        replayed = await theirs.post("/login/okta/logout", data={"logout_token": token})

        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert [await status(each) for each in (ann, second, bob)] == [401, 401, 200]
    assert (replayed.status_code, replayed.json()["error"]) == (400, "invalid_request")
    reasons = [line[3] for line in world.lines() if line[1].startswith("logout: their")]
    assert reasons == ["Okta ended the login."] * 2


@pytest.mark.parametrize(
    ("path", "content", "headers"),
    [
        ("/login/okta/logout", "logout_token=forged", FORM),
        ("/login/okta/logout", "", FORM),
        ("/login/okta/logout", "logout_token=sub:ann&logout_token=sub:bob", FORM),
        ("/login/okta/logout", "x=y&" * 50, FORM),
        ("/login/okta/logout", '{"logout_token": "sub:ann"}', {"content-type": "text/plain"}),
        ("/login/okta/logout", "logout_token=" + "x" * 20_000, FORM),
        ("/login/nobody/logout", "logout_token=sub:ann", FORM),
        ("/login/okta/logout", "logout_token=sub:ann", {**FORM, "sec-fetch-site": "cross-site"}),
    ],
)
async def test_nothing_else_that_is_sent_there_ends_a_session(
    ann: httpx.AsyncClient, path: str, content: str, headers: dict[str, str]
) -> None:
    answer = await ann.post(path, content=content, headers=headers)

    assert answer.status_code in {400, 403, 413}
    assert await status(ann) == 200


async def test_everybody_sees_and_ends_their_own_sessions(
    world: ProviderWorld, ann: httpx.AsyncClient
) -> None:
    async with world.browser(headers={"user-agent": "Lynx\x7f/2"}) as second:
        await world.log_in(second, "ann")
        await world.log_in(second, "ann")
        found = (await ann.get("/api/v1/sessions")).json()
        (other,) = (each for each in found["items"] if not each["current"])
        (own,) = (each for each in found["items"] if each["current"])

        ended = await ann.post(f"/api/v1/sessions/{other['id']}/end", json={})

        assert (ended.status_code, ended.json()) == (200, {"ended": 1})
        assert [await status(each) for each in (ann, second)] == [200, 401]
    assert found["all"] is False
    assert (own["user"], own["provider"], own["address"]) == (
        "okta:ann@example.com", "okta", "127.0.0.1",
    )  # fmt: skip
    assert other["client"] == "Lynx\\x7f/2"
    assert [(each["cluster"], each["role"]) for each in own["access"]] == [("default", "operator")]
    line = world.lines()[-1]
    assert line[:3] == (
        "okta:ann@example.com", "logout: a session of okta:ann@example.com", "done",
    )  # fmt: skip


async def test_nobody_sees_or_ends_those_of_others_but_an_admin(
    world: ProviderWorld, ann: httpx.AsyncClient
) -> None:
    async with world.browser() as otto, world.browser() as ada:
        await otto.post("/login", json=OTTO)
        await ada.post("/login", json=ADA)
        all_of_them = (await ada.get("/api/v1/sessions")).json()
        (of_ann,) = (each for each in all_of_them["items"] if each["provider"] == "okta")
        (of_otto,) = (each for each in all_of_them["items"] if each["user"] == "otto")

        mine = (await otto.get("/api/v1/sessions")).json()
        one = await otto.post(f"/api/v1/sessions/{of_ann['id']}/end", json={})
        whole = await otto.post("/api/v1/sessions/end", json={"user": "okta:ann@example.com"})

        assert [each["user"] for each in mine["items"]] == ["otto"]
        assert problem_of(one)["type"].endswith("unknown-session")
        assert problem_of(whole)["type"].endswith("not-permitted")
        assert await status(ann) == 200

        gone = await ada.post("/api/v1/sessions/end", json={"user": "okta:ann@example.com"})
        await ada.post(f"/api/v1/sessions/{of_otto['id']}/end", json={})
        assert gone.json() == {"ended": 1}
        assert [await status(each) for each in (ann, otto, ada)] == [401, 401, 200]
    assert all_of_them["all"] is True
    assert {line[0] for line in world.lines()[-2:]} == {"ada"}


async def test_a_token_has_no_sessions_and_one_of_an_admin_sees_all(world: ProviderWorld) -> None:
    async with world.browser() as ann, world.browser() as program:
        await world.log_in(ann, "ann")
        viewer = bearer(world.ledger, "viewer")
        none = (await program.get("/api/v1/sessions", headers=viewer)).json()
        admin = bearer(world.ledger, "admin")
        every = (await program.get("/api/v1/sessions", headers=admin)).json()

    assert none == {"items": [], "all": False}
    assert (len(every["items"]), every["all"]) == (1, True)


async def test_a_role_in_one_cluster_of_two_is_no_right_to_end_others_sessions(
    tmp_path: Path,
) -> None:
    boss = Rule(role="admin", claim="groups", values=("ops",), cluster="shop", number=1)
    seeing = Rule(role="viewer", claim="groups", values=("ops", "billing"), number=2)
    world = ProviderWorld(tmp_path, rules=[boss, seeing], names=("shop", "mail"))
    async with world.browser() as ann, world.browser() as bob:
        await world.log_in(ann, "ann")
        await world.log_in(bob, "bob")
        found = (await ann.get("/c/shop/api/v1/sessions")).json()
        ended = await ann.post("/api/v1/sessions/end", json={"user": "okta:bob@example.com"})
        me = (await ann.get("/api/v1/me")).json()

        assert ended.status_code == 403
        assert (await bob.get("/c/mail/api/v1/tasks")).status_code == 200
    assert [each["user"] for each in found["items"]] == ["okta:ann@example.com"]
    assert [(each["cluster"], each["role"]) for each in me["access"]] == [
        ("shop", "admin"), ("mail", "viewer"),
    ]  # fmt: skip
    assert me["role"] == "viewer"


async def test_the_last_use_is_told_to_some_minutes(
    world: ProviderWorld, ann: httpx.AsyncClient
) -> None:
    await status(ann)
    world.clock.time = NOW + 600
    await status(ann)

    await until(lambda: world.ledger.sessions(NOW)[0].seen == NOW + 600)


@pytest.fixture
def ledgers(tmp_path: Path) -> Iterator[tuple[Ledger, Ledger]]:
    found = tuple(open_ledger(f"sqlite:///{tmp_path}") for _ in range(2))
    yield found[0], found[1]
    for ledger in found:
        ledger.close()


async def test_two_servers_on_one_ledger_share_logins_checks_and_ends(
    ledgers: tuple[Ledger, Ledger], tmp_path: Path
) -> None:
    provider = okta()
    here, there = (
        ProviderWorld(tmp_path, provider, users=USERS, ledger=ledger) for ledger in ledgers
    )
    cookies = httpx.Cookies()
    async with here.browser() as first, there.browser() as second:
        first._cookies = second._cookies = cookies
        callback = await here.begin(first, "ann")
        assert (await second.get(callback)).headers["location"] == "/"
        assert [await status(each) for each in (first, second)] == [200, 200]

        here.clock.time = there.clock.time = NOW + HOUR_S
        async with anyio.create_task_group() as group:
            group.start_soon(status, first)
            group.start_soon(status, second)
        assert provider.asked_again == 1

        async with there.browser() as ada:
            await ada.post("/login", json=ADA)
            await ada.post("/api/v1/sessions/end", json={"user": "okta:ann@example.com"})
        assert [await status(each) for each in (first, second)] == [401, 401]


async def test_a_login_by_password_is_listed_and_ends_the_one_before(
    world: ProviderWorld,
) -> None:
    async with world.browser() as browser:
        await browser.post("/login", json=OTTO)
        copy = dict(browser.cookies)
        await browser.post("/login", json=OTTO)
        (row,) = (await browser.get("/api/v1/sessions")).json()["items"]

        async with world.browser(cookies=copy) as thief:
            assert await status(thief) == 401
    assert (row["provider"], row["checked"], row["current"]) == ("password", None, True)


class FullLedger(MemoryLedger):
    """Keeps no session."""

    def keep_session(self, _: object) -> None:
        raise StoreFull("There is no room.")


async def test_where_nothing_can_be_written_passwords_log_in_and_providers_say_why(
    tmp_path: Path,
) -> None:
    world = ProviderWorld(tmp_path, users=USERS, ledger=FullLedger())
    async with world.browser() as browser:
        assert (await browser.post("/login", json=OTTO)).status_code == 200
        assert await status(browser) == 200
        options = await world.options_after(browser, await world.log_in(browser, "ann"))

    assert "cannot be kept now" in options["failed"]
