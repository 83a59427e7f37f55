"""Tasks that Umbel sends, taken by real brokers and run by real workers."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from kombu.connection import Connection
from kombu.entity import Exchange, Queue

from tests.integration.conftest import BROKERS
from tests.support.applications import WORKERAPP, celery_client
from tests.support.brokers import redis_database
from tests.support.real_clusters import cluster_at, cluster_of, signature
from tests.support.sources import events_in, source_of, take
from tests.support.workers import celery_worker
from umbel.broker.base import Cluster, Signature
from umbel.errors import BrokerRefused

_Connection: Any = Connection
_Exchange: Any = Exchange
_Queue: Any = Queue
HEADERS = ("argsrepr", "kwargsrepr", "id", "root_id", "parent_id", "repeats", "timelimit")


@pytest.fixture(
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ]
)
def broker(request: pytest.FixtureRequest) -> Iterator[str]:
    """A broker that has the queues `celery` and `mail`."""
    with BROKERS[request.param]() as url:
        if request.param == "rabbitmq":
            with _Connection(url) as connection:
                for name in ("celery", "mail"):
                    connection.channel().queue_declare(name, durable=True, auto_delete=False)
        yield url


def received(url: str, queue: str = "celery") -> Any:
    """The next message of a queue, as kombu gives it to a worker."""
    with _Connection(url) as connection:
        message = connection.SimpleQueue(queue, accept=["json", "yaml"]).get(timeout=10)
        message.ack()
        return message


def test_a_sent_task_is_run_with_its_arguments(broker: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        backend = enter(redis_database())
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        enter(celery_worker(WORKERAPP, environment, tmp_path / "worker.log"))
        client, cluster = enter(celery_client(broker, backend)), enter(cluster_at(broker))
        soon = signature("echo", 1, "zwei", kwargs={"drei": [3]}, parent_id="p", root_id="r")
        later = signature("add", 2, 3, countdown_s=0.5)
        cluster.send([soon, later])

        result = client.AsyncResult(soon.id).get(timeout=20)
        total = client.AsyncResult(later.id).get(timeout=20)

    assert result == [1, "zwei", {"drei": [3]}]
    assert total == 5


def test_a_message_says_all_that_was_asked(broker: str) -> None:
    at = time.time() + 3600
    with cluster_at(broker) as cluster:
        cluster.send(
            [
                signature(
                    "add",
                    *(1, 2),
                    id="id-1",
                    queue="mail",
                    priority=6,
                    eta=at,
                    expires=at + 60,
                    root_id="root",
                    parent_id="parent",
                    soft_time_limit_s=10,
                    time_limit_s=20,
                    headers={"repeats": "id-0"},
                    args_repr="(***)",
                )
            ]
        )
    message = received(broker, "mail")

    headers = message.headers
    told = {key: headers[key] for key in HEADERS}
    assert told == {
        "argsrepr": "(***)",
        "kwargsrepr": "{}",
        "id": "id-1",
        "root_id": "root",
        "parent_id": "parent",
        "repeats": "id-0",
        "timelimit": [20, 10],
    }
    assert headers["task"] == f"{WORKERAPP}.add"
    assert datetime.fromisoformat(headers["eta"]).timestamp() == pytest.approx(at, abs=1e-3)
    assert datetime.fromisoformat(headers["expires"]).timestamp() == pytest.approx(at + 60, abs=1)
    assert message.properties["priority"] == 6
    assert message.content_type == "application/json"
    assert message.payload[:2] == [[1, 2], {}]


def test_routes_and_serializer_are_the_applications_own(broker: str) -> None:
    app = Celery(broker=broker, set_as_current=False)
    app.conf.task_routes = {f"{WORKERAPP}.echo": {"queue": "mail", "priority": 3}}
    app.conf.task_serializer = "yaml"
    with cluster_of(app) as cluster:
        cluster.send([signature("echo", 1)])
    app.close()
    message = received(broker, "mail")

    assert message.content_type == "application/x-yaml"
    assert message.properties["priority"] == 3


@pytest.mark.parametrize("serializer", ["json", "yaml"])
def test_a_date_reaches_the_task_as_a_date_by_any_serializer(broker: str, serializer: str) -> None:
    day = {"__type__": "datetime", "__value__": "2026-01-02T03:04:05+00:00"}
    raw = {"__type__": "base64", "__value__": "AP8="}
    with cluster_at(broker) as cluster:
        cluster.send([signature("echo", [day], kwargs={"raw": {"of": raw}}, serializer=serializer)])

    args, kwargs, _ = received(broker).payload
    assert [*args] == [[datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]]
    assert kwargs == {"raw": {"of": b"\x00\xff"}}


@pytest.mark.redis
@pytest.mark.parametrize(("routing_key", "queue"), [("mail.eu", "of-topics"), ("none", "mail")])
def test_a_task_without_a_binding_goes_to_the_queue_that_is_named(
    redis_url: str, routing_key: str, queue: str
) -> None:
    app = Celery(broker=redis_url, set_as_current=False)
    bound = _Queue("of-topics", _Exchange("topics", type="topic"), "mail.*")
    app.conf.task_queues = [bound, _Queue("mail")]
    with _Connection(redis_url) as connection:
        bound(connection.default_channel).declare()
    with cluster_of(app, knows_queues=True) as cluster:
        cluster.send(
            [signature("echo", 1, queue="mail", exchange="topics", routing_key=routing_key)]
        )
    app.close()

    assert received(redis_url, queue).payload[0] == [1]


def test_a_sent_task_is_told_as_by_any_client(broker: str) -> None:
    app = Celery(broker=broker, set_as_current=False)
    app.conf.task_send_sent_event = True
    with source_of(app) as source, cluster_of(app) as cluster:
        cluster.send([signature("add", 1, 2, id="told", queue="mail")])
        (event,) = events_in(take(source, 1))
    app.close()

    assert (event.type, event.uuid, event.queue) == ("task-sent", "told", "mail")


def test_thousands_of_tasks_take_no_memory_with_them(broker: str) -> None:
    tasks = [signature("add", number, 1) for number in range(3_000)]
    with cluster_at(broker, task_send_sent_event=False) as cluster:
        cluster.send(tasks[:100])
        cpu = time.thread_time()
        cluster.send(tasks)
        cpu = time.thread_time() - cpu
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        cluster.send(tasks[:1_000])
        after, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        (celery,) = cluster.depths(["celery"])

    assert celery.ready == 4_100
    assert after - before < 300_000
    assert peak - before < 3_000_000
    assert cpu < 2.4


def test_what_cannot_be_written_is_refused_after_those_before_it(broker: str) -> None:
    odd: list[Signature] = [
        signature("add", object(), queue="mail"),
        signature("add", 1, serializer="no-such", queue="mail"),
        signature("add", 1, eta=1e300, queue="mail"),
    ]
    with cluster_at(broker) as cluster:
        for one in odd:
            before = [signature("add", 1, 1), signature("add", 2, 2)]
            with pytest.raises(BrokerRefused, match="cannot be written") as told:
                cluster.send([*before, one])
            assert told.value.sent == {each.id for each in before}
        assert depth(cluster, "celery") == 6
        assert depth(cluster, "mail") == 0


def test_an_application_that_makes_no_queues_refuses_unknown_ones(broker: str) -> None:
    app = Celery(broker=broker, set_as_current=False)
    app.conf.task_create_missing_queues = False
    with cluster_of(app) as cluster, pytest.raises(BrokerRefused, match="cannot be routed"):
        cluster.send([signature("add", 1, 1, queue="mail")])
    app.close()


def depth(cluster: Cluster, queue: str) -> int | None:
    (found,) = cluster.depths([queue])
    return found.ready
