"""Flower's API over a cluster in memory: what is sent, told to workers, audited, refused."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.api.doors import USERS, basic
from tests.api.world import NOW, World
from tests.contract.stories import WORKER
from tests.support.waiting import wait_until
from umbel.errors import BrokerRefused, BrokerUnreachable
from umbel.query.ast import EVERYTHING
from umbel.results.base import Result
from umbel.web.flower.routes import FLOWER_ROUTES
from umbel.web.http.route import Route

pytestmark = pytest.mark.anyio

POSTS = [route for route in FLOWER_ROUTES if route.method == "POST"]
CLOSED = [route for route in FLOWER_ROUTES if route.permission is not None]


async def post(world: World, path: str, **options: Any) -> httpx.Response:
    async with world.client() as client:
        return await client.post(path, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"args": [1], "queue": "mail"}},
        {"content": b'{"args": [1], "queue": "mail"}'},
        {"content": b'{"args": [1], "queue": "mail"}', "headers": {"content-type": "text/plain"}},
        {"json": {"args": [1], "queue": "mail", "refresh": None}, "params": {"refresh": "True"}},
    ],
)
async def test_a_task_is_sent_whatever_its_body_is_called(
    world: World, options: dict[str, Any]
) -> None:
    response = await post(world, "/api/task/async-apply/shop.mail", **options)

    [sent] = world.cluster.sent
    assert response.json() == {"task-id": sent.id, "state": "PENDING"}
    assert (sent.name, sent.args, sent.queue) == ("shop.mail", (1,), "mail")


async def test_options_of_apply_async_reach_the_task(world: World) -> None:
    options = {
        "kwargs": {"a": 1}, "eta": "2030-01-01 00:00:00.000000", "expires": "60", "priority": 3,
        "task_id": "mine", "shadow": "other", "headers": {"h": 1}, "retry": False,
    }  # fmt: skip

    response = await post(world, "/api/task/send-task/any.name", json=options)

    [sent] = world.cluster.sent
    assert response.json()["task-id"] == sent.id == "mine"
    assert sent.kwargs == {"a": 1}
    assert sent.eta == 1_893_456_000.0
    assert sent.expires == world.clock.time + 60
    assert sent.priority == 3
    assert sent.headers == {"h": 1, "shadow": "other"}


async def test_an_empty_exchange_is_the_default_one(world: World) -> None:
    body = {"exchange": "", "routing_key": "mail"}

    assert (await post(world, "/api/task/async-apply/shop.mail", json=body)).status_code == 200

    [sent] = world.cluster.sent
    assert (sent.exchange, sent.routing_key) == ("", "mail")


async def test_texts_beyond_ascii_come_by_query_and_form_too(world: World) -> None:
    async with world.client() as client:
        path = "/api/worker/queue/add-consumer/celery@eu-1"
        by_query = await client.post(path, params={"queue": "зима"})
        by_form = await client.post(path, data={"queue": "зима"})

    assert (by_query.status_code, by_form.status_code) == (200, 200)
    told = [each for each in world.cluster.commands if each.name == "add_consumer"]
    assert [each.arguments["queue"] for each in told] == ["зима", "зима"]


async def test_empty_texts_say_as_little_as_none(world: World) -> None:
    body = dict.fromkeys(("queue", "exchange", "routing_key", "serializer", "root_id"), "")

    assert (await post(world, "/api/task/async-apply/shop.mail", json=body)).status_code == 200

    [sent] = world.cluster.sent
    assert (sent.queue, sent.routing_key, sent.serializer, sent.root_id) == (None,) * 4


async def test_what_is_wrong_with_an_option_is_told_in_words(world: World) -> None:
    response = await post(world, "/api/task/send-task/x", json={"priority": 300})

    assert response.text == "Invalid option priority: expected `int` <= 255."


async def test_a_name_that_is_no_option_changes_nothing(world: World) -> None:
    body = {"args": [1], "kwargs": None, "options": {"queue": "mail"}, "comment": "by hand"}

    response = await post(world, "/api/task/async-apply/shop.mail", json=body)

    [sent] = world.cluster.sent
    assert response.json() == {"task-id": sent.id, "state": "PENDING"}
    assert (sent.args, sent.kwargs, sent.queue) == ((1,), {}, None)


async def test_an_expiry_may_be_a_date(world: World) -> None:
    await post(world, "/api/task/send-task/x", json={"expires": "2001-01-01 00:00:00.0"})
    await post(world, "/api/task/send-task/x", json={"expires": "2027-01-01 00:00:00.0"})

    assert [sent.expires for sent in world.cluster.sent] == [1_798_761_600.0]


@pytest.mark.parametrize(
    "body",
    [
        {"args": 1}, {"kwargs": [1]}, {"eta": "soon"}, {"eta": 5}, {"countdown": "soon"},
        {"countdown": -1}, {"expires": "soon"}, {"expires": 1e300}, {"priority": "high"},
        {"headers": 5}, {"headers": 5, "shadow": "x"}, {"task_id": ""}, {"link": [{}]},
        {"countdown": 1, "eta": "2030-01-01 00:00:00.0"}, {"queue": "a", "exchange": "b"}, [1],
        "text", 5, {"args": None},
    ],
)  # fmt: skip
@pytest.mark.parametrize("way", ["apply", "async-apply", "send-task"])
async def test_a_wrong_option_is_a_400_and_nothing_is_sent(
    world: World, way: str, body: object
) -> None:
    response = await post(world, f"/api/task/{way}/shop.mail", json=body)

    assert response.status_code == 400, response.text
    assert response.headers["content-type"].startswith("text/plain")
    assert world.cluster.sent == []


@pytest.mark.parametrize("way", ["apply", "async-apply"])
async def test_a_name_that_no_worker_has_is_a_404(world: World, way: str) -> None:
    response = await post(world, f"/api/task/{way}/shop.male", json={})

    assert (response.status_code, response.text) == (404, "Unknown task 'shop.male'")
    assert world.cluster.sent == []


async def test_names_of_the_history_are_known_while_no_worker_answers(world: World) -> None:
    world.worker.is_deaf = True

    assert (await post(world, "/api/task/async-apply/etl.load")).status_code == 200
    assert (await post(world, "/api/task/async-apply/etl.unload")).status_code == 404


async def test_apply_gives_the_result_when_it_comes(world: World) -> None:
    async with world.client() as client:
        asking = asyncio.ensure_future(client.post("/api/task/apply/shop.mail", json={}))
        await asyncio.to_thread(wait_until, lambda: world.cluster.sent)
        [sent] = world.cluster.sent
        assert (await client.get("/api/tasks?limit=1")).status_code == 200  # nobody is kept waiting
        world.results.results[sent.id] = Result(task_id=sent.id, state="SUCCESS", result=[3])
        response = await asking

    assert response.json() == {"task-id": sent.id, "state": "SUCCESS", "result": [3]}


async def test_apply_gives_up_after_its_timeout(world: World) -> None:
    response = await post(world, "/api/task/apply/shop.mail", json={"timeout": 0.1})

    assert response.json() == {"task-id": world.cluster.sent[0].id, "state": "PENDING"}


async def test_a_backend_that_goes_away_while_waiting_is_a_503_with_the_id(world: World) -> None:
    async with world.client() as client:
        asking = asyncio.ensure_future(client.post("/api/task/apply/shop.mail", json={}))
        await asyncio.to_thread(wait_until, lambda: world.cluster.sent)
        world.results.away = 1
        response = await asking

    assert response.status_code == 503
    assert world.cluster.sent[0].id in response.text


async def test_waiting_ends_with_the_server(world: World) -> None:
    async with world.client() as client:
        asking = asyncio.ensure_future(client.post("/api/task/apply/shop.mail", json={}))
        await asyncio.to_thread(wait_until, lambda: world.cluster.sent)
        world.services.stop()
        response = await asking

    assert response.json()["state"] == "PENDING"


async def test_nothing_is_sent_when_no_result_can_come(world: World) -> None:
    world.results.away = 1

    response = await post(world, "/api/task/apply/shop.mail", json={})

    assert response.status_code == 503
    assert "result backend" in response.text
    assert world.cluster.sent == []


async def test_a_failure_has_its_exception_and_traceback(world: World) -> None:
    world.results.results["x"] = Result(
        task_id="x", state="FAILURE", exception="KeyError('a')", traceback="Traceback ..."
    )

    assert (await world.get("/api/task/result/x")).json() == {
        "task-id": "x", "state": "FAILURE", "result": "KeyError('a')", "traceback": "Traceback ...",
    }  # fmt: skip


async def test_a_result_that_cannot_be_shown_says_why(world: World) -> None:
    world.results.results["x"] = Result(task_id="x", state="SUCCESS", unreadable="It is pickled.")

    assert (await world.get("/api/task/result/x?timeout=5")).json() == {
        "task-id": "x", "state": "SUCCESS", "error": "It is pickled.",
    }  # fmt: skip


async def test_a_result_that_cannot_be_opened_has_the_state_that_events_tell(world: World) -> None:
    (task, *_) = world.store.search(EVERYTHING, now=NOW).items
    for known in (task.uuid, "x"):
        world.results.results[known] = Result(task_id=known, state="UNKNOWN", unreadable="brotli.")

    found = (await world.get(f"/api/task/result/{task.uuid}")).json()

    assert found == {"task-id": task.uuid, "state": task.state, "error": "brotli."}
    assert (await world.get("/api/task/result/x")).json()["state"] == "PENDING"


async def test_a_result_without_backend_is_a_503(world: World) -> None:
    world.results.away = 1

    assert (await world.get("/api/task/result/x")).status_code == 503


@pytest.mark.parametrize(
    "options",
    [
        {"params": {"terminate": "true", "signal": "KILL"}},
        {"data": {"terminate": "1", "signal": "KILL"}},
        {"json": {"terminate": True, "signal": "KILL"}},
        {"content": b'{"terminate": true, "signal": "KILL"}'},
        {"files": {"terminate": (None, "yes"), "signal": (None, "KILL")}},
        {"params": {"terminate": "no"}, "data": {"terminate": "on", "signal": "KILL"}},
    ],
)
async def test_arguments_come_from_query_form_or_json(
    world: World, options: dict[str, Any]
) -> None:
    response = await post(world, "/api/task/revoke/some-id", **options)

    assert response.json() == {"message": "Revoked 'some-id'"}
    [command] = [each for each in world.cluster.commands if each.name == "revoke"]
    assert command.arguments["terminate"] is True
    assert command.arguments["signal"] == "SIGKILL"


async def test_what_flower_changes_is_audited_as_such() -> None:
    world = World(users=USERS)
    headers = basic("otto", "pw-otto")

    await post(world, "/api/task/revoke/some-id", headers=headers)
    await post(world, "/api/task/send-task/shop.mail", headers=headers)

    lines = world.ledger.audit().items
    assert {line.action for line in lines} == {"revoke", "apply"}
    assert {(line.actor, line.via) for line in lines} == {("otto", "flower")}


async def test_a_task_that_has_ended_is_not_revoked_again(world: World) -> None:
    [ended] = (await world.get("/api/tasks?state=SUCCESS&limit=1")).json()

    response = await post(world, f"/api/task/revoke/{ended}")

    assert response.status_code == 200
    assert [each for each in world.cluster.commands if each.name == "revoke"] == []


@pytest.mark.parametrize(
    ("path", "data", "message"),
    [
        ("pool/restart/{w}", {}, "Restarting '{w}' worker's pool"),
        ("pool/grow/{w}", {"n": "3"}, "Growing '{w}' worker's pool by 3"),
        ("pool/shrink/{w}", {}, "Shrinking '{w}' worker's pool by 1"),
        ("pool/autoscale/{w}", {"min": "1", "max": "4"}, "Autoscaling '{w}' worker (min=1, max=4)"),
        ("queue/add-consumer/{w}", {"queue": "q"}, "done"),
        ("queue/cancel-consumer/{w}", {"queue": "q"}, "done"),
        ("shutdown/{w}", {}, "Shutting down!"),
    ],
)
async def test_a_worker_does_what_it_is_told(
    world: World, path: str, data: dict[str, str], message: str
) -> None:
    response = await post(world, f"/api/worker/{path.format(w=WORKER)}", data=data)

    assert response.json() == {"message": message.format(w=WORKER)}


async def test_what_a_worker_refuses_is_a_403_with_its_words(world: World) -> None:
    world.worker.refuses["pool_restart"] = "ValueError('Pool restarts not enabled')"

    response = await post(world, f"/api/worker/pool/restart/{WORKER}")

    assert response.status_code == 403
    assert response.text == (
        f"Failed to restart the '{WORKER}' pool: ValueError('Pool restarts not enabled')"
    )


async def test_a_worker_that_does_not_answer_is_a_503(world: World) -> None:
    world.worker.is_deaf = True

    response = await post(world, f"/api/worker/pool/grow/{WORKER}")

    assert response.status_code == 503
    assert "says nothing" in response.text


async def test_a_worker_that_is_gone_is_told_nothing(world: World) -> None:
    world.worker.is_deaf = True
    world.clock.time += 3_600

    response = await post(world, f"/api/worker/shutdown/{WORKER}")

    assert response.status_code == 503
    assert "Nothing is heard" in response.text
    assert [each.name for each in world.cluster.commands] == ["stats"]


async def test_a_queue_that_the_broker_has_not_is_a_400(world: World) -> None:
    def refuse(_: str) -> None:
        raise BrokerRefused("The broker has no queue for tasks that are sent to nowhere.")

    world.cluster.on_call = refuse

    response = await post(world, "/api/task/send-task/x", json={"queue": "nowhere"})

    assert (response.status_code, response.text[:10]) == (400, "The broker")


async def test_a_broker_that_went_away_is_a_503_and_nothing_comes_later(world: World) -> None:
    def away(_: str) -> None:
        raise BrokerUnreachable("The broker does not answer.")

    world.cluster.on_call = away

    revoked = await post(world, "/api/task/revoke/some-id")
    sent = await post(world, "/api/task/send-task/x")

    assert (revoked.status_code, sent.status_code) == (503, 503)
    [action] = world.services.control.actions()
    assert action.report.state in {"failed", "cancelled"}


@pytest.mark.parametrize(
    ("path", "data", "sentence"),
    [
        (f"worker/pool/grow/{WORKER}", {"n": "0"}, "Invalid argument"),
        (f"worker/pool/autoscale/{WORKER}", {"min": "5", "max": "1"}, "The minimum"),
        ("task/revoke/x", {"terminate": "1", "signal": "SIGNOTHING"}, "SIGNOTHING is not"),
        ("task/rate-limit/shop.mail", {"workername": WORKER, "ratelimit": "x"}, "'x' is not"),
        ("task/timeout/shop.mail", {"workername": WORKER, "soft": "-1"}, "Invalid argument"),
    ],
)
async def test_what_no_action_takes_is_a_400(
    world: World, path: str, data: dict[str, str], sentence: str
) -> None:
    response = await post(world, f"/api/{path}", data=data)

    assert response.status_code == 400
    assert response.text.startswith(sentence)


def name_of(route: Route) -> str:
    return route.name


@pytest.mark.parametrize("route", CLOSED, ids=name_of)
async def test_nobody_is_told_without_a_login(route: Route) -> None:
    world = World(users=USERS)

    async with world.client() as client:
        response = await client.request(route.method, route.path.format(target="x"))

    assert response.status_code == 401
    assert response.headers["content-type"].startswith("text/plain")
    assert "www-authenticate" not in response.headers


@pytest.mark.parametrize("route", POSTS, ids=name_of)
async def test_a_read_only_server_changes_nothing(route: Route) -> None:
    world = World(read_only=True)

    response = await post(world, route.path.format(target="x"))

    assert response.status_code == 403
    assert response.headers["content-type"].startswith("text/plain")
    assert world.cluster.commands == []


@pytest.mark.parametrize("route", POSTS, ids=name_of)
async def test_a_viewer_changes_nothing_and_only_an_admin_stops_workers(route: Route) -> None:
    world = World(users=USERS)

    answers = {
        name: (await post(world, route.path.format(target="x"), headers=basic(name, f"pw-{name}")))
        for name in ("vera", "otto", "ada")
    }

    assert answers["vera"].status_code == 403
    assert (answers["otto"].status_code == 403) is (route.permission == "administer")
    assert answers["ada"].status_code != 403


@pytest.mark.parametrize("route", POSTS, ids=name_of)
async def test_another_site_changes_nothing(world: World, route: Route) -> None:
    response = await post(
        world, route.path.format(target="x"), headers={"origin": "http://evil.example"}
    )

    assert response.status_code == 403
    assert world.cluster.commands == []
