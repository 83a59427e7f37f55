"""Five hundred queues through the API."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.api.world import NOW, World, problem_of
from umbel.broker.base import Binding, ExchangeBindings, QueuedMessage
from umbel.store.queue_pauses import QueuePause, StoppedConsumer

pytestmark = pytest.mark.anyio


async def test_it_is_told_where_a_task_would_go_and_who_runs_it(world: World) -> None:
    world.cluster.routes = {"shop.mail": "mail", "shop.lost": "<b>nowhere</b>"}

    known = (await world.get("/api/v1/route", name="shop.mail")).json()
    lost = (await world.get("/api/v1/route", name="shop.lost")).json()

    assert (known["queue"], known["exchange"], known["routing_key"]) == ("mail", "", "mail")
    assert (known["workers"], known["registered"]) == ([world.worker.name],) * 2
    assert known["warnings"] == []
    assert (lost["workers"], lost["registered"]) == ([], [])
    named = (await world.get("/api/v1/route", name="shop.lost", queue="mail")).json()
    assert (named["queue"], named["workers"]) == ("mail", [world.worker.name])
    assert named["warnings"][0] == "No worker has registered the name."
    assert lost["warnings"] == [
        "No worker consumes <b>nowhere</b>: tasks would wait there.",
        "No worker has registered the name.",
    ]


async def test_celerys_own_tasks_are_registered_at_every_worker(world: World) -> None:
    world.cluster.routes = {"celery.backend_cleanup": "mail"}
    path = "/api/v1/names/celery.backend_cleanup/registration"

    route = (await world.get("/api/v1/route", name="celery.backend_cleanup")).json()
    registration = (await world.get(path)).json()

    assert (route["registered"], route["warnings"]) == ([world.worker.name], [])
    assert (registration["workers"], registration["without"]) == ([world.worker.name], [])


async def test_a_route_that_fails_is_a_sentence_and_no_name_is_a_problem(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> None:
        raise KeyError("order")

    monkeypatch.setattr(world.cluster, "routing", failing)

    found = (await world.get("/api/v1/route", name="shop.mail")).json()
    nameless = await world.get("/api/v1/route")

    assert found["warnings"] == ["A route of the application failed without arguments: KeyError."]
    assert (found["queue"], found["workers"], nameless.status_code) == (None, None, 400)


async def test_five_hundred_queues_are_told_the_worst_first(world: World) -> None:
    names = [f"q{number:03}" for number in range(490)]
    world.cluster.configured = (*names, "<b>hostile</b>\u202e")
    world.cluster.queues = {name: [] for name in world.cluster.configured}
    world.cluster.queues["q007"] = [QueuedMessage(task_id="a")] * 3
    for ago_s in range(1_200, 0, -30):
        world.samples.keep("queue", NOW - ago_s, dict.fromkeys(names, (3.0, 3.0, None, 0.0, 90.0)))

    answer = await world.get("/api/v1/queues")
    found = answer.json()
    by_name = {each["name"]: each for each in found["items"]}

    assert (answer.status_code, found["more"], found["unsampled"]) == (200, 0, None)
    assert set(world.cluster.configured) <= by_name.keys()
    assert found["items"][0]["name"] == "q007"
    assert (by_name["q007"]["workers"], by_name["q007"]["oldest_s"]) == ([], 90.0)
    assert by_name["q007"]["trend"] == "steady"
    assert by_name["q489"]["depths"][-2] == 3
    assert by_name["mail"]["workers"] == [world.worker.name]
    assert len(answer.content) < 400_000


async def test_one_queue_tells_who_takes_how_much_of_it(world: World) -> None:
    def held(exchange: str, key: str) -> dict[str, object]:
        return {"id": "x", "delivery_info": {"exchange": exchange, "routing_key": key}}

    mail = {
        "name": "mail", "exchange": {"name": "post", "type": "direct"}, "routing_key": "m",
        "durable": True, "queue_arguments": {"x-max-priority": 9},
    }  # fmt: skip
    world.worker.says |= {
        "active_queues": [{"name": "celery"}, mail],
        "stats": {"prefetch_count": 8, "pool": {"max-concurrency": 4}},
        "active": [held("", "mail"), held("", "celery")],
        "reserved": [held("post", "m"), held("post", "other"), held("", "mail")],
        "scheduled": [{"eta": "2026-11-29T22:00:00", "request": held("", "mail")}],
    }

    found = (await world.get("/api/v1/queues/mail")).json()

    (consumer,) = found["consuming"]
    assert consumer == {
        "worker": world.worker.name, "running": 1, "reserved": 2, "scheduled": 1,
        "at_least": [], "prefetch": 8, "pool": 4,
    }  # fmt: skip
    assert found["declared"]["arguments"] == {"x-max-priority": 9}
    assert (found["declared"]["source"], found["declared"]["exchange"]) == ("worker", "post")
    assert (found["dead_letters"], found["broker"]) == (None, "memory://")


async def test_a_queue_of_which_nobody_tells_is_unknown_unless_the_broker_has_it(
    world: World,
) -> None:
    unknown = await world.get("/api/v1/queues/nowhere")
    mailbox = await world.get("/api/v1/queues/celery.pidbox")
    world.cluster.queues["only.here"] = [QueuedMessage(task_id="a")]
    there = await world.get("/api/v1/queues/only.here")

    assert problem_of(unknown)["type"] == "urn:umbel:problem:unknown-queue"
    assert "nowhere" in problem_of(unknown)["detail"]
    assert problem_of(mailbox)["type"] == "urn:umbel:problem:unknown-queue"
    assert (there.json()["ready"], there.json()["consuming"]) == (1, [])


@pytest.mark.parametrize("name", ["celery.pidbox", "reply.celery.pidbox", "celeryev"])
async def test_where_a_task_would_go_is_not_told_of_queues_of_celerys_own(
    world: World, name: str
) -> None:
    found = await world.get("/api/v1/route", name="shop.mail", queue=name)

    assert (found.status_code, problem_of(found)["parameter"]) == (400, "queue")
    assert f"{name} belongs to Celery's" in problem_of(found)["detail"]


@pytest.mark.parametrize("path", ["", "/messages", "/rates"])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [("%FF", "not text in UTF-8"), ("a%00b", "a NUL"), ("x" * 5_000, "1 to 512 characters")],
)
async def test_what_can_be_no_name_of_a_queue_is_refused_in_words(
    world: World, name: str, sentence: str, path: str
) -> None:
    found = await world.get(f"/api/v1/queues/{name}{path}")

    assert (found.status_code, sentence in problem_of(found)["detail"]) == (400, True)


async def test_a_paused_queue_is_declared_as_it_was_consumed_last(world: World) -> None:
    pause = QueuePause(queue="mail", actor="ann", at=NOW, action_id="a1", reason="SMTP is down")
    world.ledger.keep_pause(pause, instead_of=None)
    options: dict[str, object] = {
        "exchange": "post", "exchange_type": "topic", "routing_key": "m.#",
        "queue_durable": True, "queue_auto_delete": False, "queue_arguments": {"x-max-priority": 9},
    }  # fmt: skip
    stopped = StoppedConsumer(worker=world.worker.name, at=NOW, options=options)
    world.ledger.keep_stopped(pause, [stopped])
    world.worker.says["active_queues"] = []

    queue = (await world.get("/api/v1/queues/mail")).json()
    worker = (await world.get(f"/api/v1/workers/{world.worker.name}/active")).json()

    declared = queue["declared"]
    assert (declared["source"], declared["exchange"], declared["exchange_type"]) == (
        "paused",
        "post",
        "topic",
    )
    assert (declared["durable"], declared["auto_delete"]) == (True, False)
    assert declared["arguments"] == {"x-max-priority": 9}
    assert worker["paused_queues"] == [
        {"by": "ann", "since": NOW, "reason": "SMTP is down", "queue": "mail"}
    ]


async def test_dead_letters_are_followed_with_how_many_wait(world: World) -> None:
    world.cluster.defined = {
        "mail": {"queue_arguments": {"x-dead-letter-exchange": "dlx"}, "routing_key": "mail"},
        "dead": {"exchange": {"name": "dlx", "type": "direct"}, "routing_key": "mail"},
    }
    world.worker.says["active_queues"] = []
    world.cluster.queues["dead"] = [QueuedMessage(task_id="a")] * 3
    world.cluster.exchanges["dlx"] = ExchangeBindings("direct", (Binding("dead", "mail"),))

    mail = (await world.get("/api/v1/queues/mail")).json()
    dead = (await world.get("/api/v1/queues/dead")).json()

    assert mail["dead_letters"]["queues"] == [{"name": "dead", "ready": 3}]
    assert mail["dead_letters"]["note"] is None
    assert dead["dead_letters_of"] == ["mail"]


async def test_a_queue_over_time_and_a_span_that_ends_before_it_begins(world: World) -> None:
    rates = (await world.get("/api/v1/queues/mail/rates")).json()
    reversed_ = await world.get("/api/v1/queues/mail/rates", since=NOW, until=NOW - 60)

    assert (rates["name"], rates["bucket_s"]) == ("mail", 60.0)
    assert problem_of(reversed_)["parameter"] == "since"


async def test_names_and_arguments_that_are_hostile_do_no_harm(world: World) -> None:
    name = "<b>\u202e/" + "x" * 200
    odd = {
        "name": name,
        "exchange": [1],
        "routing_key": {"a": 1},
        "queue_arguments": {"x" * 99_999: 1},
    }
    world.worker.says["active_queues"] = [odd, {"name": "mail", "exchange": "text"}, 7]
    world.worker.says["reserved"] = world.worker.says["active"] = [{"delivery_info": "no"}]
    world.worker.says["stats"] = [1]

    found = await world.get("/api/v1/queues/mail")
    hostile = await world.get(f"/api/v1/queues/{quote(name, safe='')}")

    assert found.json()["consuming"][0]["reserved"] is None
    assert (hostile.status_code, hostile.json()["declared"]["arguments"]) == (200, {})
