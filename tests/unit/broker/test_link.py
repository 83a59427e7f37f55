"""How a broker is told."""

from __future__ import annotations

import pytest
from celery import Celery

from umbel.broker.link import DurableQueue, check_url, link_to_app, link_to_url
from umbel.errors import BrokerRefused


def test_a_link_never_shows_its_password() -> None:
    link = link_to_url("amqp://shop:s3cret@broker:5672/prod")

    assert link.url == "amqp://***@broker:5672/prod"
    assert "s3cret" not in repr(link.url)


def test_an_application_tells_url_options_and_exchange() -> None:
    app = Celery(broker="redis://other/1")
    app.conf.update(
        broker_read_url="redis://here:6380/3",
        broker_transport_options={"global_keyprefix": "shop:"},
        event_exchange="shopev",
    )

    link = link_to_app(app)

    assert link.url == "redis://here:6380/3"
    assert link.transport == "redis"
    assert link.exchange == "shopev"
    assert link.template.transport_options["global_keyprefix"] == "shop:"


def test_another_exchange_gets_a_queue_of_its_own() -> None:
    assert link_to_url("amqp://host").queue_name == "umbel.events.v1"
    assert link_to_url("amqp://host", event_exchange="b").queue_name == "umbel.events.v1.b"


def test_the_queue_is_bounded_by_its_arguments() -> None:
    queue = DurableQueue(kind="quorum", max_bytes=1000, message_ttl_s=60, expires_s=120)

    assert queue.arguments() == {
        "x-queue-type": "quorum",
        "x-max-length-bytes": 1000,
        "x-message-ttl": 60_000,
        "x-expires": 120_000,
    }


@pytest.mark.parametrize("url", ["nosuch://host", "reddis://host"])
def test_an_unknown_transport_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BrokerRefused, match="cannot be used: No such transport"):
        link_to_url(url)


def test_a_transport_that_carries_no_events_is_refused() -> None:
    app = Celery(broker="memory://")
    template = app.connection_for_read()
    template.transport.driver_type = "sqs"
    app.connection_for_read = lambda: template

    with pytest.raises(BrokerRefused, match="Celery sends no events over sqs"):
        link_to_app(app)


@pytest.mark.parametrize("url", ["sqs://", "kafka://host", "amqp://fine;sqs://"])
def test_an_address_that_carries_no_events_is_refused_before_its_driver_is_loaded(
    url: str,
) -> None:
    with pytest.raises(BrokerRefused, match="Celery sends no events over"):
        check_url(url)
