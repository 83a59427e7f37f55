"""What the sender of a task masked, asked for by people of each role."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.doors import USERS, basic
from tests.api.world import World
from tests.contract.stories import BASE, WORKER, begun, uuid_of
from umbel.broker.base import QueuedMessage
from umbel.results.base import Result

pytestmark = pytest.mark.anyio

TASK, PLAIN, UNHEARD = uuid_of(81), uuid_of(82), uuid_of(83)
MASKED, TRUE = "{'card': '**** 5678'}", {"card": "4111 1111 1111 5678"}


@pytest.fixture
def world() -> World:
    world = World(users=USERS)
    world.store.apply(
        [*begun(TASK, BASE, args="(1, 2)", kwargs=MASKED), *begun(PLAIN, BASE, args="(1, 2)")]
    )
    return world


async def seen(world: World, role: str, path: str) -> Any:
    name = {"viewer": "vera", "operator": "otto"}[role]
    answer = await world.get(path, headers=basic(name, f"pw-{name}"))
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize(("role", "shown"), [("viewer", MASKED), ("operator", TRUE)])
async def test_a_message_that_waits_shows_what_its_sender_lets_be_seen(
    world: World, role: str, shown: Any
) -> None:
    world.cluster.queues["mail"] = [
        QueuedMessage(
            task_id=TASK, args=[1, 2], kwargs=TRUE, args_repr="(1, 2)", kwargs_repr=MASKED,
            headers={"token": "secret"},
        )
    ]  # fmt: skip

    answer = await seen(world, role, "/api/v1/queues/mail/messages")

    (message,) = answer["items"]
    assert (message["args"], message["kwargs"]) == ([1, 2], shown)
    assert "secret" not in str(answer)


@pytest.mark.parametrize(
    ("role", "task", "shown"),
    [
        ("viewer", TASK, ([1, 2], MASKED)),
        ("operator", TASK, ([1, 2], TRUE)),
        ("viewer", UNHEARD, (None, None)),
        ("operator", UNHEARD, ([1, 2], TRUE)),
    ],
)
async def test_a_result_shows_what_the_sender_lets_be_seen(
    world: World, role: str, task: str, shown: tuple[Any, Any]
) -> None:
    world.results.results[task] = Result(
        task_id=task, state="SUCCESS", result=5, args=[1, 2], kwargs=TRUE
    )

    answer = await seen(world, role, f"/api/v1/results/{task}")

    assert (answer["args"], answer["kwargs"]) == shown
    assert answer["result"] == 5


@pytest.mark.parametrize("what", ["active", "reserved", "scheduled"])
async def test_what_a_worker_runs_shows_what_the_sender_lets_be_seen(
    world: World, what: str
) -> None:
    entry: dict[str, Any] = {"id": TASK, "args": [1, 2], "kwargs": TRUE}
    told = {"eta": "x", "request": entry} if what == "scheduled" else entry
    world.worker.says[what] = [told]

    masked = await seen(world, "viewer", f"/api/v1/workers/{WORKER}/{what}")
    whole = await seen(world, "operator", f"/api/v1/workers/{WORKER}/{what}")

    assert "4111" not in str(masked)
    assert MASKED in str(masked)
    assert whole["value"] == [told]
