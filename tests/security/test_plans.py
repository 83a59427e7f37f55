"""Plans that nobody executes neither stay nor grow without end."""

from __future__ import annotations

import pytest

from tests.api.doors import USERS, bearer
from tests.api.world import World, problem_of
from umbel.errors import ActionRefused
from umbel.services.control.action_limits import PLANS_BYTES, PLANS_EACH, plans_to_forget
from umbel.store.ledger import OpenPlan

NOW = 1_000.0


def plans(count: int, size: int, expires: float) -> list[OpenPlan]:
    return [OpenPlan(f"{number}", expires + number / 1e6, size) for number in range(count)]


def test_where_there_is_room_nothing_is_forgotten() -> None:
    assert plans_to_forget(plans(PLANS_EACH - 1, 10, NOW - 1), 10, NOW) == ()


def test_expired_plans_make_room_the_oldest_first() -> None:
    assert plans_to_forget(plans(PLANS_EACH + 1, 10, NOW - 1), 10, NOW) == ("0", "1")


@pytest.mark.parametrize(("count", "size"), [(PLANS_EACH, 10), (3, PLANS_BYTES // 3)])
def test_too_many_plans_that_may_still_be_executed_are_refused(count: int, size: int) -> None:
    with pytest.raises(ActionRefused, match="plans of yours wait"):
        plans_to_forget(plans(count, size, NOW + 1), 10, NOW)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_an_operator_who_plans_without_end_is_told_to_stop() -> None:
    world = World(users=USERS)
    headers = bearer(world.ledger, "operator", "otto")
    body = {"action": "rate_limit", "name": "shop.charge", "rate": "1/s"}
    async with world.client(headers=headers) as client:
        answers = [await client.post("/api/v1/actions", json=body) for _ in range(PLANS_EACH + 1)]

    assert {answer.status_code for answer in answers[:-1]} == {201}
    assert answers[-1].status_code == 409
    assert "plans of yours wait" in problem_of(answers[-1])["detail"]
