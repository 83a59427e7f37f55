"""Workflows over HTTP."""

from __future__ import annotations

import pytest

from tests.api.world import World
from tests.contract.stories import uuid_of

pytestmark = pytest.mark.anyio


async def test_they_are_listed_and_one_is_given_whole(world: World) -> None:
    listed = (await world.get("/api/v1/workflows")).json()
    whole = (await world.get(f"/api/v1/workflows/{uuid_of(1)}/graph")).json()

    (row,) = listed["items"]
    assert (row["root_id"], row["tasks"], row["has_canvas"]) == (uuid_of(1), 2, False)
    assert listed["next"] is None
    assert [task["uuid"] for task in whole["tasks"]] == [uuid_of(1), uuid_of(6)]
    assert [step["uuid"] for step in whole["path"]["steps"]] == [uuid_of(1), uuid_of(6)]
    assert whole["expected"] == []


async def test_what_is_not_there_is_told(world: World) -> None:
    unknown = await world.get("/api/v1/workflows/nothing/graph")
    tasks = await world.get("/api/v1/workflows/nothing")
    cursor = await world.get("/api/v1/workflows?cursor=nothing")

    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:umbel:problem:unknown-task")
    assert (tasks.status_code, tasks.json()) == (404, unknown.json())
    assert "No task of the workflow nothing is stored" in tasks.json()["detail"]
    assert (cursor.status_code, cursor.json()["parameter"]) == (400, "cursor")
