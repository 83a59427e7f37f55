"""Deploys over HTTP: announced, listed, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.doors import USERS, basic
from tests.api.two_clusters import Two
from tests.api.world import NOW, World, problem_of
from umbel.store.ledger import Deploy

pytestmark = pytest.mark.anyio

DEPLOYS = "/api/v1/deploys"


@pytest.fixture
def world() -> World:
    return World()


async def announce(world: World, version: str = "5.7", **more: Any) -> dict[str, Any]:
    response = await world.post(DEPLOYS, {"version": version, **more})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def listed(world: World, **asked: Any) -> list[dict[str, Any]]:
    response = await world.get(DEPLOYS, asked)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def test_an_announced_deploy_is_listed(world: World) -> None:
    made = await announce(world, note="new payment provider")

    assert (made["version"], made["at"], made["title"]) == ("5.7", NOW, "Deploy of 5.7")
    assert await listed(world) == [made]
    (line,) = world.ledger.audit(action="deploy").items
    assert (line.target, line.reason) == ("the deploy of 5.7", "new payment provider")


async def test_a_pipeline_that_announces_a_version_again_is_told_of_the_same_deploy(
    world: World,
) -> None:
    first = await announce(world)
    again = await announce(world)

    assert await listed(world) == [again]
    assert first["at"] == again["at"]


async def test_deploys_of_a_time_are_the_newest_first_and_bounded(world: World) -> None:
    for ago, version in ((9_000, "5.5"), (5_000, "5.6"), (1_000, "5.7")):
        await announce(world, version, at=NOW - ago)

    assert [each["version"] for each in await listed(world)] == ["5.7", "5.6", "5.5"]
    between = await listed(world, after=NOW - 6_000, before=NOW - 1_000)
    assert [each["version"] for each in between] == ["5.6"]
    response = await world.get(DEPLOYS, {"limit": 1})
    assert (len(response.json()["items"]), response.json()["more"]) == (1, 2)


async def test_what_workers_showed_before_belongs_to_what_is_announced(world: World) -> None:
    seen = Deploy(id="seen", kind="restart", at=NOW - 400, until=NOW - 60, workers=5)
    world.ledger.keep_deploy(seen)

    made = await announce(world)

    assert (made["at"], made["until"], made["workers"]) == (NOW - 400, NOW, 5)
    assert made["kinds"] == ["announced", "restart"]


async def test_a_mistaken_deploy_is_taken_back_with_all_that_was_seen_of_it(world: World) -> None:
    world.ledger.keep_deploy(Deploy(id="seen", kind="restart", at=NOW - 60, until=NOW, workers=5))
    made = await announce(world)

    response = await world.post(f"{DEPLOYS}/{made['id']}/remove")

    assert response.json() == {"id": made["id"]}
    assert await listed(world) == []
    (line,) = world.ledger.audit(action="remove-deploy").items
    assert line.target == f"Deploy of 5.7 ({made['id']})"
    again = await world.post(f"{DEPLOYS}/{made['id']}/remove")
    assert (again.status_code, problem_of(again)["type"]) == (
        404,
        "urn:umbel:problem:unknown-deploy",
    )


@pytest.mark.parametrize("at", [NOW + 3_600, NOW - 500 * 86_400])
async def test_a_deploy_of_another_time_is_refused(world: World, at: float) -> None:
    response = await world.post(DEPLOYS, {"version": "5.7", "at": at})

    assert problem_of(response)["type"] == "urn:umbel:problem:bad-body"
    assert "Leave at out for now" in problem_of(response)["detail"]
    assert world.ledger.deploys() == ()


@pytest.mark.parametrize("body", [{}, {"version": ""}, {"version": " "}, {"version": "v" * 101}])
async def test_a_deploy_needs_a_version(world: World, body: dict[str, str]) -> None:
    response = await world.post(DEPLOYS, body)

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == "version"


async def test_viewers_see_deploys_and_announce_none() -> None:
    world = World(users=USERS)
    headers = basic("vera", "pw-vera")

    refused = await world.post(DEPLOYS, {"version": "5.7"}, headers=headers)

    assert refused.status_code == 403
    assert (await world.get(DEPLOYS, headers=headers)).json() == {"items": [], "more": 0}


async def test_each_cluster_has_its_own_deploys(tmp_path: Path) -> None:
    two = Two(tmp_path, is_open=True)

    async with two.client() as client:
        await client.post("/api/v1/clusters/shop/deploys", json={"version": "5.7"})
        found = [
            len((await client.get(f"/api/v1/clusters/{name}/deploys")).json()["items"])
            for name in ("shop", "mail")
        ]

    assert found == [1, 0]
