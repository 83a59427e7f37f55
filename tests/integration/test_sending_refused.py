"""What the broker took is told to have been sent, whatever it refused beside it: who is told that
a task was not sent sends it again, and it runs twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import amqp
import pytest
import redis

from tests.support.brokers import valkey_broker
from tests.support.load import connected
from tests.support.real_clusters import cluster_at, signature
from umbel.errors import BrokerRefused


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, redis.Redis]]:
    """The URL of a user of a server of the test's own, who may do everything; and its owner."""
    with valkey_broker(tmp_path) as broker, broker.client() as owner:
        may(owner, "+@all", "~*")
        yield broker.url.replace("redis://", "redis://umbel:pw@"), owner


def may(owner: Any, *rules: str) -> None:
    owner.execute_command("ACL", "SETUSER", "umbel", "reset", "on", ">pw", "&*", *rules)


@pytest.fixture
def channel(rabbit_url: str) -> Iterator[amqp.Channel]:
    with connected(rabbit_url) as connection:
        opened = connection.channel()
        opened.queue_declare("celery", durable=True, auto_delete=False)
        yield opened


def test_tasks_are_sent_where_redis_takes_no_events(
    server: tuple[str, redis.Redis], caplog: pytest.LogCaptureFixture
) -> None:
    url, owner = server
    may(owner, "+@all", "~*", "-publish")
    with cluster_at(url) as cluster:
        cluster.send([signature("add", number, 1) for number in range(3)])

    assert owner.llen("celery") == 3
    assert "3 tasks were sent, but the broker did not take their task-sent" in caplog.text
    assert "'publish' command" in caplog.text


def test_what_redis_took_behind_a_task_that_it_refused_was_sent(
    server: tuple[str, redis.Redis],
) -> None:
    url, owner = server
    may(owner, "+@all", "~mail", "~_kombu*")
    tasks = [signature("add", 1, 1, queue=each) for each in ("mail", "celery", "mail")]
    with cluster_at(url) as cluster, pytest.raises(BrokerRefused) as told:
        cluster.send(tasks)

    assert told.value.sent == {tasks[0].id, tasks[2].id}
    assert "lpush" not in str(told.value)
    assert (owner.llen("mail"), owner.llen("celery")) == (2, 0)


@pytest.mark.rabbitmq
def test_tasks_are_sent_where_rabbitmq_takes_no_events(
    rabbit_url: str, channel: amqp.Channel, caplog: pytest.LogCaptureFixture
) -> None:
    channel.exchange_declare("celeryev", "direct")  # which closes the channel of who declares it
    with cluster_at(rabbit_url) as cluster:
        for _ in range(2):
            cluster.send([signature("add", number, 1) for number in range(300)])
        (celery,) = cluster.depths(["celery"])

    assert celery.ready == 600
    assert "tasks were sent, but the broker did not take their task-sent" in caplog.text


@pytest.mark.rabbitmq
def test_what_rabbitmq_took_beside_a_full_queue_was_sent(
    rabbit_url: str, channel: amqp.Channel
) -> None:
    full = {"x-max-length": 1, "x-overflow": "reject-publish"}
    channel.queue_declare("full", durable=True, auto_delete=False, arguments=full)
    tasks = [
        signature("add", number, 1, queue="full" if number % 2 else "celery")
        for number in range(20)
    ]
    with cluster_at(rabbit_url) as cluster, pytest.raises(BrokerRefused, match="full") as told:
        cluster.send(tasks)
    there = [channel.queue_declare(each, passive=True)[1] for each in ("celery", "full")]

    assert there[0] == 10
    assert len(told.value.sent) == sum(there)
    assert {each.id for each in tasks if each.queue == "celery"} < told.value.sent


@pytest.mark.rabbitmq
@pytest.mark.usefixtures("channel")
def test_what_rabbitmq_took_beside_a_queue_that_is_gone_was_sent(rabbit_url: str) -> None:
    tasks = [
        signature("add", number, 1, queue="celery" if number % 2 else "gone")
        for number in range(20)
    ]
    with cluster_at(rabbit_url) as cluster, pytest.raises(BrokerRefused, match="gone") as told:
        cluster.send(tasks)

    assert told.value.sent == {each.id for each in tasks if each.queue == "celery"}
