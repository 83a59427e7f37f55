"""API tokens over HTTP: made, listed and revoked by admins, bounded, and in the audit."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.api.doors import USERS, basic, bearer
from tests.api.world import NOW, World, problem_of
from umbel.auth.tokens import new_token
from umbel.store.ledger import Token

pytestmark = pytest.mark.anyio

ADA = basic("ada", "pw-ada")
TOKENS = "/api/v1/tokens"


@pytest.fixture
def closed() -> World:
    """An Umbel with a login."""
    return World(users=USERS)


async def made(world: World, **wanted: Any) -> httpx.Response:
    response = await world.post(TOKENS, wanted, headers=ADA)
    assert response.status_code == 201, response.text
    return response


def shows(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_a_token_is_told_once_opens_the_door_and_is_listed_without_its_secret(
    closed: World,
) -> None:
    response = await made(closed, name="ci", role="operator", names=["shop.*"], expires_s=3_600)
    token, item = response.json()["token"], response.json()["item"]

    assert response.headers["cache-control"] == "no-store"
    assert (await closed.get("/api/v1/tasks", headers=shows(token))).status_code == 200
    listed = await closed.get(TOKENS, headers=ADA)
    assert listed.json()["items"] == [{**item, "last_used": NOW}]
    assert item == {
        "name": "ci", "role": "operator", "names": ["shop.*"], "queues": [], "created": NOW,
        "expires": NOW + 3_600, "last_used": None, "maker": "ada",
    }  # fmt: skip
    assert token.rpartition("_")[2] not in listed.text
    assert "hash" not in listed.text


async def test_a_token_without_a_name_gets_one_and_the_least_role(closed: World) -> None:
    for name in ("viewer-1", "viewer-2"):
        assert (await made(closed)).json()["item"]["name"] == name


async def test_a_revoked_token_opens_nothing_any_more(closed: World) -> None:
    token = (await made(closed, name="ci")).json()["token"]

    response = await closed.post(f"{TOKENS}/ci/revoke", headers=ADA)

    assert response.json() == {"name": "ci"}
    assert (await closed.get("/api/v1/tasks", headers=shows(token))).status_code == 401
    again = problem_of(await closed.post(f"{TOKENS}/ci/revoke", headers=ADA))
    assert (again["status"], again["parameter"]) == (404, "name")


async def test_who_made_and_revoked_a_token_stands_in_the_audit_without_its_secret(
    closed: World,
) -> None:
    token = (await made(closed, name="ci", role="operator", queues=["slow"])).json()["token"]
    await closed.post(f"{TOKENS}/ci/revoke", headers=ADA)

    revoked, created = (await closed.get("/api/v1/audit", headers=ADA)).json()["items"]

    assert [created[key] for key in ("actor", "action", "target", "outcome", "via")] == [
        "ada", "create-token", "the token ci, an operator in queues slow", "done", "api",
    ]  # fmt: skip
    assert [revoked[key] for key in ("actor", "action", "target")] == [
        "ada", "revoke-token", "the token ci",
    ]  # fmt: skip
    assert token.rpartition("_")[2] not in str((created, revoked))


@pytest.mark.parametrize(
    ("wanted", "parameter"),
    [
        ({"role": "root"}, "role"),
        ({"name": "A_B"}, "name"),
        ({"names": [""]}, "names[0]"),
        ({"names": ["a\nb"]}, "names"),
        ({"queues": ["a"] * 21}, "queues"),
        ({"expires_s": 1}, "expires_s"),
        ({"maker": "eve"}, "maker"),
        ({"secret_hash": "0" * 64}, "secret_hash"),
    ],
)
async def test_what_cannot_be_is_told_by_its_field(
    closed: World, wanted: dict[str, Any], parameter: str
) -> None:
    problem = problem_of(await closed.post(TOKENS, wanted, headers=ADA))

    assert (problem["status"], problem["parameter"]) == (400, parameter)
    assert closed.ledger.tokens() == ()


async def test_a_name_that_is_taken_is_told(closed: World) -> None:
    await made(closed, name="ci")

    problem = problem_of(await closed.post(TOKENS, {"name": "ci"}, headers=ADA))

    assert (problem["status"], problem["parameter"]) == (409, "name")


async def test_an_admin_of_some_tasks_makes_no_tokens(closed: World) -> None:
    """It would be a way to have the role everywhere."""
    wanted = Token(name="a", role="admin", secret_hash="", created=NOW, names=("billing.*",))
    shown, _ = new_token([closed.ledger], wanted)

    for path, body in ((TOKENS, {"role": "viewer"}), (f"{TOKENS}/a/revoke", {})):
        response = await closed.post(path, body, headers=shows(shown))
        assert problem_of(response)["type"] == "urn:umbel:problem:not-permitted"
    assert (await closed.get(TOKENS, headers=shows(shown))).status_code == 403


async def test_what_a_token_makes_ends_with_it(closed: World) -> None:
    token = (await made(closed, name="ci", role="admin", expires_s=3_600)).json()["token"]

    for body in ({}, {"expires_s": 3_601}):
        response = await closed.post(TOKENS, body, headers=shows(token))
        assert (problem_of(response)["status"], problem_of(response)["parameter"]) == (
            409, "expires_s",
        )  # fmt: skip
    response = await closed.post(TOKENS, {"expires_s": 3_600}, headers=shows(token))
    assert response.json()["item"]["maker"] == "token:ci"


async def test_where_nobody_logs_in_nobody_keeps_a_key_for_later(world: World) -> None:
    response = await world.post(TOKENS, {"role": "admin"})

    assert problem_of(response)["status"] == 409
    assert "umbel token create" in problem_of(response)["detail"]
    assert world.ledger.tokens() == ()


async def test_a_bounded_token_sees_everything(closed: World) -> None:
    token = (await made(closed, role="operator", names=["nothing.*"])).json()["token"]

    for path in ("/api/v1/tasks", "/api/v1/workers", "/api/v1/audit", "/api/tasks"):
        assert (await closed.get(path, headers=shows(token))).status_code == 200


async def test_a_token_of_an_admin_may_list_tokens_and_one_of_an_operator_may_not(
    closed: World,
) -> None:
    assert (await closed.get(TOKENS, headers=bearer(closed.ledger, "admin"))).status_code == 200
    assert (await closed.get(TOKENS, headers=bearer(closed.ledger, "operator"))).status_code == 403


async def test_who_may_not_deal_with_tokens_reads_that_and_not_of_workers_alone(
    closed: World,
) -> None:
    refused = await closed.get(TOKENS, headers=basic("otto", "pw-otto"))

    assert problem_of(refused)["detail"] == (
        "Your role does not allow to stop workers, purge queues or deal with tokens "
        "(it takes an admin)."
    )
