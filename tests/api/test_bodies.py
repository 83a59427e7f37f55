"""What is sent to change something is read strictly, and refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.world import World, problem_of
from umbel.web import request_limits
from umbel.web.request_limits import CHANGE_MAX, LOGIN_MAX

pytestmark = pytest.mark.anyio

PLAN = "/api/v1/actions"


async def refused(world: World, body: object) -> dict[str, Any]:
    """The problem that this body is, with nothing done."""
    response = await world.post(PLAN, body)
    assert response.status_code == 400
    assert world.ledger.actions() == ()
    return problem_of(response)


@pytest.mark.parametrize(
    "kind", [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
async def test_only_json_changes_anything(world: World, kind: str | None) -> None:
    headers = {} if kind is None else {"content-type": kind}
    async with world.client() as client:
        response = await client.post(PLAN, content=b'{"action": "ping"}', headers=headers)

    assert response.status_code == 415
    assert "application/json" in problem_of(response)["detail"]


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
async def test_json_may_say_its_encoding(world: World, kind: str) -> None:
    async with world.client() as client:
        response = await client.post(
            PLAN, content=b'{"action": "ping"}', headers={"content-type": kind}
        )

    assert response.status_code == 201


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"{", "cannot be read"),
        (b"\xff", "cannot be read"),
        (b'{"action": NaN}', "cannot be read"),
        (b'{"action": "\\ud800"}', "cannot be read"),
        (b'{"n": 1e999}', "cannot be read"),
        (b"1" * 5_000, "cannot be read"),
        (b"[]", "JSON object"),
        (b"null", "JSON object"),
        (b'{"edit": ' + b'{"kwargs": ' * 100 + b"1" + b"}" * 100 + b"}", "levels deep"),
        (b'{"ids": ' + b"[" * 200_000, "levels deep"),
    ],
)
async def test_what_is_no_json_object_is_refused(world: World, body: bytes, says: str) -> None:
    async with world.client() as client:
        response = await client.post(
            PLAN, content=body, headers={"content-type": "application/json"}
        )

    problem = problem_of(response)
    assert response.status_code == 400
    assert problem["type"] == "urn:umbel:problem:bad-body"
    assert says in problem["detail"]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({}, "action", "required: one of abort"),
        ({"action": "explode"}, "action", "takes one of abort"),
        ({"action": "ping", "n": "many"}, "n", "a whole number from 1 to 10,000, not 'many'"),
        ({"action": "ping", "n": 0}, "n", "a whole number from 1 to 10,000, not 0"),
        ({"action": "ping", "soft": 0}, "soft", "a number above 0, up to"),
        ({"action": "revoke", "ids": []}, "ids", "a list of 1 to 10,000 entries"),
        ({"action": "revoke", "ids": "a"}, "ids", "a list of 1 to 10,000 entries"),
        ({"action": "revoke", "ids": ["a", 7]}, "ids[1]", "expected text"),
        ({"action": "revoke", "ids": ["a", ""]}, "ids[1]", "length >= 1"),
        ({"action": "revoke", "ids": ["a\0"]}, "ids", "NUL"),
        ({"action": "retry", "edit": {"args": {}}}, "edit.args", "a list"),
        ({"action": "retry", "edit": 7}, "edit", "an object"),
        ({"action": "ping", "name": "x" * 600}, "name", "text of 1 to 512 characters"),
    ],
)
async def test_a_wrong_value_is_named_with_what_is_taken(
    world: World, body: object, field: str, says: str
) -> None:
    problem = await refused(world, body)

    assert problem["type"] == "urn:umbel:problem:bad-body"
    assert problem["parameter"] == field
    assert says in problem["detail"]


async def test_a_misspelt_field_is_answered_with_the_right_one(world: World) -> None:
    outer = await refused(world, {"action": "ping", "worker": []})
    inner = await refused(world, {"action": "retry", "edit": {"countdwon": 5}})

    assert (outer["parameter"], outer["suggestion"]) == ("worker", "workers")
    assert (inner["parameter"], inner["suggestion"]) == ("edit.countdwon", "edit.countdown")


async def test_arguments_of_a_task_are_taken_as_they_are(world: World) -> None:
    args = ["a\0b", 10**30, [{"": None}], "\U0001f33f"]

    response = await world.post("/api/v1/apply", {"name": "shop.add", "args": args})

    assert response.status_code == 202
    assert list(world.cluster.sent[0].args) == args


async def test_a_path_parameter_is_not_taken_from_the_body(world: World) -> None:
    response = await world.post(f"{PLAN}/x/execute", {"id": "y"})

    assert problem_of(response)["parameter"] == "id"


async def test_ten_thousand_ids_are_read_and_more_than_4_mb_are_not(world: World) -> None:
    ids = [f"{n:0>36}" for n in range(10_000)]
    read = await world.post(PLAN, {"action": "revoke", "ids": ids})
    refused = await world.post(PLAN, {"action": "revoke", "q": "x" * CHANGE_MAX})

    assert read.status_code == 201
    assert refused.status_code == 413
    assert "4,194,304" in problem_of(refused)["detail"]


async def test_bodies_that_are_read_at_once_are_bounded(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_limits, "HELD_MAX", 1_000)

    too_much = await world.post(PLAN, {"action": "ping", "reason": "x" * 999})
    little = [await world.post(PLAN, {"action": "ping"}) for _ in range(50)]

    assert too_much.status_code == 503
    assert problem_of(too_much)["type"] == "urn:umbel:problem:too-busy"
    assert {response.status_code for response in little} == {201}


async def test_nobody_who_is_not_known_has_a_large_body_read() -> None:
    world = World(users=("ada:admin:pw-ada",))

    answer = await world.post("/login", {"user": "ada", "password": "x" * LOGIN_MAX})
    longest = await world.post("/login", {"user": "\N{HERB}" * 100, "password": "\x01" * 1_000})

    assert answer.status_code == 413
    problem_of(answer)
    assert longest.status_code == 401
