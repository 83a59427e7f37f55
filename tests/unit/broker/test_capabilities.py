"""What kinds of brokers can do."""

from __future__ import annotations

from typing import Any

import pytest
from kombu.connection import Connection
from kombu.transport.memory import Transport

from umbel.applications import bare_application
from umbel.broker.capabilities import capabilities_of
from umbel.broker.cluster import open_cluster
from umbel.broker.link import Link
from umbel.errors import NotSupported

_Connection: Any = Connection
_Transport: Any = Transport


class Unicast(_Transport):  # type: ignore[misc]
    """A transport as Amazon's: no broadcasts."""

    driver_type = "sqs"
    implements = _Transport.implements.extend(exchange_type=frozenset(["direct"]))


def test_redis_can_do_all_but_name_its_readers() -> None:
    found = open_cluster(bare_application("redis://host")).capabilities()

    assert set(found.missing) == {"consumers"}


def test_rabbitmq_shows_no_messages_and_needs_its_management_api_for_the_rest() -> None:
    app = bare_application("amqp://host")

    assert set(open_cluster(app).capabilities().missing) == {"peek", "unacknowledged"}
    managed = open_cluster(app, management_url="http://host:15672")
    assert set(managed.capabilities().missing) == {"peek"}


def test_a_transport_without_broadcasts_has_no_remote_control() -> None:
    found = capabilities_of(Link(template=_Connection(transport=Unicast)), management=False)

    assert "Amazon SQS has no broadcasts" in found.missing["control"]
    assert found.can("send")
    assert found.can("depth")


def test_every_missing_ability_is_a_sentence() -> None:
    for url in ("redis://host", "amqp://host", "memory://", "filesystem://"):
        for sentence in open_cluster(bare_application(url)).capabilities().missing.values():
            assert sentence[0].isupper()
            assert sentence.endswith(".")


def test_what_is_missing_is_refused_with_its_sentence() -> None:
    cluster = open_cluster(bare_application("amqp://host"))

    with pytest.raises(NotSupported) as recent:
        cluster.peek("celery", 1)

    assert str(recent.value) == cluster.capabilities().missing["peek"]
    assert not recent.value.retriable


def test_the_address_is_shown_without_its_password() -> None:
    cluster = open_cluster(bare_application("amqp://shop:s3cret@host:5672/prod"))

    assert cluster.url == "amqp://***@host:5672/prod"


def test_the_default_queue_is_the_applications() -> None:
    app = bare_application("amqp://host")
    app.conf.task_default_queue = "shop"

    assert open_cluster(app).default_queue() == "shop"
