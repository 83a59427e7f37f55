"""Acting on a cluster through the API: plan, execute, follow, and the book of it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.api.listening import listen
from tests.api.world import NOW, World, problem_of
from tests.contract.stories import WORKER, begun, succeeded, uuid_of
from umbel.broker.base import QueuedMessage
from umbel.results.base import Result
from umbel.store.ledger import Repeat
from umbel.web.app import end_streams

pytestmark = pytest.mark.anyio

RUNNING = "11111111-running"


@pytest.fixture
def world() -> World:
    """With one task that runs."""
    world = World()
    world.store.apply(begun(RUNNING, NOW))
    return world


async def planned(world: World, **request: Any) -> dict[str, Any]:
    response = await world.post("/api/v1/actions", request)
    assert response.status_code == 201, response.text
    plan: dict[str, Any] = response.json()
    return plan


async def test_an_action_is_planned_executed_and_told(world: World) -> None:
    plan = await planned(world, action="revoke", ids=[RUNNING], reason="wrong price")
    before = list(world.cluster.commands)
    executed = await world.post(f"/api/v1/actions/{plan['id']}/execute")
    one = (await world.get(f"/api/v1/actions/{plan['id']}")).json()
    listed = (await world.get("/api/v1/actions")).json()

    assert (plan["count"], plan["actor"]) == (1, "anonymous")
    assert not [command for command in before if command.name == "revoke"]
    assert executed.status_code == 202
    assert executed.json()["state"] == "done"
    assert world.worker.revoked == {RUNNING}
    assert one["report"] == executed.json()
    assert [item["plan"]["id"] for item in listed["items"]] == [plan["id"]]
    assert listed["next"] is None


async def test_both_sides_of_an_action_are_in_the_audit(world: World) -> None:
    plan = await planned(world, action="revoke", ids=[RUNNING])
    await world.post(f"/api/v1/actions/{plan['id']}/execute")

    lines = (await world.get("/api/v1/audit", action_id=plan["id"])).json()
    first = (await world.get("/api/v1/audit", limit=1)).json()
    rest = (await world.get("/api/v1/audit", before=first["next"])).json()
    nobody = (await world.get("/api/v1/audit", actor="nobody")).json()

    assert [line["outcome"] for line in lines["items"]] == ["done", None]
    assert {(line["actor"], line["address"]) for line in lines["items"]} == {
        ("anonymous", "127.0.0.1")
    }
    assert first["items"] + rest["items"] == lines["items"]
    assert nobody == {"items": [], "next": None}


async def test_a_plan_is_executed_once(world: World) -> None:
    plan = await planned(world, action="revoke", ids=[RUNNING])
    await world.post(f"/api/v1/actions/{plan['id']}/execute")

    again = await world.post(f"/api/v1/actions/{plan['id']}/execute")

    assert again.status_code == 409
    assert problem_of(again)["type"] == "urn:umbel:problem:refused"
    assert "anonymous" in problem_of(again)["detail"]


async def test_a_plan_that_was_withdrawn_is_not_executed(world: World) -> None:
    plan = await planned(world, action="revoke", ids=[RUNNING])

    cancelled = await world.post(f"/api/v1/actions/{plan['id']}/cancel")
    executed = await world.post(f"/api/v1/actions/{plan['id']}/execute")

    assert cancelled.json()["state"] == "cancelled"
    assert executed.status_code == 409
    assert world.worker.revoked == set()


async def test_many_tasks_are_acted_on_after_their_number_was_typed(world: World) -> None:
    ids = [uuid_of(n) for n in range(100, 250)]
    world.store.apply([event for uuid in ids for event in begun(uuid, NOW)])
    plan = await planned(world, action="revoke", ids=ids)

    refused = await world.post(f"/api/v1/actions/{plan['id']}/execute", {"confirm": 15})
    executed = await world.post(f"/api/v1/actions/{plan['id']}/execute", {"confirm": 150})
    listed = (await world.get("/api/v1/actions")).json()

    assert plan["confirm"] == 150
    assert refused.status_code == 409
    assert executed.json()["done"] == 150
    assert len(listed["items"][0]["plan"]["request"]["ids"]) == 20


async def test_an_action_that_is_not_there_is_a_404(world: World) -> None:
    answers = [
        await world.get("/api/v1/actions/nothing"),
        await world.post("/api/v1/actions/nothing/execute"),
        await world.post("/api/v1/actions/nothing/cancel"),
    ]

    for answer in answers:
        assert answer.status_code == 404
        assert problem_of(answer)["type"] == "urn:umbel:problem:unknown-action"


async def test_a_search_that_cannot_be_understood_is_told_with_its_place(world: World) -> None:
    response = await world.post("/api/v1/actions", {"action": "revoke", "q": "stat:STARTED"})

    assert response.status_code == 400
    assert problem_of(response)["suggestion"] == "state"


async def test_what_was_asked_of_a_task_stands_on_it_until_it_ends(world: World) -> None:
    plan = await planned(world, action="revoke", ids=[RUNNING])
    await world.post(f"/api/v1/actions/{plan['id']}/execute")

    row = (await world.get("/api/v1/tasks", ids=RUNNING)).json()["items"][0]
    whole = (await world.get(f"/api/v1/tasks/{RUNNING}")).json()
    world.store.apply(succeeded(RUNNING, NOW))
    ended = (await world.get(f"/api/v1/tasks/{RUNNING}")).json()

    assert row["state"] == "STARTED"
    assert row["intent"] == whole["intent"]
    assert row["intent"]["kind"] == "revoke"
    assert row["intent"]["action_id"] == plan["id"]
    assert ended["intent"] is None
    assert ended["last_intent"] == whole["last_intent"] == row["intent"]


async def test_what_was_asked_of_a_task_is_told_to_live_views_at_once(world: World) -> None:
    async with listen(world.app, q="state:STARTED") as listener:
        await listener.next("hello")
        plan = await planned(world, action="revoke", ids=[RUNNING])
        await world.post(f"/api/v1/actions/{plan['id']}/execute")
        changes = await listener.next("changes")

    (row,) = changes.data["items"]
    assert row["uuid"] == RUNNING
    assert row["intent"]["kind"] == "revoke"


async def test_a_task_tells_what_it_repeats_and_what_repeats_it(world: World) -> None:
    world.ledger.repeat([Repeat(RUNNING, uuid_of(2), NOW, "me")])

    new = (await world.get(f"/api/v1/tasks/{RUNNING}")).json()
    old = (await world.get(f"/api/v1/tasks/{uuid_of(2)}")).json()

    assert (new["repeats"], new["repeated_by"]) == ([uuid_of(2)], [])
    assert (old["repeats"], old["repeated_by"]) == ([], [RUNNING])
    about = {"at": NOW, "actor": "me"}
    origin = {key: old[key] for key in ("name", "state")}
    repetition = {key: new[key] for key in ("name", "state")}
    assert new["origins"] == [{"task_id": uuid_of(2), **about, **origin}]
    assert old["repetitions"] == [{"task_id": RUNNING, **about, **repetition}]


async def test_the_audit_of_a_task_tells_what_was_done_to_it_alone(world: World) -> None:
    sent = (await world.post("/api/v1/apply", {"name": "shop.add"})).json()["task_id"]
    plan = await planned(world, action="revoke", ids=[RUNNING])
    await world.post(f"/api/v1/actions/{plan['id']}/execute")

    revoked = (await world.get("/api/v1/audit", task=RUNNING)).json()["items"]
    applied = (await world.get("/api/v1/audit", task=sent)).json()["items"]

    assert {line["action"] for line in revoked} == {"revoke"}
    assert {line["action"] for line in applied} == {"apply"}
    assert (await world.get("/api/v1/audit", task="nobody")).json()["items"] == []


async def test_a_task_is_sent_and_its_result_waited_for(world: World) -> None:
    world.results.results["t"] = Result(task_id="t", state="SUCCESS", result=3)
    sent = await world.post("/api/v1/apply", {"name": "shop.add", "args": [1, 2]})
    waited = await world.post("/api/v1/apply", {"name": "shop.add", "task_id": "t", "wait": 1})

    assert sent.status_code == 202
    assert (sent.json()["state"], sent.json()["result"]) == ("PENDING", None)
    assert waited.status_code == 200
    assert waited.json()["result"]["result"] == 3
    assert [(s.name, s.args) for s in world.cluster.sent] == [
        ("shop.add", (1, 2)),
        ("shop.add", ()),
    ]


async def test_a_name_that_no_worker_has_is_not_sent_when_it_is_checked(world: World) -> None:
    response = await world.post("/api/v1/apply", {"name": "shop.chrge", "check": True})

    problem = problem_of(response)
    assert response.status_code == 400
    assert problem["parameter"] == "name"
    assert "shop.charge" in problem["detail"]
    assert world.cluster.sent == []


async def test_a_result_is_told_as_it_is_kept(world: World) -> None:
    kept = Result(task_id="a/b", state="FAILURE", exception="ValueError('x')", children=("c",))
    world.results.results["a/b"] = kept

    known = (await world.get("/api/v1/results/a%2Fb")).json()
    unknown = (await world.get("/api/v1/results/x", timeout=0.01)).json()

    assert known == msgspec.json.decode(msgspec.json.encode(kept))
    assert unknown["state"] == "PENDING"


async def test_a_worker_tells_everything_without_secrets(world: World) -> None:
    worker = (await world.get(f"/api/v1/workers/{WORKER}")).json()
    conf = (await world.get(f"/api/v1/workers/{WORKER}/conf")).json()

    assert (worker["hostname"], worker["status"], worker["answers"]) == (WORKER, "online", True)
    assert worker["stats"]["broker"]["alternates"] == ["redis://***@b/0"]
    assert worker["conf"] == conf["value"]
    assert conf["value"] == {"broker_url": "redis://***@localhost/0", "timezone": "UTC"}
    assert (conf["worker"], conf["inspection"], conf["answered"]) == (WORKER, "conf", True)


@pytest.mark.parametrize(
    "inspection",
    ["stats", "active", "scheduled", "reserved", "revoked", "registered", "queues", "conf"],
)
async def test_a_worker_is_asked_for_each_thing(world: World, inspection: str) -> None:
    answer = (await world.get(f"/api/v1/workers/{WORKER}/{inspection}")).json()

    assert answer["answered"] is True
    assert answer["value"] is not None
    assert answer["error"] is None


async def test_a_worker_that_does_not_answer_is_not_called_dead(world: World) -> None:
    world.worker.is_deaf = True

    worker = (await world.get(f"/api/v1/workers/{WORKER}")).json()
    stats = (await world.get(f"/api/v1/workers/{WORKER}/stats")).json()

    assert (worker["status"], worker["answers"], worker["stats"]) == ("online", False, None)
    assert (stats["answered"], stats["value"]) == (False, None)


async def test_a_worker_that_refuses_says_why(world: World) -> None:
    world.worker.refuses["stats"] = "no such command"

    stats = (await world.get(f"/api/v1/workers/{WORKER}/stats")).json()

    assert (stats["answered"], stats["error"]) == (True, "no such command")


@pytest.mark.parametrize("path", ["nobody@x", "nobody@x/stats"])
async def test_a_worker_that_nobody_knows_is_a_404(world: World, path: str) -> None:
    response = await world.get(f"/api/v1/workers/{path}")

    assert response.status_code == 404
    assert problem_of(response)["type"] == "urn:umbel:problem:unknown-worker"


async def test_an_inspection_that_there_is_not_is_refused(world: World) -> None:
    response = await world.get(f"/api/v1/workers/{WORKER}/thoughts")

    assert response.status_code == 400
    assert problem_of(response)["parameter"] == "inspection"


async def test_registered_names_are_told_with_how_many_workers_have_them(world: World) -> None:
    answer = (await world.get("/api/v1/registered")).json()

    assert [(item["name"], item["workers"]) for item in answer["items"]] == [
        ("shop.charge", 1),
        ("shop.mail", 1),
    ]
    assert answer["missing"] == []


async def test_queues_are_told_with_depth_and_consumers(world: World) -> None:
    world.cluster.queues = {"celery": [QueuedMessage(task_id="a")], "mail": []}

    answer = (await world.get("/api/v1/queues")).json()

    found = {item["name"]: item for item in answer["items"]}
    assert (found["celery"]["ready"], found["celery"]["workers"]) == (1, [WORKER])
    assert (found["mail"]["ready"], found["mail"]["workers"]) == (0, [WORKER])
    assert answer["capabilities"] == {"transport": "memory", "missing": {}}
    assert answer["broker"] == "memory://"


async def test_messages_that_wait_are_shown_and_stay(world: World) -> None:
    waiting = [QueuedMessage(task_id=f"t{n}", name="shop.mail", args=[n]) for n in range(30)]
    world.cluster.queues["a/b"] = waiting

    first = (await world.get("/api/v1/queues/a%2Fb/messages", limit=2)).json()
    again = (await world.get("/api/v1/queues/a%2Fb/messages", limit=2)).json()

    assert [item["task_id"] for item in first["items"]] == ["t0", "t1"]
    assert (first["ready"], again) == (30, first)


ASKS_THE_BROKER = [
    ("GET", f"/api/v1/workers/{WORKER}/stats"),
    ("GET", "/api/v1/registered"),
    ("GET", "/api/v1/queues"),
    ("GET", "/api/v1/queues/celery/messages"),
    ("POST", "/api/v1/apply"),
]


async def asked(world: World, method: str, path: str) -> Any:
    if method == "GET":
        return await world.get(path)
    return await world.post(path, {"name": "shop.add"})


@pytest.mark.parametrize(("method", "path"), ASKS_THE_BROKER)
async def test_a_broker_out_of_reach_is_a_503_that_says_so(
    world: World, method: str, path: str
) -> None:
    world.cluster.away = 1_000

    response = await asked(world, method, path)

    assert response.status_code == 503
    assert problem_of(response)["type"] == "urn:umbel:problem:broker-trouble"
    assert "does not answer" in problem_of(response)["detail"]
    assert response.headers["retry-after"] == "5"


async def test_what_is_known_of_a_worker_is_shown_while_the_broker_is_away(world: World) -> None:
    world.cluster.away = 1_000

    worker = (await world.get(f"/api/v1/workers/{WORKER}")).json()

    assert (worker["status"], worker["answers"], worker["stats"]) == ("online", None, None)
    assert "does not answer" in worker["trouble"]


async def test_what_a_broker_cannot_do_is_a_501_with_its_reason(world: World) -> None:
    world.cluster.missing["peek"] = "This broker shows no messages."

    response = await world.get("/api/v1/queues/celery/messages")

    assert response.status_code == 501
    assert problem_of(response)["detail"] == "This broker shows no messages."


async def test_results_out_of_reach_are_a_503_that_says_so(world: World) -> None:
    world.results.away = 1_000

    response = await world.get("/api/v1/results/x")

    assert response.status_code == 503
    assert problem_of(response)["type"] == "urn:umbel:problem:results-trouble"


async def test_whoever_waits_for_a_result_is_answered_when_the_process_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[float] = []

    def wait(task_id: str, timeout_s: float) -> Result:
        steps.append(timeout_s)
        return Result(task_id=task_id, state="PENDING")

    monkeypatch.setattr(world.results, "wait", wait)
    end_streams(world.app)

    response = await world.get("/api/v1/results/x", timeout=60)

    assert response.json()["state"] == "PENDING"
    assert steps == [1.0]
