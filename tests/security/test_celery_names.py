"""Names of Celery's own are nobody's to write to, whichever way a person names a queue or an
exchange, and a report says of no worker that died of a command that it did it."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import msgspec
import pytest
from celery import Celery

from tests.api.world import World, problem_of
from tests.contract.stories import BASE, begun, uuid_of
from tests.unit.control.scene import ADA, FAILED, Scene
from umbel.applications import bare_application
from umbel.broker.base import Cluster, Signature
from umbel.broker.cluster import open_cluster
from umbel.broker.reserved_names import reserved_names
from umbel.errors import ActionRefused, BrokerRefused
from umbel.services.control.task_sender import Apply
from umbel.services.control.types import ActionKind, ActionRequest, Edit, TaskAction

GOSSIP = "celeryev.0b5d1e6c-8a70-4b0e-9c51-6a3f0d5b2c11"
OID = "8f4c9a3e-5d1b-3c77-9a51-0d5b2c11aa00"
#: Names by whose they are, with any broker and whatever the application calls its own.
EVERYWHERE = {
    "celeryev": "Celery's events",
    GOSSIP: "Celery's events",
    "celeryev.monitor": "Celery's events",
    "celery.pidbox": "Celery's remote control",
    "shop.pidbox": "Celery's remote control",
    "reply.celery.pidbox": "Celery's remote control",
    "celery@eu-1.celery.pidbox": "Celery's remote control",
    f"{OID}.reply.celery.pidbox": "Celery's remote control",
    "umbel.1790000000.0a1b.reply.celery.pidbox": "Celery's remote control",
    "celeryresults": "Celery's results",
    "celery-task-meta-7c1e.j": "Celery's results",
    "celery-taskset-meta-7c1e": "Celery's results",
    "chord-unlock-7c1e": "Celery's results",
    "shop:celery-task-meta-7c1e": "Celery's results",
    "celery_delayed_delivery": "Celery's delayed delivery",
    "celery_delayed_27": "Celery's delayed delivery",
    "shop_celery_delayed_0": "Celery's delayed delivery",
    "umbel.events.v1": "Umbel's own queues",
    "umbel.events.v1.5f0c9d": "Umbel's own queues",
    "umbel.reply.0a1b2c": "Umbel's own queues",
}
#: What people call queues, some of which only look like Celery's.
PEOPLES = (
    "celery", "default", "mail", "events", "celery.mail", "celeryevents", "pidbox", "unackedorders",
    "mails.unacked", "celery@eu-1.dq2", "C.dq2", "bcast.0b5d1e6c", "umbel", "umbel.mail",
    "worker.heartbeat", "task-sent", "celery_delayed", "delayed", "results", OID, "amqp",
)  # fmt: skip


def application(broker: str = "redis://h", **conf: Any) -> Celery:
    app = Celery("shop", broker=broker, set_as_current=False)
    app.conf.update(conf)
    return app


@pytest.mark.parametrize("name", EVERYWHERE)
@pytest.mark.parametrize("transport", ["redis", "amqp", "memory"])
def test_what_celery_calls_its_own_is_known_with_every_broker(transport: str, name: str) -> None:
    own = reserved_names(application(), transport)

    assert own.owner(name) == EVERYWHERE[name]


@pytest.mark.parametrize("name", PEOPLES)
@pytest.mark.parametrize("transport", ["redis", "amqp", "memory"])
def test_what_people_call_their_queues_is_theirs(transport: str, name: str) -> None:
    own = reserved_names(application(), transport)

    assert own.owner(name) is None


@pytest.mark.parametrize(
    ("transport", "conf", "name", "owner"),
    [
        ("redis", {}, "unacked", "what kombu keeps in Redis"),
        ("redis", {}, "unacked_index", "what kombu keeps in Redis"),
        ("redis", {}, "unacked_mutex", "what kombu keeps in Redis"),
        ("redis", {}, "_kombu.binding.mail", "what kombu keeps in Redis"),
        ("redis", {}, "_kombu.binding_permanent.mail", "what kombu keeps in Redis"),
        ("redis", {}, "_kombu.binding_deadlines", "what kombu keeps in Redis"),
        ("redis", {"broker_transport_options": {"unacked_key": "held", "global_keyprefix": "p:"}},
         "held", "what kombu keeps in Redis"),
        ("redis", {"broker_transport_options": {"unacked_key": "held"}}, "unacked",
         "what kombu keeps in Redis"),
        ("amqp", {}, "unacked", None),
        ("amqp", {}, "amq.gen-JzTY20BRgKO", "RabbitMQ itself"),
        ("amqp", {}, "amq.rabbitmq.reply-to", "RabbitMQ itself"),
        ("redis", {}, "amq.mine", None),
        ("amqp", {"event_exchange": "shopev"}, "shopev", "Celery's events"),
        ("amqp", {"event_exchange": "shopev"}, "celeryev", "Celery's events"),
        ("amqp", {"event_queue_prefix": "shop"}, GOSSIP.replace("celeryev", "shop"),
         "Celery's events"),
        ("amqp", {"event_queue_prefix": "shop"}, "shop.mail", None),
        ("amqp", {"control_exchange": "shop"}, "shop.pidbox", "Celery's remote control"),
        ("amqp", {"result_exchange": "shopresults"}, "shopresults", "Celery's results"),
        ("amqp", {"result_backend": "rpc://"}, OID, "Celery's results"),
        ("amqp", {"result_backend": "rpc://"}, GOSSIP.partition(".")[2], None),
    ],
)  # fmt: skip
def test_the_application_says_what_its_own_names_are(
    transport: str, conf: dict[str, Any], name: str, owner: str | None
) -> None:
    assert reserved_names(application(**conf), transport).owner(name) == owner


def test_the_event_queue_of_the_settings_is_umbels() -> None:
    own = reserved_names(application(), "amqp", "history")

    found = [own.owner(name) for name in ("history", "history.5f0c9d.shopev", "historyx")]
    assert found == ["Umbel's own queues", "Umbel's own queues", None]


@pytest.mark.parametrize(
    ("route", "field"),
    [
        ({"queue": "celeryev"}, "queue"),
        ({"exchange": "celeryev", "routing_key": "worker.heartbeat"}, "exchange"),
        ({"exchange": "", "routing_key": GOSSIP}, "routing_key"),
        ({"routing_key": GOSSIP}, "routing_key"),
        ({"queue": "mail", "headers": {"CC": [GOSSIP]}}, "headers"),
        ({"queue": "mail", "headers": {"BCC": ["mail", GOSSIP]}}, "headers"),
        ({"exchange": "amq.rabbitmq.log", "routing_key": "a"}, "exchange"),
        ({"exchange": "mine", "routing_key": "worker.heartbeat"}, None),
        ({"exchange": "mine", "routing_key": GOSSIP}, None),
        ({"exchange": "amq.topic", "routing_key": "worker.heartbeat"}, None),
        ({"queue": "mail", "headers": {"CC": [7], "BCC": None, "cc": [GOSSIP]}}, None),
    ],
)  # fmt: skip
def test_every_way_to_a_queue_is_seen(route: dict[str, Any], field: str | None) -> None:
    own = reserved_names(application(), "amqp")

    found = own.of_signature(Signature(id="1", name="shop.charge", **route))

    assert (found and found.field) == field


# -- entries -------------------------------------------------------------------------------

#: Where a person can name a queue or an exchange.
NAMING = {
    (Apply, "queue"), (Apply, "exchange"), (Apply, "routing_key"), (Apply, "headers"),
    (ActionRequest, "queue"), (Edit, "queue"),
}  # fmt: skip
#: Actions that write to a queue.
ON_QUEUES = {"add_consumer", "purge"}
ROUTES: tuple[dict[str, Any], ...] = (
    {"queue": "celeryev"},
    {"exchange": "celeryev", "routing_key": "worker.heartbeat"},
    {"exchange": "", "routing_key": GOSSIP},
    {"routing_key": GOSSIP},
    {"queue": "mail", "headers": {"CC": [GOSSIP]}},
)


def test_no_other_request_names_a_queue() -> None:
    """Whoever adds a field with a queue, an exchange or a routing key comes by here."""
    found = {
        (struct, field)
        for struct in (Apply, ActionRequest, Edit)
        for field in struct.__struct_fields__
        if any(word in field for word in ("queue", "exchange", "routing", "headers"))
    }

    assert found == NAMING


@pytest.mark.parametrize("action", get_args(ActionKind))
def test_every_action_but_one_that_lets_go_refuses_a_queue_of_celerys_own(action: Any) -> None:
    scene = Scene()
    tasks = {"q": ""} if action in get_args(TaskAction) else {}

    if action == "cancel_consumer":
        assert scene.plan(action, queue="celeryev").impossible is None
        return
    with pytest.raises(ActionRefused) as told:
        scene.plan(action, queue="celeryev", **tasks)

    assert told.value.field == "queue"


@pytest.mark.parametrize("action", sorted(ON_QUEUES))
@pytest.mark.parametrize("name", EVERYWHERE)
def test_no_action_is_planned_on_a_queue_of_celerys_own(action: Any, name: str) -> None:
    scene = Scene()
    scene.cluster.queues[name] = []

    with pytest.raises(ActionRefused, match="belongs to") as told:
        scene.plan(action, queue=name)

    assert told.value.field == "queue"
    assert not scene.cluster.commands


def test_a_worker_may_be_told_to_stop_consuming_any_queue() -> None:
    scene = Scene()

    report = scene.do("cancel_consumer", queue="umbel.events.v1")

    assert report.state == "done"


def test_a_plan_of_before_is_not_executed_on_a_name_that_is_celerys_now() -> None:
    scene = Scene()
    scene.cluster.queues["mail"] = []
    plan = scene.plan("add_consumer", queue="mail")

    scene.cluster.own_names = msgspec.structs.replace(
        scene.cluster.own_names, event_exchange="mail"
    )

    with pytest.raises(ActionRefused, match="mail belongs to Celery's events"):
        scene.control.execute(plan.id, ADA)
    assert not scene.told("add_consumer")


@pytest.mark.parametrize("route", ROUTES)
def test_no_task_is_sent_to_a_name_of_celerys_own(route: dict[str, Any]) -> None:
    scene = Scene()

    with pytest.raises(ActionRefused, match="belongs to Celery's events"):
        scene.control.apply(Apply(name="shop.charge", **route), ADA)

    assert not scene.cluster.sent


def test_a_task_is_sent_to_an_exchange_of_ones_own_by_any_routing_key() -> None:
    scene = Scene()

    scene.control.apply(
        Apply(name="shop.charge", exchange="mine", routing_key="worker.heartbeat"), ADA
    )

    assert [sent.routing_key for sent in scene.cluster.sent] == ["worker.heartbeat"]


def test_a_task_is_not_sent_again_to_another_queue_that_is_celerys() -> None:
    scene = Scene()

    with pytest.raises(ActionRefused, match="belongs to Celery's events") as told:
        scene.plan("retry", ids=[FAILED], edit=Edit(queue=GOSSIP))

    assert told.value.field == "edit.queue"


@pytest.mark.parametrize(
    "sent",
    [
        {"queue": "celeryev"},
        {"queue": None, "exchange": "celeryev", "routing_key": "worker.heartbeat"},
        {"queue": None, "exchange": "", "routing_key": GOSSIP},
    ],
)
def test_a_task_whose_events_name_celerys_own_is_left_out_of_those_sent_again(
    sent: dict[str, Any],
) -> None:
    """Whoever can send events can make up where a task was sent."""
    forged = uuid_of(77)
    first, *others = begun(forged, BASE)
    scene = Scene(msgspec.structs.replace(first, **sent), *others)

    plan = scene.plan("retry", ids=[forged], edit=Edit(args=[], kwargs={}))

    assert plan.count == 0
    assert "belongs to Celery's events" in " ".join(plan.skipped)


WRITING: dict[str, Any] = {
    "send": lambda cluster: cluster.send([Signature(id="1", name="a", queue="celeryev")]),
    "purge": lambda cluster: cluster.purge("celeryev"),
    "ask": lambda cluster: cluster.ask("add_consumer", {"queue": "celeryev"}),
    "broadcast": lambda cluster: cluster.broadcast("add_consumer", {"queue": "celeryev"}),
}
#: These only look.
LOOKING = {"peek", "depths", "heads", "declaration", "bindings", "queue_objects"}


@pytest.mark.parametrize("broker", ["redis://127.0.0.1:1", "amqp://127.0.0.1:1"])
@pytest.mark.parametrize("method", WRITING)
def test_the_cluster_itself_refuses_before_it_connects(broker: str, method: str) -> None:
    """Whatever part of Umbel asks, the last door is shut."""
    cluster = open_cluster(bare_application(broker))

    with pytest.raises(BrokerRefused, match="belongs to Celery's events"):
        WRITING[method](cluster)


def test_the_cluster_has_no_other_door() -> None:
    taking = {
        name
        for name, method in inspect.getmembers(Cluster, inspect.isfunction)
        if {"queue", "queues", "signatures", "command", "exchange"}
        & {*inspect.signature(method).parameters}
    }

    assert taking == {*WRITING} | LOOKING


# -- over HTTP -----------------------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize("route", ROUTES)
async def test_the_api_tells_which_field_names_celerys_own(
    world: World, route: dict[str, Any]
) -> None:
    told = problem_of(await world.post("/api/v1/apply", {"name": "shop.charge"} | route))

    assert told["status"] < 500
    assert told["parameter"] in route
    assert "belongs to Celery's events" in told["detail"]
    assert not world.cluster.sent


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["apply", "async-apply", "send-task"])
@pytest.mark.parametrize("route", ROUTES)
async def test_flowers_api_sends_nothing_there(
    world: World, path: str, route: dict[str, Any]
) -> None:
    answer = await world.post(f"/api/task/{path}/shop.charge", {"args": [1], **route})

    assert 400 <= answer.status_code < 500
    assert not world.cluster.sent


@pytest.mark.anyio
async def test_flowers_api_lets_no_worker_consume_it(world: World) -> None:
    (name,) = world.cluster.workers

    answer = await world.post(f"/api/worker/queue/add-consumer/{name}?queue=celeryev")

    assert 400 <= answer.status_code < 500
    assert "add_consumer" not in [command.name for command in world.cluster.commands]


@pytest.mark.anyio
@pytest.mark.parametrize("action", sorted(ON_QUEUES))
async def test_the_api_plans_no_action_on_it(world: World, action: str) -> None:
    told = problem_of(await world.post("/api/v1/actions", {"action": action, "queue": GOSSIP}))

    assert (told["status"] < 500, told["parameter"]) == (True, "queue")


@pytest.mark.anyio
async def test_names_of_celerys_own_are_not_offered_as_queues(world: World) -> None:
    world.cluster.bound = ("mail", "celeryev", GOSSIP)

    listed = (await world.get("/api/v1/queues")).json()["items"]

    assert {"celeryev", GOSSIP}.isdisjoint(queue["name"] for queue in listed)
    assert "mail" in {queue["name"] for queue in listed}
