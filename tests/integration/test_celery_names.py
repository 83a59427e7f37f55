"""Real workers live on after every attempt to use names of Celery's own, and after they are told to
consume queues that are there with other arguments."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from kombu.connection import Connection

from tests.support.applications import WORKERAPP
from tests.support.operated import ADA, Operated
from umbel.broker.base import Signature
from umbel.errors import ActionRefused, BrokerRefused
from umbel.services.control.task_sender import Apply
from umbel.services.control.types import ActionRequest

_Connection: Any = Connection
#: A queue as workers with gossip have one.
GOSSIP = "celeryev.0b5d1e6c-8a70-4b0e-9c51-6a3f0d5b2c11"
OWN = (
    "celeryev", "celery.pidbox", "reply.celery.pidbox", "unacked", "_kombu.binding.celeryev",
    "umbel.events.v1", "celery_delayed_delivery",
)  # fmt: skip


def test_a_worker_hears_nothing_of_tasks_for_names_of_celerys_own(operated: Operated) -> None:
    is_redis = operated.cluster.capabilities().transport == "redis"
    names = [n for n in (*OWN, GOSSIP) if is_redis or not n.startswith(("un", "_k"))]
    process = operated.asked("stats")["pid"]
    ways = [
        {way: name} | ({"routing_key": "worker.heartbeat"} if way == "exchange" else extra)
        for name in names
        for way, extra in (
            ("queue", {}), ("exchange", {}), ("routing_key", {"exchange": ""}),
            ("routing_key", {}),
        )
    ]  # fmt: skip

    for way in ways:
        with pytest.raises(ActionRefused):
            operated.control.apply(Apply(name=f"{WORKERAPP}.add", **way), ADA)  # type: ignore[arg-type]
        with pytest.raises(BrokerRefused):
            operated.cluster.send([Signature(id="1", name=f"{WORKERAPP}.add", **way)])  # type: ignore[arg-type]

    done = operated.send("add", 1, 2)
    assert operated.until(done, "SUCCESS").result == "3"
    assert operated.asked("stats")["pid"] == process


@pytest.mark.parametrize("action", ["add_consumer", "purge"])
def test_a_worker_lives_on_after_every_refused_action(operated: Operated, action: str) -> None:
    process = operated.asked("stats")["pid"]

    for name in ("celeryev", "umbel.events.v1", "reply.celery.pidbox", GOSSIP):
        with pytest.raises(ActionRefused, match="belongs to"):
            operated.control.plan(ActionRequest(action=action, queue=name), ADA)  # type: ignore[arg-type]
    with pytest.raises(BrokerRefused):
        operated.cluster.broadcast("add_consumer", {"queue": "celeryev"})

    assert operated.asked("stats")["pid"] == process


@contextlib.contextmanager
def declared(operated: Operated, name: str, **options: object) -> Iterator[None]:
    """A queue, or an exchange of the name if `type` is given, that was there before."""
    with _Connection(operated.app.conf.broker_url) as connection:
        channel = connection.channel()
        if "type" in options:
            channel.exchange_declare(name, auto_delete=False, **options)
        else:
            channel.queue_declare(name, **{"auto_delete": False, "durable": True, **options})
        yield


@pytest.mark.parametrize(
    ("name", "options", "told"),
    [
        ("plain", {}, ""),
        ("prior", {"arguments": {"x-max-priority": 10, "x-message-ttl": 60_000}},
         "x-max-priority: 10 and x-message-ttl: 60000"),
        ("fleeting", {"durable": False}, "not durable"),
        ("topical", {"type": "topic", "durable": True}, "an exchange of the type topic"),
    ],
)  # fmt: skip
def test_a_worker_consumes_what_is_there_with_other_arguments(
    operated: Operated, name: str, options: dict[str, object], told: str
) -> None:
    if operated.cluster.capabilities().transport != "amqp":
        pytest.skip("only RabbitMQ compares arguments")
    process = operated.asked("stats")["pid"]

    with declared(operated, name, **options):
        plan = operated.control.plan(ActionRequest(action="add_consumer", queue=name), ADA)
        answer = operated.command("add_consumer", queue=name)

    assert told in " ".join(plan.consequences)
    assert answer.outcome == "ok"
    assert name in [queue["name"] for queue in operated.asked("active_queues")]
    assert operated.asked("stats")["pid"] == process


def test_a_quorum_queue_is_for_workers_that_were_started_with_one(operated: Operated) -> None:
    if operated.cluster.capabilities().transport != "amqp":
        pytest.skip("only RabbitMQ has quorum queues")
    process = operated.asked("stats")["pid"]
    own = ("-Q", "home", "--", "task.create_missing_queue_type=quorum")
    quorum = {"arguments": {"x-queue-type": "quorum"}}

    with declared(operated, "quorate", **quorum), operated.another_worker(*own) as worker:
        ask = ActionRequest(action="add_consumer", queue="quorate", workers=[operated.worker.name])
        plan = operated.control.plan(ask, ADA)
        answer = operated.command("add_consumer", queue="quorate", workers=[worker.name])
        consumed = [queue["name"] for queue in operated.asked("active_queues", worker.name)]

    assert operated.worker.name in (plan.impossible or "")
    assert answer.outcome == "ok"
    assert "quorate" in consumed
    assert operated.asked("stats")["pid"] == process


def test_a_worker_that_dies_of_a_command_is_not_said_to_have_done_it(operated: Operated) -> None:
    if operated.cluster.capabilities().transport != "amqp":
        pytest.skip("only RabbitMQ compares arguments")
    own = ("-Q", "stubborn", "--", "task.queue_max_priority=10")

    with declared(operated, "simple"), operated.another_worker(*own) as worker:
        report = operated.do("add_consumer", queue="simple", workers=[worker.name])

    assert (report.state, report.workers[0].outcome) == ("failed", "gone")
    assert "1 answered and then went away" in report.sentence
    assert "log" in (report.workers[0].answer or "")


def test_what_is_no_queue_is_told_before_a_worker_consumes_it(operated: Operated) -> None:
    process = operated.asked("stats")["pid"]
    with _Connection(operated.app.conf.broker_url) as connection:
        channel = connection.channel()
        if operated.cluster.capabilities().transport == "redis":
            channel.client.hset("counts", "a", "1")
        else:
            channel.queue_declare("counts", durable=False, auto_delete=False, exclusive=True)

        plan = operated.control.plan(ActionRequest(action="add_consumer", queue="counts"), ADA)

        assert "a worker that is told to consume it ends" in (plan.impossible or "")
        with pytest.raises(ActionRefused):
            operated.control.execute(plan.id, ADA)
    assert operated.asked("stats")["pid"] == process


def test_a_worker_that_knows_an_exchange_of_the_name_lives_on(operated: Operated) -> None:
    process = operated.asked("stats")["pid"]
    topic = {"queue": "reports", "exchange": "shared", "exchange_type": "topic"}
    operated.cluster.ask("add_consumer", topic, workers=[operated.worker.name])

    answer = operated.command("add_consumer", queue="shared")

    assert answer.outcome == "ok"
    assert "shared" in [queue["name"] for queue in operated.asked("active_queues")]
    assert operated.asked("stats")["pid"] == process
