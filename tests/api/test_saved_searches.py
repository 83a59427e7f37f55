"""Saved searches over HTTP: for oneself and for everybody, by role, with names of every kind."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.api.doors import USERS, basic
from tests.api.world import NOW, World, problem_of
from umbel.services.search.saved_searches import SearchList

pytestmark = pytest.mark.anyio

SEARCHES = "/api/v1/searches"
VERA, OTTO, ADA = (basic(name, f"pw-{name}") for name in ("vera", "otto", "ada"))
MAILS = {"name": "Failed mails", "q": "state:FAILURE queue:mail updated:-1h..", "order": "-runtime"}


@pytest.fixture
def closed() -> World:
    return World(users=USERS)


async def save(world: World, who: dict[str, str] | None = None, **given: Any) -> Any:
    return await world.post(SEARCHES, MAILS | given, headers=who)


async def saved(world: World, who: dict[str, str] | None = None, **given: Any) -> str:
    response = await save(world, who, **given)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def names(world: World, who: dict[str, str] | None = None) -> list[str]:
    response = await world.get(SEARCHES, headers=who)
    assert response.status_code == 200, response.text
    return [each["name"] for each in response.json()["items"]]


async def change(world: World, who: dict[str, str] | None, search: str, **given: Any) -> Any:
    return await world.post(f"{SEARCHES}/{search}/change", given, headers=who)


async def delete(world: World, who: dict[str, str] | None, search: str) -> Any:
    return await world.post(f"{SEARCHES}/{search}/delete", headers=who)


async def test_a_search_is_kept_as_it_was_saved(closed: World) -> None:
    response = await save(closed, VERA, name="  Failed \n mails ", tz="Europe/Berlin")

    assert response.status_code == 201
    made = response.json()
    assert made == {
        "id": made["id"], "name": "Failed mails", "q": MAILS["q"], "order": "-runtime",
        "tz": "Europe/Berlin", "shared": False, "owner": "vera", "mine": True, "changeable": True,
        "deletable": True, "created": NOW, "changed": NOW, "changed_by": "vera",
    }  # fmt: skip
    listed = await closed.get(SEARCHES, headers=VERA)
    assert listed.json() == {"items": [made]}
    assert msgspec.json.decode(listed.content, type=SearchList).items[0].name == "Failed mails"


async def test_own_searches_are_seen_by_their_owner_alone(closed: World) -> None:
    own = await saved(closed, VERA)

    assert await names(closed, ADA) == []
    for who in (OTTO, ADA):
        for response in (
            await change(closed, who, own, name="x"),
            await delete(closed, who, own),
        ):
            assert problem_of(response)["type"] == "urn:umbel:problem:unknown-search"
    assert await names(closed, VERA) == ["Failed mails"]


async def test_own_searches_come_before_shared_ones(closed: World) -> None:
    await saved(closed, OTTO, name="a", shared=True)
    await saved(closed, VERA, name="z")
    await saved(closed, VERA, name="b")

    assert await names(closed, VERA) == ["b", "z", "a"]


async def test_a_viewer_cannot_share_and_reads_why(closed: World) -> None:
    response = await save(closed, VERA, shared=True)

    problem = problem_of(response)
    assert response.status_code == 403
    assert problem["type"] == "urn:umbel:problem:not-permitted"
    assert "takes the right to operate" in problem["detail"]
    assert "Save it for yourself" in problem["detail"]
    [line] = closed.ledger.audit(action="refused").items
    assert line.actor == "vera"


async def test_what_an_operator_shares_others_see_and_admins_alone_change(closed: World) -> None:
    shared = await saved(closed, OTTO, shared=True)

    [seen] = (await closed.get(SEARCHES, headers=VERA)).json()["items"]
    assert (seen["owner"], seen["mine"], seen["changeable"], seen["deletable"]) == (
        "otto", False, False, False,
    )  # fmt: skip
    assert (await change(closed, VERA, shared, name="x")).status_code == 403
    assert "otto shares" in problem_of(await delete(closed, VERA, shared))["detail"]
    assert (await change(closed, ADA, shared, q="state:FAILURE")).json()["changed_by"] == "ada"
    assert problem_of(await change(closed, ADA, shared, shared=False))["parameter"] == "shared"
    assert (await delete(closed, ADA, shared)).status_code == 200
    assert await names(closed, OTTO) == []


async def test_a_shared_search_is_taken_back(closed: World) -> None:
    shared = await saved(closed, OTTO, shared=True)

    assert (await change(closed, OTTO, shared, shared=False)).json()["shared"] is False

    assert await names(closed, VERA) == []
    assert await names(closed, OTTO) == ["Failed mails"]


async def test_the_audit_has_what_was_shared_and_nothing_that_was_not(closed: World) -> None:
    own = await saved(closed, OTTO)
    await change(closed, OTTO, own, name="mine")
    await change(closed, OTTO, own, shared=True)
    await change(closed, OTTO, own, q="queue:mail")
    await change(closed, OTTO, own, shared=False)
    await delete(closed, OTTO, own)
    shared = await saved(closed, OTTO, shared=True)
    await delete(closed, ADA, shared)

    lines = closed.ledger.audit().items[::-1]
    assert [(each.actor, each.action) for each in lines] == [
        ("otto", "share-search"), ("otto", "change-search"), ("otto", "unshare-search"),
        ("otto", "share-search"), ("ada", "delete-search"),
    ]  # fmt: skip
    assert lines[0].target == "the search mine"
    assert lines[1].query == "queue:mail"


async def test_where_nobody_logs_in_a_search_is_everybodys() -> None:
    world = World()

    made = (await save(world)).json()

    assert (made["owner"], made["shared"], made["mine"], made["changeable"]) == (
        "", True, True, True,
    )  # fmt: skip
    assert problem_of(await change(world, None, made["id"], shared=False))["parameter"] == "shared"
    assert (await change(world, None, made["id"], name="x")).status_code == 200
    assert (await delete(world, None, made["id"])).status_code == 200


async def test_what_was_saved_before_logins_is_shared_and_admins_keep_it(closed: World) -> None:
    open_world = World(ledger=closed.ledger)
    left = await saved(open_world)

    assert await names(closed, VERA) == ["Failed mails"]
    assert (await delete(closed, OTTO, left)).status_code == 403
    assert (await delete(closed, ADA, left)).status_code == 200


async def test_a_search_that_cannot_be_understood_is_refused_with_its_place(closed: World) -> None:
    own = await saved(closed, VERA)

    for response in (
        await save(closed, VERA, name="other", q="state:FAILED"),
        await change(closed, VERA, own, q="state:FAILED"),
    ):
        problem = problem_of(response)
        assert problem["type"] == "urn:umbel:problem:bad-query"
        assert (problem["position"], problem["end"]) == (6, 12)
        assert problem["suggestion"] == "FAILURE"
    wrong = await save(closed, VERA, name="zone", tz="Mars/Base")
    assert problem_of(wrong)["parameter"] == "tz"


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "مهام فاشلة",
        "می‌خواهم",
        "👩‍🚀 launches",
        "'; DROP TABLE x;--",
        "n" * 100,
    ],
)
async def test_a_name_of_any_kind_comes_back_as_it_was(closed: World, name: str) -> None:
    await saved(closed, OTTO, name=name, shared=True)

    assert await names(closed, VERA) == [name]


@pytest.mark.parametrize(
    ("name", "told"),
    [("n" * 300, "at most 100 characters"), ("  ", "needs a name"), ("\u200d", "needs a name"),
     ("a\u202eb", "u202e"), ("a\x00b", "NUL"), ("\ud800", "")],
    ids=["long", "blank", "joiner", "rtl override", "nul", "surrogate"],
)  # fmt: skip
async def test_a_name_that_nobody_could_read_is_refused(
    closed: World, name: str, told: str
) -> None:
    body = msgspec.json.encode(MAILS | {"name": "NAME"}).replace(
        b'"NAME"', ('"' + "".join(f"\\u{ord(c):04x}" for c in name) + '"').encode()
    )
    async with closed.client(headers={**VERA, "content-type": "application/json"}) as client:
        response = await client.post(SEARCHES, content=body)

    assert response.status_code == 400
    assert told in problem_of(response)["detail"]
    assert await names(closed, VERA) == []


@pytest.mark.parametrize(
    "body",
    [{}, {"name": 7}, {"name": "x", "q": ["state"]}, {"name": "x", "order": "-nonsense"},
     {"name": "x", "shared": "yes"}, {"name": "x", "q": "a" * 5_000},
     {"name": "x", "owner": "ada"}],
    ids=["empty", "number", "list", "order", "text", "long", "owner"],
)  # fmt: skip
async def test_rubbish_is_refused(closed: World, body: dict[str, Any]) -> None:
    response = await closed.post(SEARCHES, body, headers=VERA)

    assert response.status_code == 400
    problem_of(response)


async def test_a_name_that_is_taken_is_refused(closed: World) -> None:
    await saved(closed, VERA)
    await saved(closed, OTTO, shared=True)

    again = await save(closed, VERA)
    assert again.status_code == 409
    assert problem_of(again)["parameter"] == "name"
    assert (
        "shared search of that name" in problem_of(await save(closed, ADA, shared=True))["detail"]
    )


async def test_a_person_keeps_a_hundred(closed: World) -> None:
    for number in range(100):
        await saved(closed, VERA, name=f"s{number}")

    response = await save(closed, VERA, name="more")

    assert response.status_code == 409
    assert "100 searches" in problem_of(response)["detail"]


async def test_read_only_somebody_saves_for_themselves_and_nobody_for_all() -> None:
    closed, opened = World(users=USERS, read_only=True), World(read_only=True)

    await saved(closed, ADA)
    assert (await save(closed, ADA, name="all", shared=True)).status_code == 403
    assert "Nobody logs in here" in problem_of(await save(opened))["detail"]
