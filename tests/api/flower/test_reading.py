"""Flower's API over a small history: lists, tasks, workers, metrics, and what goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.world import NOW, World, collector, problem_of
from tests.contract.stories import BASE, WORKER, begun, failed, succeeded, uuid_of
from umbel.errors import BrokerUnreachable, StoreUnwritable
from umbel.store.memory import MemoryStore

pytestmark = pytest.mark.anyio

KEYS = {
    "args", "children", "client", "clock", "eta", "exception", "exchange", "expires", "failed",
    "kwargs", "name", "parent", "parent_id", "received", "rejected", "result", "retried",
    "retries", "revoked", "root", "root_id", "routing_key", "runtime", "sent", "started",
    "state", "succeeded", "timestamp", "traceback", "uuid", "worker",
}  # fmt: skip


async def tasks(world: World, **parameters: Any) -> dict[str, Any]:
    response = await world.get("/api/tasks", **parameters)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_every_task_has_the_keys_of_flower(world: World) -> None:
    found = await tasks(world)

    assert len(found) == 6
    for uuid, task in found.items():
        assert task.keys() == KEYS
        assert task["uuid"] == uuid


async def test_a_failed_task_has_its_error_and_traceback_in_lists_too() -> None:
    store = MemoryStore()
    store.apply(failed(uuid_of(1), BASE, exception="KeyError('x')"))
    world = World(store=store)

    [listed] = (await tasks(world, state="FAILURE")).values()
    alone = (await world.get(f"/api/task/info/{uuid_of(1)}")).json()

    assert listed == alone
    assert listed["exception"] == "KeyError('x')"
    assert listed["traceback"].startswith("Traceback")
    assert listed["result"] is None


async def test_children_are_told_with_their_parent() -> None:
    store = MemoryStore()
    store.apply(succeeded(uuid_of(1), BASE))
    for number in (2, 3):
        store.apply(succeeded(uuid_of(number), BASE + 1, root=uuid_of(1), parent=uuid_of(1)))
    world = World(store=store)

    listed = await tasks(world)
    alone = (await world.get(f"/api/task/info/{uuid_of(1)}")).json()

    assert sorted(listed[uuid_of(1)]["children"]) == [uuid_of(2), uuid_of(3)]
    assert sorted(alone["children"]) == [uuid_of(2), uuid_of(3)]
    assert listed[uuid_of(2)]["children"] == []


async def test_offset_and_limit_cut_the_same_order() -> None:
    store = MemoryStore()
    for number in range(450):
        store.apply(begun(uuid_of(number), BASE + number))
    world = World(store=store)
    everything = list(await tasks(world, sort_by="-received"))

    cut = list(await tasks(world, sort_by="-received", offset=190, limit=230))

    assert len(everything) == 450
    assert cut == everything[190:420]


@pytest.mark.parametrize("state", ["failure", "Failure", "FAILURE"])
async def test_a_state_may_be_written_in_small_letters(world: World, state: str) -> None:
    found = await tasks(world, state=state)

    assert {task["state"] for task in found.values()} == {"FAILURE"}


@pytest.mark.parametrize("name", ["search", "taskname", "workername", "state"])
async def test_texts_beyond_ascii_may_be_asked_for(world: World, name: str) -> None:
    response = await world.get("/api/tasks", {name: "Зима ü"})

    assert (response.status_code, response.json()) == (200, {})


async def test_a_list_of_none_is_an_empty_object(world: World) -> None:
    assert await tasks(world, limit=0) == {}
    assert await tasks(world, limit=-3) == {}
    assert await tasks(world, offset=10**9) == {}
    assert await tasks(world, search="nothing-like-it") == {}
    assert len(await tasks(world, offset=-1)) == 6


async def test_dates_bound_reception_and_start(world: World) -> None:
    assert await tasks(world, received_end="2001-01-01 00:00") == {}
    assert await tasks(world, started_start="2100-01-01 00:00") == {}
    assert len(await tasks(world, received_start="2001-01-01 00:00")) == 5


@pytest.mark.parametrize("key", ["name", "-state", "received", "-started", "runtime", "-worker"])
async def test_tasks_can_be_sorted_by_every_key(world: World, key: str) -> None:
    assert len(await tasks(world, sort_by=key)) == 6


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"limit": "many"}, "Invalid argument 'many' of type 'int'"),
        ({"offset": ""}, "Invalid argument '' of type 'int'"),
        ({"sort_by": "colour"}, "Invalid sort_by 'colour'"),
        ({"received_start": "yesterday"}, "Invalid received_start"),
        ({"started_end": "2026-13-01 00:00"}, "Invalid started_end"),
    ],
)
async def test_a_wrong_parameter_is_a_400_in_plain_text(
    world: World, parameters: dict[str, str], sentence: str
) -> None:
    response = await world.get("/api/tasks", parameters)

    assert response.status_code == 400
    assert response.headers["content-type"].startswith("text/plain")
    assert response.text.startswith(sentence)


async def test_a_bad_search_is_a_400_with_the_error_in_json(world: World) -> None:
    response = await world.get("/api/tasks", search="(a")

    assert response.status_code == 400
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize("odd", ["a/b", "a@b", "a b", "ä", "%", "a/../b", "a\nb"])
async def test_an_id_may_have_any_characters(odd: str) -> None:
    store = MemoryStore()
    store.apply(succeeded(odd, BASE))
    world = World(store=store)
    path = "".join(f"%{byte:02X}" for byte in odd.encode())

    assert (await world.get(f"/api/task/info/{path}")).json()["uuid"] == odd


async def test_workers_are_told_with_what_they_say(world: World) -> None:
    found = (await world.get("/api/workers")).json()

    assert found.keys() == {WORKER}
    assert {"stats", "active_queues", "registered", "conf", "timestamp"} == found[WORKER].keys()
    assert ":pw@" not in str(found)


async def test_one_worker_is_told_with_its_tasks(world: World) -> None:
    found = (await world.get("/api/workers", workername=WORKER)).json()

    assert {"active", "scheduled", "reserved", "revoked"} <= found[WORKER].keys()


async def test_a_worker_that_does_not_answer_is_known_and_says_nothing(world: World) -> None:
    world.worker.is_deaf = True

    assert (await world.get("/api/workers", workername=WORKER)).json() == {WORKER: {}}
    assert (await world.get("/api/workers", status="true")).json() == {WORKER: True}


async def test_a_silent_worker_is_not_alive(world: World) -> None:
    world.clock.time = NOW + 3_600
    world.store.report(collector(at=NOW + 3_600))

    assert (await world.get("/api/workers?status=1")).json() == {WORKER: False}


async def test_a_worker_that_lived_when_anything_was_last_heard_is_alive(world: World) -> None:
    world.clock.time = NOW + 3_600

    assert (await world.get("/api/workers?status=1")).json() == {WORKER: True}


@pytest.mark.parametrize("path", ["/", "/workers", "/dashboard"])
async def test_the_page_of_workers_is_ours_and_its_json_is_flowers(world: World, path: str) -> None:
    page = await world.get(path)
    rows = (await world.get(path, json=1)).json()["data"]

    assert page.headers["content-type"].startswith("text/html")
    assert [row["hostname"] for row in rows] == [WORKER]
    assert rows[0]["status"] is True
    assert rows[0]["task-succeeded"] == 2


async def test_types_are_the_names_registered_and_seen(world: World) -> None:
    found = (await world.get("/api/task/types")).json()["task-types"]

    assert found == sorted({"shop.charge", "shop.mail", *found})
    assert "etl.load" in found


async def test_lengths_are_of_the_queues_that_workers_consume(world: World) -> None:
    world.cluster.queues = {"celery": [], "mail": [], "other": []}

    found = (await world.get("/api/queues/length")).json()

    assert found == {
        "active_queues": [{"name": "celery", "messages": 0}, {"name": "mail", "messages": 0}]
    }


async def test_lengths_are_all_that_rabbitmqs_management_tells_of_a_queue(world: World) -> None:
    """A queue that is new is not among its figures yet."""
    managed = {"name": "celery", "messages": 7, "messages_ready": 4, "arguments": {"x-a": [1]}}
    world.cluster.queues = {"celery": [], "mail": []}
    world.cluster.managed = {"celery": managed, "other": {"name": "other"}}

    found = (await world.get("/api/queues/length")).json()

    assert found == {"active_queues": [managed, {"name": "mail", "messages": 0}]}


async def test_the_healthcheck_asks_nothing(world: World) -> None:
    response = await world.get("/healthcheck")

    assert (response.status_code, response.text) == (200, "OK")


@pytest.mark.parametrize("path", ["/api/workers", "/api/queues/length"])
async def test_a_broker_that_is_away_is_a_503_in_plain_text(world: World, path: str) -> None:
    def away(_: str) -> None:
        raise BrokerUnreachable("The broker does not answer.")

    world.cluster.on_call = away

    response = await world.get(path)

    assert response.status_code == 503
    assert response.headers["content-type"].startswith("text/plain")
    assert response.text == "The broker does not answer."


async def test_a_history_that_cannot_be_read_is_a_503_in_plain_text(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreUnwritable("The disk is gone.")

    monkeypatch.setattr(world.store, "search", broken)

    response = await world.get("/api/tasks")

    assert (response.status_code, response.text) == (503, "The disk is gone.")


async def test_another_method_is_refused_in_plain_text(world: World) -> None:
    async with world.client() as client:
        response = await client.delete("/api/task/revoke/x")
        options = await client.options("/api/tasks")

    assert response.status_code == 405
    assert response.headers["content-type"].startswith("text/plain")
    assert "POST" in response.headers["allow"]
    assert options.status_code == 204


async def test_head_is_answered_as_get_is(world: World) -> None:
    async with world.client() as client:
        for path in ("/api/tasks", "/metrics", "/healthcheck", "/api/workers"):
            assert (await client.head(path)).status_code == 200


@pytest.mark.parametrize(
    "path", ["/api/", "/api/nothing", "/api/v2/tasks", "/api/v1x", "/api/task/info", "/api/a%0Ab"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_a_path_that_flower_does_not_have_is_a_404_as_a_page(
    world: World, method: str, path: str
) -> None:
    async with world.client() as client:
        response = await client.request(method, path)

    assert response.status_code == 404
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert ("<h1>404" in response.text) == (method != "HEAD")


async def test_a_path_that_our_own_api_does_not_have_is_a_problem(world: World) -> None:
    problem = problem_of(await world.get("/api/v1/worker"))

    assert problem["suggestion"] == "/api/v1/workers"


@pytest.mark.parametrize(("silent_s", "listed"), [(59, True), (61, False)])
async def test_workers_that_are_gone_for_long_leave_the_lists(
    silent_s: float, listed: bool
) -> None:
    world = World(gone_after_s=60.0)
    world.clock.time = NOW - 1 + silent_s

    status = (await world.get("/api/workers", status="1")).json()
    rows = (await world.get("/workers", json="1")).json()["data"]
    ours = (await world.get("/api/v1/workers")).json()["items"]

    expected = [WORKER] if listed else []
    assert list(status) == [row["hostname"] for row in rows] == expected
    assert [row["hostname"] for row in ours] == expected
    tasks = (await world.get("/api/v1/tasks", q=f"worker:{WORKER}")).json()["items"]
    assert tasks
