"""When a provider is asked again, and who waits for it."""

from __future__ import annotations

import anyio
import pytest

from tests.support.clocks import SetClock
from umbel.errors import ProviderUnavailable
from umbel.store.ledger import LoginSession
from umbel.web.logins.checks import AT_ONCE, CHECK_BY_S, TRUST_S, LoginChecks

pytestmark = pytest.mark.anyio

NOW = 1_000_000.0


class Asked:
    """A provider that answers as a test says, and takes down who was asked about."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.error: Exception | None = None
        self.at_once = self.most_at_once = 0
        self.may_answer = anyio.Event()
        self.may_answer.set()

    async def __call__(self, row: LoginSession) -> LoginSession | None:
        self.ids.append(row.id)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.may_answer.wait()
            if self.error is not None:
                raise self.error
            return row
        finally:
            self.at_once -= 1


def session(id_: str = "a", *, age_s: float = CHECK_BY_S, provider: str = "okta") -> LoginSession:
    return LoginSession(
        id=id_, user=f"okta:{id_}", provider=provider, began=0, expires=NOW * 2, seen=0,
        address="192.0.2.7", tokens=b"\x01sealed", checked=NOW - age_s,
    )  # fmt: skip


async def test_a_provider_that_failed_is_left_alone_longer_each_time() -> None:
    asked, clock = Asked(), SetClock(NOW)
    checks = LoginChecks(asked, clock)
    asked.error = ProviderUnavailable("It is down.")
    pauses = []
    for number in range(5):
        await checks.current(session(f"{number}"))
        before = clock.time
        count = len(asked.ids)
        while len(asked.ids) == count:
            clock.time += 5
            await checks.current(session(f"again-{number}"))
        pauses.append(clock.time - before)

    assert pauses == sorted(pauses)
    assert pauses[0] == 10
    assert max(pauses) <= 300


async def test_one_provider_that_is_down_keeps_no_other_from_being_asked() -> None:
    asked = Asked()
    checks = LoginChecks(asked, SetClock(NOW))
    asked.error = ProviderUnavailable("It is down.")
    await checks.current(session("a"))
    asked.error = None

    await checks.current(session("b"))
    await checks.current(session("c", provider="google"))

    assert asked.ids == ["a", "c"]


async def test_a_mistake_with_one_session_keeps_no_other_from_being_checked() -> None:
    asked = Asked()
    checks = LoginChecks(asked, SetClock(NOW))
    asked.error = RuntimeError("a mistake")
    assert await checks.current(session("a")) is not None
    asked.error = None

    await checks.current(session("a"))
    await checks.current(session("b"))

    assert asked.ids == ["a", "b"]


async def test_only_so_many_are_asked_about_at_once() -> None:
    asked = Asked()
    asked.may_answer = anyio.Event()
    checks = LoginChecks(asked, SetClock(NOW))

    async with anyio.create_task_group() as group:
        for number in range(3 * AT_ONCE):
            group.start_soon(checks.current, session(f"{number}"))
        await anyio.wait_all_tasks_blocked()
        asked.may_answer.set()

    assert asked.most_at_once == AT_ONCE
    assert len(asked.ids) == 3 * AT_ONCE


async def test_an_old_word_counts_for_a_day_and_no_longer() -> None:
    asked, clock = Asked(), SetClock(NOW)
    checks = LoginChecks(asked, clock)
    asked.error = ProviderUnavailable("It is down.")

    assert await checks.current(session("a", age_s=TRUST_S - 1)) is not None
    assert await checks.current(session("a", age_s=TRUST_S)) is None
    clock.time += 1_000
    asked.error = None
    assert await checks.current(session("a", age_s=TRUST_S)) is not None


@pytest.mark.parametrize("ahead_s", [3_600.0, 400 * 86_400.0])
async def test_a_clock_that_was_put_back_lets_nobody_stay_unasked(ahead_s: float) -> None:
    asked = Asked()

    await LoginChecks(asked, SetClock(NOW)).current(session(age_s=-ahead_s))
    await LoginChecks(asked, SetClock(NOW)).current(session("b", age_s=-60.0))

    assert asked.ids == ["a"]
