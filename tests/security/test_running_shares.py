"""Nobody's actions take all the room that there is for actions that run."""

from __future__ import annotations

import threading

import pytest
from httpx import Response

from tests.api.doors import USERS, bearer
from tests.api.world import World, problem_of
from umbel.errors import ActionRefused
from umbel.services.control.action_limits import RUNS_EACH, RUNS_MAX, refuse_beyond_share

OTTO, VERA = "name otto", "name vera"


def test_who_runs_a_share_of_the_actions_is_told_to_wait_or_cancel() -> None:
    with pytest.raises(ActionRefused, match="4 actions of yours run already") as refused:
        refuse_beyond_share([OTTO] * RUNS_EACH, OTTO)

    assert "cancel" in refused.value.remedy


def test_others_still_run_theirs() -> None:
    refuse_beyond_share([OTTO] * RUNS_EACH, VERA)


def test_all_together_are_bounded() -> None:
    with pytest.raises(ActionRefused, match=f"{RUNS_MAX} actions run already"):
        refuse_beyond_share([f"name {number}" for number in range(RUNS_MAX)], VERA)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_of_requests_the_person_counts_who_sent_them() -> None:
    world = World(users=USERS)
    ending = threading.Event()

    def hold(_name: str) -> None:
        assert ending.wait(20)

    body = {"action": "rate_limit", "name": "shop.charge", "rate": "1/s"}

    async def execute(headers: dict[str, str]) -> Response:
        async with world.client(headers=headers) as client:
            plan = (await client.post("/api/v1/actions", json=body)).json()
            return await client.post(f"/api/v1/actions/{plan['id']}/execute", json={})

    world.cluster.on_call = hold
    otto, olga = bearer(world.ledger, "operator", "otto"), bearer(world.ledger, "operator", "olga")
    answers = [await execute(otto) for _ in range(RUNS_EACH)]
    refused = await execute(otto)
    others = await execute(olga)

    ending.set()
    assert {answer.status_code for answer in (*answers, others)} == {202}
    assert refused.status_code == 409
    assert "4 actions of yours run already" in problem_of(refused)["detail"]
