"""Strangers learn from `/readyz` which part is missing, and nothing of this machine."""

from __future__ import annotations

import pytest

from tests.api.doors import USERS, bearer
from tests.api.world import World, problem_of
from umbel.errors import StoreError
from umbel.store.base import CollectorStatus
from umbel.store.memory import MemoryStore

pytestmark = pytest.mark.anyio

DAMAGE = "A file in /var/lib/umbel is damaged."


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Damaged(MemoryStore):
    """A store that cannot be read."""

    def collectors(self) -> tuple[CollectorStatus, ...]:
        raise StoreError(DAMAGE)


async def test_a_stranger_is_told_which_part_is_missing_and_no_path() -> None:
    answer = await World(users=USERS, store=Damaged()).get("/readyz")

    detail = problem_of(answer)["detail"]
    assert answer.status_code == 503
    assert detail == (
        "Umbel is not ready, because of its store. "
        "Those who may look at this cluster are told more."
    )


async def test_a_stranger_is_not_told_what_the_collector_said() -> None:
    world = World(users=USERS, store=MemoryStore(), supervised=lambda: "It died at /home/joe.")

    answer = await world.get("/readyz")

    assert "because of its collector" in problem_of(answer)["detail"]
    assert "/home/joe" not in answer.text


async def test_who_may_look_is_told_the_whole_sentence() -> None:
    world = World(users=USERS, store=Damaged())

    answer = await world.get("/readyz", headers=bearer(world.ledger, "viewer"))

    assert DAMAGE in problem_of(answer)["detail"]


async def test_without_a_login_everybody_is_told() -> None:
    answer = await World(store=Damaged()).get("/readyz")

    assert DAMAGE in problem_of(answer)["detail"]


async def test_a_wrong_token_is_told_no_more_than_a_stranger() -> None:
    world = World(users=USERS, store=Damaged())

    answer = await world.get("/readyz", headers={"authorization": "Bearer umbel_ci_wrong"})

    assert answer.status_code == 503
    assert DAMAGE not in answer.text
