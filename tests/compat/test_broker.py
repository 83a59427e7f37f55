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


def test_an_address_is_taken_apart() -> None:
    rabbit, redis = Broker("amqp://ann:s%40crit@host:5673/shop"), Broker("redis://")

    assert (rabbit.host, rabbit.port, rabbit.vhost) == ("host", 5673, "shop")
    assert (rabbit.username, rabbit.password) == ("ann", "s@crit")
    assert (redis.host, redis.port, redis.vhost) == ("localhost", 6379, 0)
    assert (redis._q_for_pri("q", 3), redis._q_for_pri("q", 0)) == ("q\x06\x163", "q")


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
