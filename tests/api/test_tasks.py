"""Tasks through the API: pages, counts, one task, a workflow."""

from __future__ import annotations

import pytest

from tests.api.world import NOW, World, problem_of
from tests.contract.stories import BASE, failed, succeeded, uuid_of
from tests.contract.test_store_logs import told
from umbel.cluster.task import Task
from umbel.path_parts import TAKEN, path_part
from umbel.query.orders import ORDERS
from umbel.services.search.rows import TaskRow, WholeTask
from umbel.web.routes import ROUTES

pytestmark = pytest.mark.anyio

IN_ONE_TASK_ONLY = {
    *("traceback", "attempts", "notes", "reconciled", "fact_count"),
    *("args_json", "kwargs_json", "group_id", "chord_id", "chord_name", "chain"),
}
#: What the ledger knows of tasks, in lists and of one.
ASKED = {"intent", "doubt", "repeated", "cut"}
REPEATED = {"repeats", "repeated_by", "repetitions", "origins", "last_intent"}


async def test_tasks_come_newest_first(world: World) -> None:
    page = (await world.get("/api/v1/tasks")).json()

    assert [row["uuid"] for row in page["items"]] == [uuid_of(n) for n in (6, 5, 4, 3, 2, 1)]
    assert page["next"] is None
    assert page["complete"] is True
    assert page["reached"] is None
    assert page["sentence"]


@pytest.mark.parametrize("uuid", [*sorted(TAKEN), "=", "=x", "a/log", "a?b#c%20", "x" * 255])
async def test_a_task_is_found_whatever_its_id(world: World, uuid: str) -> None:
    world.store.apply(succeeded(uuid, BASE))

    found = (await world.get(f"/api/v1/tasks/{path_part(uuid)}")).json()
    logged = await world.get(f"/api/v1/tasks/{path_part(uuid)}/log")

    assert found["uuid"] == uuid
    assert logged.status_code == 200


def test_names_beside_ids_in_addresses_are_those_that_are_marked() -> None:
    paths = [route.path.removeprefix("/api/v1/").split("/") for route in ROUTES]
    foreign = {"tasks", "workflows", "workers", "queues", "names", "schedule", "results"}

    beside = {path[1] for path in paths if len(path) > 1 and path[0] in foreign}

    assert {each for each in beside if not each.startswith("{")} <= TAKEN


async def test_a_row_has_every_key_but_those_of_one_task_alone(world: World) -> None:
    page = (await world.get("/api/v1/tasks", limit=1)).json()

    assert set(page["items"][0]) == set(Task.__struct_fields__) - IN_ONE_TASK_ONLY | ASKED


def test_the_shapes_on_the_wire_are_those_of_the_domain() -> None:
    row = {name for name in Task.__struct_fields__ if name not in IN_ONE_TASK_ONLY}
    assert set(TaskRow.__struct_fields__) == row | ASKED
    assert set(WholeTask.__struct_fields__) == {
        *Task.__struct_fields__,
        *REPEATED,
        *ASKED - {"repeated", "cut"},
    }


async def test_pages_follow_each_other_without_loss_or_repetition(world: World) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = (await world.get("/api/v1/tasks", more, limit=2)).json()
        seen += [row["uuid"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break

    assert seen == [uuid_of(n) for n in (6, 5, 4, 3, 2, 1)]


async def test_pages_follow_each_other_however_long_names_are(world: World) -> None:
    names = ["\N{CJK UNIFIED IDEOGRAPH-6F22}" * 511 + letter for letter in "abc"]
    for number, name in enumerate(names):
        world.store.apply(succeeded(uuid_of(100 + number), NOW, name=name))

    first = (await world.get("/api/v1/tasks", order="-name", limit=2)).json()
    second = await world.get("/api/v1/tasks", order="-name", limit=2, cursor=first["next"])

    assert [row["name"] for row in first["items"]] == names[:0:-1]
    assert second.json()["items"][0]["name"] == names[0]


async def test_a_search_finds_what_it_says(world: World) -> None:
    page = (await world.get("/api/v1/tasks", q="state:FAILURE name:shop.*")).json()

    assert [row["uuid"] for row in page["items"]] == [uuid_of(2)]
    assert "shop" in page["sentence"]


@pytest.mark.parametrize("field", ORDERS)
async def test_every_order_is_taken_in_both_directions(world: World, field: str) -> None:
    for order in (field, f"-{field}"):
        response = await world.get("/api/v1/tasks", order=order)
        assert response.status_code == 200
        assert len(response.json()["items"]) == 6


async def test_what_changed_last_is_first_whatever_the_clocks_say(world: World) -> None:
    world.store.apply(failed(uuid_of(71), NOW - 7_200)[:3])
    world.store.apply(succeeded(uuid_of(72), NOW + 7_200))
    world.store.apply(failed(uuid_of(71), NOW - 7_200)[3:])

    rows = (await world.get("/api/v1/tasks", order="-changed", limit=2)).json()["items"]

    assert [row["uuid"] for row in rows] == [uuid_of(71), uuid_of(72)]
    assert rows[0]["changed"] > rows[1]["changed"]


async def test_times_are_read_in_the_zone_that_is_asked_for(world: World) -> None:
    # 2026-11-28 00:30 in Berlin.
    world.store.apply(succeeded(uuid_of(73), 1_795_822_200.0))
    asked = {"q": f"uuid:{uuid_of(73)} seen:2026-11-28"}

    here = (await world.get("/api/v1/tasks", asked | {"tz": "Europe/Berlin"})).json()
    count = (await world.get("/api/v1/tasks/count", asked | {"tz": "Europe/Berlin"})).json()
    there = (await world.get("/api/v1/tasks", asked)).json()

    assert [row["uuid"] for row in here["items"]] == [uuid_of(73)]
    assert here["sentence"].endswith("on 2026-11-28 CET")
    assert count["total"] == 1
    assert there["items"] == []
    assert there["sentence"].endswith("on 2026-11-28 UTC")


@pytest.mark.parametrize("tz", ["Europe/Berlinn", "../../etc/passwd", "", "\x00"])
async def test_a_zone_that_there_is_not_is_refused(world: World, tz: str) -> None:
    response = await world.get("/api/v1/tasks", tz=tz)

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == "tz"


async def test_ids_give_exactly_these_tasks_in_this_order(world: World) -> None:
    ids = ",".join((uuid_of(2), "unknown", uuid_of(6), uuid_of(2)))

    page = (await world.get("/api/v1/tasks", ids=ids)).json()

    assert [row["uuid"] for row in page["items"]] == [uuid_of(2), uuid_of(6)]
    assert set(page["items"][0]) == set(Task.__struct_fields__) - IN_ONE_TASK_ONLY | ASKED


async def test_ids_with_a_search_give_those_that_still_match(world: World) -> None:
    ids = ",".join((uuid_of(2), uuid_of(6)))

    page = (await world.get("/api/v1/tasks", ids=ids, q="state:SUCCESS")).json()

    assert [row["uuid"] for row in page["items"]] == [uuid_of(6)]


async def test_more_than_200_ids_are_refused(world: World) -> None:
    response = await world.get("/api/v1/tasks", ids=",".join(map(str, range(201))))

    problem = problem_of(response)
    assert response.status_code == 400
    assert problem["parameter"] == "ids"
    assert "200" in problem["detail"]


async def test_the_number_of_a_page_leads_to_what_changed_after_it(world: World) -> None:
    before = (await world.get("/api/v1/tasks")).json()["seq"]

    world.store.apply(succeeded(uuid_of(7), world.clock.now()))

    assert [c.task.uuid for c in world.store.follow(before).items] == [uuid_of(7)]


async def test_a_cursor_that_is_not_ours_is_refused(world: World) -> None:
    response = await world.get("/api/v1/tasks", cursor="!!")

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == "cursor"


async def test_a_count_counts_by_groups(world: World) -> None:
    count = (await world.get("/api/v1/tasks/count", by="state")).json()

    assert count["total"] == 6
    assert count["capped"] is False
    assert count["complete"] is True
    assert count["groups"]["SUCCESS"] == 2


async def test_a_count_stops_at_its_cap(world: World) -> None:
    count = (await world.get("/api/v1/tasks/count", cap=2)).json()

    assert (count["total"], count["capped"]) == (2, True)


async def test_one_task_has_everything_with_every_key(world: World) -> None:
    task = (await world.get(f"/api/v1/tasks/{uuid_of(2)}")).json()

    assert set(task) == {
        *Task.__struct_fields__,
        *REPEATED,
        *ASKED - {"repeated", "cut"},
    }
    assert task["traceback"].startswith("Traceback")
    assert task["attempts"][0]["state"] == "FAILURE"
    assert task["attempts"][0]["redelivered"] is False


async def test_an_unknown_task_is_a_problem_that_says_why_it_may_be(world: World) -> None:
    response = await world.get("/api/v1/tasks/nobody")

    assert response.status_code == 404
    assert "nobody" in problem_of(response)["detail"]


async def test_an_id_may_hold_slashes_and_any_letters(world: World) -> None:
    world.store.apply(succeeded("jobs/2026/ü %\n", world.clock.now()))

    response = await world.get("/api/v1/tasks/jobs%2F2026%2F%C3%BC%20%25%0A")

    assert response.json()["uuid"] == "jobs/2026/ü %\n"


async def test_a_log_is_read_on_from_where_it_was_left(world: World) -> None:
    path = f"/api/v1/tasks/{uuid_of(1)}/log"
    empty = (await world.get(path)).json()
    world.store.apply([told(1, 1, "one"), told(1, 4, "four", left_out=1)])
    first = (await world.get(path, limit=1)).json()
    rest = (await world.get(path, after=first["next"])).json()
    unknown = await world.get("/api/v1/tasks/none/log")

    assert (empty["parts"], empty["next"], empty["are_sent"]) == ([], "", False)
    assert first["parts"][0]["lines"] == [
        {"number": 1, "at": BASE + 1, "level": 20, "logger": "shop", "text": "one", "cut": 0}
    ]
    assert (first["complete"], rest["complete"]) == (False, True)
    assert [line["text"] for part in rest["parts"] for line in part["lines"]] == ["four"]
    assert [(run["written"], run["left_out"], run["missing"]) for run in rest["runs"]] == [
        (4, 1, 1)
    ]
    assert (await world.get(path, after="x")).status_code == 400
    assert unknown.status_code == 404


async def test_a_workflow_has_its_root_and_all_of_its_tasks(world: World) -> None:
    workflow = (await world.get(f"/api/v1/workflows/{uuid_of(1)}")).json()

    assert workflow["root_id"] == uuid_of(1)
    assert [row["uuid"] for row in workflow["tasks"]] == [uuid_of(1), uuid_of(6)]
    assert workflow["complete"] is True
