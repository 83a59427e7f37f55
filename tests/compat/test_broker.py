"""`flower.utils.broker.Broker` on real brokers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from celery import Celery

from flower.utils.broker import Broker, RabbitMQ, Redis, RedisSentinel, RedisSocket, RedisSsl
from tests.support.brokers import rabbit_vhost, redis_database
from umbel.errors import BrokerError


def send(broker: str, queue: str, count: int, **options: Any) -> None:
    with Celery("shop", broker=broker, set_as_current=False) as app:
        for number in range(count):
            app.send_task("shop.send", (number,), queue=queue, **options)


@pytest.mark.redis
def test_queues_of_redis_are_counted_with_all_priorities() -> None:
    with redis_database() as url:
        send(url, "mail", 2)
        send(url, "mail", 1, priority=6)

        found = asyncio.run(Broker(url, http_api=None).queues(["mail", "nowhere"]))

    assert found == [{"name": "mail", "messages": 3}, {"name": "nowhere", "messages": 0}]


@pytest.mark.rabbitmq
def test_queues_of_rabbitmq_are_counted_where_they_are() -> None:
    with rabbit_vhost() as url:
        send(url, "mail", 2)

        found = asyncio.run(Broker(url, http_api="").queues(["mail", "nowhere"]))

    assert [(queue.get("name"), queue.get("messages")) for queue in found] == [("mail", 2)]
    assert (found[0]["messages_ready"], found[0]["consumers"]) == (2, 0)


def test_no_queues_are_none() -> None:
    assert asyncio.run(Broker("redis://127.0.0.1:1/0").queues([])) == []


def test_a_broker_that_does_not_answer() -> None:
    with pytest.raises(BrokerError):
        asyncio.run(Broker("redis://127.0.0.1:1/0").queues(["mail"]))


def test_a_rabbitmq_that_does_not_answer_has_none() -> None:
    assert asyncio.run(Broker("amqp://127.0.0.1:1//").queues(["mail"])) == []


@pytest.mark.parametrize(
    ("url", "kind", "more"),
    [
        ("amqp://ann:s%40crit@host:5673/shop", RabbitMQ, {}),
        ("redis://host/2", Redis, {}),
        ("rediss://host/2", RedisSsl, {"broker_use_ssl": {"ssl_cert_reqs": "none"}}),
        ("redis+socket:///run/redis.sock", RedisSocket, {}),
        ("sentinel://host/2", RedisSentinel, {"broker_options": {"master_name": "m"}}),
    ],
)
def test_a_broker_is_of_the_kind_of_its_address(url: str, kind: type, more: Any) -> None:
    assert type(Broker(url, **more)) is kind


@pytest.mark.parametrize(
    ("url", "host", "port", "vhost", "user", "password"),
    [
        ("amqp://", "localhost", 15672, "/", "guest", "guest"),
        ("amqps://localhost", "localhost", 15672, "/", "guest", "guest"),
        ("amqp://ann:s%40crit@host/shop", "host", 15672, "shop", "ann", "s@crit"),
        ("amqp://ann:pass@host//", "host", 15672, "/", "ann", "pass"),
        ("redis://", "localhost", 6379, 0, None, None),
        ("redis://foo:7777/9", "foo", 7777, 9, None, None),
        ("redis://:pass@host:4444/5", "host", 4444, 5, None, "pass"),
        ("redis://[::1]", "::1", 6379, 0, None, None),
        ("redis://2001%3Adb8%3A%3A1:6379/3", "2001:db8::1", 6379, 3, None, None),
        ("redis+socket:///path/to/socket", None, None, "path/to/socket", None, None),
        ("sentinel://", "localhost", 26379, 0, None, None),
    ],
)
def test_an_address_is_taken_apart(
    url: str, host: str, port: int, vhost: object, user: str | None, password: str | None
) -> None:
    broker = Broker(url, http_api="", broker_options={"master_name": "m"})

    assert (broker.host, broker.port, broker.vhost) == (host, port, vhost)
    assert (broker.username, broker.password) == (user, password)


def test_priorities_are_those_of_the_options() -> None:
    redis, other = Broker("redis://"), Broker("redis://", broker_options={"priority_steps": [0, 1]})

    assert (redis._q_for_pri("q", 3), redis._q_for_pri("q", 0)) == ("q\x06\x163", "q")
    assert (redis.priority_steps, other.priority_steps) == ([0, 3, 6, 9], [0, 1])
    with pytest.raises(ValueError, match="Priority"):
        redis._q_for_pri("q", 4)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://host/x", "Database is int between 0 and limit - 1, not x"),
        ("rediss://host/0", "requires broker_use_ssl"),
        ("sentinel://host/0", "master_name is required"),
    ],
)
def test_what_is_missing_is_said(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Broker(url)
