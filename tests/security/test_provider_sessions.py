"""Sessions by providers under attack: namesakes, cookies of others, many logins."""

from __future__ import annotations

import threading
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import httpx
import pytest

from tests.api.provider_world import ProviderWorld, okta
from tests.api.world import NOW
from umbel.store.ledger import SESSIONS_EACH, SESSIONS_MAX, LoginSession
from umbel.store.memory_ledger import MemoryLedger
from umbel.web.http.cookies import COOKIES_MAX

pytestmark = pytest.mark.anyio

NAMESAKES = {"u1": {"groups": ["ops"]}, "u2": {"groups": ["billing"]}}
ADA = {"user": "ada", "password": "ada-password-123"}


@pytest.fixture
def world(tmp_path: Path) -> ProviderWorld:
    provider = okta()
    provider.people |= {each: dict(claims) for each, claims in NAMESAKES.items()}
    provider.names |= dict.fromkeys(NAMESAKES, "ann")
    return ProviderWorld(tmp_path, provider, users=["ada:admin:ada-password-123"])


async def ids_of(browser: httpx.AsyncClient) -> set[str]:
    rows = (await browser.get("/api/v1/sessions")).json()["items"]
    return {row["id"] for row in rows}


async def test_a_namesake_neither_sees_nor_ends_the_sessions_of_another(
    world: ProviderWorld,
) -> None:
    async with world.browser() as ann, world.browser() as namesake, world.browser() as ada:
        await world.log_in(ann, "u1")
        await world.log_in(namesake, "u2")
        (own,) = await ids_of(ann)

        assert own not in await ids_of(namesake)
        ended = await namesake.post(f"/api/v1/sessions/{own}/end", json={})
        assert ended.status_code == 404
        ended = await namesake.post("/api/v1/sessions/end", json={"user": "okta:ann"})
        assert ended.json() == {"ended": 1}
        assert (await namesake.get("/api/v1/me")).status_code == 401
        assert (await ann.get("/api/v1/me")).status_code == 200

        await ada.post("/login", json=ADA)
        await world.log_in(namesake, "u2")
        ended = await ada.post("/api/v1/sessions/end", json={"user": "okta:ann"})
        assert ended.json() == {"ended": 2}


async def test_an_admin_ends_all_sessions_of_somebody_however_many(world: ProviderWorld) -> None:
    rows = [world.sessions.new("okta:ann", provider="okta") for _ in range(SESSIONS_MAX + 5)]
    for number, each in enumerate(rows):
        world.ledger.keep_session(
            LoginSession(
                id=each.id,
                user=each.user,
                provider="okta",
                subject=f"namesake {number}",
                began=NOW,
                expires=each.expires,
                seen=NOW,
                address="192.0.2.7",
            )
        )
    async with world.browser() as ada:
        await ada.post("/login", json=ADA)
        first = await ada.post(f"/api/v1/sessions/{rows[0].id}/end", json={})
        assert first.json() == {"ended": 1}
        ended = await ada.post("/api/v1/sessions/end", json={"user": "okta:ann"})

    assert ended.json() == {"ended": SESSIONS_MAX + 4}
    assert not world.ledger.sessions(world.clock.now(), user="okta:ann")


async def test_who_logs_in_all_the_time_keeps_the_sessions_that_are_used(
    world: ProviderWorld,
) -> None:
    async with world.browser() as ann:
        await world.log_in(ann, "ann")
        for _ in range(SESSIONS_EACH + 10):
            async with world.browser() as other:
                await world.log_in(other, "ann")
            world.clock.time += 10
            assert (await ann.get("/api/v1/me")).status_code == 200

    assert len(world.ledger.sessions(world.clock.now(), user="okta:ann@example.com")) == (
        SESSIONS_EACH
    )


@pytest.mark.parametrize("end", ["a(b", "a b", "\u00e4", "x" * 300, "a/b", "0123456789ABCDEF"])
async def test_cookies_that_others_set_under_our_names_keep_nobody_from_logging_in(
    world: ProviderWorld, end: str
) -> None:
    async with world.browser() as ann:
        await world.begin(ann, "ann")
        (name,) = ann.cookies
        planted = "; ".join(f"{name[:-16]}{end}{number}=1" for number in range(9))
        answer = await ann.get("/login/okta", headers={b"cookie": planted.encode()})

    assert answer.status_code == 303
    assert len(answer.headers.get_list("set-cookie")) == 1


async def test_attempts_that_are_too_many_bytes_are_forgotten(world: ProviderWorld) -> None:
    """Past the bound no cookie is read, so nobody could log in while they last."""
    async with world.browser() as ann:
        await world.begin(ann, "ann")
        (name,) = ann.cookies
        names = [f"{name[:-16]}{number:016x}" for number in range(9)]
        size = COOKIES_MAX // len(names) + 1
        header = "; ".join(f"{each}={'v' * size}" for each in names)
        answer = await ann.get("/login/okta", headers={"cookie": header})

    forgotten = [each for each in answer.headers.get_list("set-cookie") if "Max-Age=0" in each]
    assert [each.partition("=")[0] for each in forgotten] == names[:-5]


async def test_a_logout_token_counts_once_however_it_is_written(world: ProviderWorld) -> None:
    """A signature of an elliptic curve can be changed by whoever saw it, and stays right."""
    world.providers["okta"].logout_ids["sub:ann#again"] = "sub:ann"
    async with world.browser() as ann:
        await world.log_in(ann, "ann")
        first = await ann.post("/login/okta/logout", data={"logout_token": "sub:ann"})
        await world.log_in(ann, "ann")
        again = await ann.post("/login/okta/logout", data={"logout_token": "sub:ann#again"})

        assert (first.status_code, again.status_code) == (200, 400)
        assert (await ann.get("/api/v1/me")).status_code == 200


class LockedLedger(MemoryLedger):
    """Another program keeps it locked, so that whoever writes waits until that is `over`."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()
        self.over.set()

    def use_once(self, name: str, expires: float, now: float) -> bool:
        self.over.wait(30)
        return super().use_once(name, expires, now)

    def seen_session(self, session_id: str, at: float) -> None:
        self.over.wait(30)
        super().seen_session(session_id, at)


async def test_strangers_who_wait_for_a_locked_ledger_hold_up_nobody_else(tmp_path: Path) -> None:
    ledger = LockedLedger()
    world = ProviderWorld(tmp_path, okta(), ledger=ledger)
    async with AsyncExitStack() as opened:
        ann, *strangers = [await opened.enter_async_context(world.browser()) for _ in range(21)]
        group = await opened.enter_async_context(anyio.create_task_group())
        await world.log_in(ann, "ann")
        ledger.over.clear()
        try:
            for each in strangers:
                group.start_soon(each.get, await world.begin(each, "ann"))
            for _ in range(10):
                with anyio.fail_after(5):
                    world.clock.time += 400  # the last use is to be written down each time
                    assert (await ann.get("/api/v1/me")).status_code == 200
        finally:
            ledger.over.set()
