"""A cluster's queues and mailboxes on a real RabbitMQ, where nothing is declared that may be
there with other arguments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import amqp
import pytest
from celery import Celery
from kombu.entity import Exchange, Queue

from tests.support.brokers import free_port
from tests.support.load import connected
from tests.support.rabbitmq_management import management_api
from tests.support.real_clusters import cluster_at, cluster_of, signature
from tests.support.waiting import wait_until
from umbel.applications import bare_application
from umbel.broker.base import Binding, ExchangeBindings, QueueDepth
from umbel.errors import BrokerRefused, NotSupported

pytestmark = pytest.mark.rabbitmq

_Queue: Any = Queue
_Exchange: Any = Exchange


@pytest.fixture
def channel(rabbit_url: str) -> Iterator[amqp.Channel]:
    with connected(rabbit_url) as connection:
        yield connection.channel()


@pytest.fixture(scope="module")
def management() -> Iterator[str]:
    with management_api() as url:
        yield url


def declare(channel: amqp.Channel, name: str, **arguments: object) -> None:
    told = {f"x-{key.replace('_', '-')}": value for key, value in arguments.items()}
    channel.queue_declare(name, durable=True, auto_delete=False, arguments=told)


@pytest.mark.parametrize("kind", ["classic", "quorum"])
def test_a_queue_of_any_kind_tells_its_length_and_readers(
    rabbit_url: str, channel: amqp.Channel, kind: str
) -> None:
    declare(channel, "celery", queue_type=kind, max_length=1000)
    with cluster_at(rabbit_url) as cluster:
        cluster.send([signature("add", 1, number) for number in range(300)])
        channel.basic_qos(0, 1, False)
        channel.basic_consume("celery", callback=print)

        (celery,) = cluster.depths(["celery"])

    assert celery.ready in {299, 300}
    assert (celery.consumers, celery.trouble) == (1, None)


def test_a_queue_that_is_not_there_is_told_and_costs_the_others_nothing(
    rabbit_url: str, channel: amqp.Channel
) -> None:
    declare(channel, "mail")
    with cluster_at(rabbit_url) as cluster:
        gone, mail = cluster.depths(["gone", "mail"])

    assert gone.ready is None
    assert (gone.is_absent, mail.is_absent) == (True, False)
    assert "has not got the queue gone" in str(gone.trouble)
    assert mail.ready == 0


def test_a_queue_of_another_connection_alone_is_told(rabbit_url: str) -> None:
    with connected(rabbit_url) as connection, cluster_at(rabbit_url) as cluster:
        connection.channel().queue_declare("mine", exclusive=True)

        (mine,) = cluster.depths(["mine"])

    assert "belongs to one connection alone" in str(mine.trouble)


def test_a_purge_counts_what_it_removes(rabbit_url: str, channel: amqp.Channel) -> None:
    declare(channel, "celery")
    with cluster_at(rabbit_url) as cluster:
        cluster.send([signature("add", 1, 1) for _ in range(7)])

        assert cluster.purge("celery") == 7
        assert cluster.purge("celery") == 0
        with pytest.raises(BrokerRefused, match="has not got the queue gone"):
            cluster.purge("gone")


def test_tasks_reach_a_queue_of_other_arguments_than_celery_would_give(
    rabbit_url: str, channel: amqp.Channel
) -> None:
    declare(channel, "celery", max_priority=9)
    with cluster_at(rabbit_url) as cluster:
        cluster.send([signature("add", 1, 1, priority=5)])
    message = channel.basic_get("celery", no_ack=True)

    assert message.properties["priority"] == 5


def test_a_task_for_a_queue_that_is_not_there_is_refused_and_makes_none(
    rabbit_url: str, channel: amqp.Channel
) -> None:
    declare(channel, "celery")
    with cluster_at(rabbit_url) as cluster:
        tasks = [signature("add", 1, 1), signature("add", 2, 2)]
        lost, behind = signature("add", 3, 3, queue="typo"), signature("add", 4, 4)
        with pytest.raises(BrokerRefused, match="sent to the queue typo") as told:
            cluster.send([*tasks, lost, behind])
        (typo,) = cluster.depths(["typo"])

    assert told.value.sent == {each.id for each in (*tasks, behind)}
    assert "has not got" in str(typo.trouble)


def test_a_missing_queue_is_declared_as_the_workers_application_says(
    rabbit_url: str, channel: amqp.Channel
) -> None:
    app = Celery(broker=rabbit_url, set_as_current=False)
    app.conf.task_queues = [_Queue("mail", _Exchange("mail"), "mail", max_priority=7)]
    app.conf.task_routes = {"tests.integration.workerapp.echo": "mail"}
    with cluster_of(app, knows_queues=True) as cluster:
        cluster.send([signature("echo", number) for number in range(600)])
        with pytest.raises(BrokerRefused, match="sent to the queue typo"):
            cluster.send([signature("echo", 1, queue="typo")])
        (mail,) = cluster.depths(["mail"])
    app.close()

    assert mail.ready == 600
    declare(channel, "mail", max_priority=7)


def test_a_full_queue_that_refuses_is_told(rabbit_url: str, channel: amqp.Channel) -> None:
    declare(channel, "celery", max_length=3, overflow="reject-publish")
    with cluster_at(rabbit_url) as cluster, pytest.raises(BrokerRefused, match="full"):
        cluster.send([signature("add", 1, number) for number in range(20)])


def test_a_missing_exchange_is_told(rabbit_url: str) -> None:
    with cluster_at(rabbit_url) as cluster, pytest.raises(BrokerRefused) as told:
        cluster.send([signature("add", 1, 1, exchange="media", routing_key="video")])

    assert "has not got" in str(told.value)
    assert not told.value.sent


def test_asking_leaves_no_queue_behind(rabbit_url: str, channel: amqp.Channel) -> None:
    app = bare_application(rabbit_url)
    with cluster_of(app) as cluster:
        for _ in range(3):
            cluster.ask("ping", timeout_s=0.05)
        left = cluster.depths(["celery"])

    assert left[0].ready is None
    # Nothing is bound to the reply exchange, so a late answer goes nowhere.
    returned: list[object] = []
    channel.events["basic_return"].add(lambda *told: returned.append(told))
    channel.basic_publish(amqp.Message("x"), "reply.celery.pidbox", "umbel", mandatory=True)
    channel.connection.drain_events(timeout=5)
    assert len(returned) == 1


def test_looking_into_a_queue_is_refused_with_the_reason(rabbit_url: str) -> None:
    with cluster_at(rabbit_url) as cluster:
        with pytest.raises(NotSupported, match="marks it as delivered"):
            cluster.peek("celery", 1)
        assert not cluster.capabilities().can("peek")


def test_a_wrong_password_and_a_wrong_virtual_host_are_refused(rabbit_url: str) -> None:
    wrong = rabbit_url.replace("guest:guest", "guest:wr0ng")
    with cluster_at(wrong) as cluster:
        with pytest.raises(BrokerRefused, match="password of user guest") as told:
            cluster.ask("ping")
        assert "wr0ng" not in str(told.value)
    elsewhere = cluster_at(rabbit_url + "-no")
    with elsewhere as cluster, pytest.raises(BrokerRefused, match="virtual host"):
        cluster.depths(["celery"])


def test_the_management_api_tells_kind_and_what_workers_hold(
    rabbit_url: str, channel: amqp.Channel, management: str
) -> None:
    declare(channel, "celery", queue_type="quorum")
    with cluster_of(bare_application(rabbit_url), management_url=management) as cluster:
        cluster.send([signature("add", 1, number) for number in range(5)])
        channel.basic_qos(0, 2, False)
        channel.basic_consume("celery", callback=print)

        def held() -> QueueDepth | None:
            (celery,) = cluster.depths(["celery"])
            return celery if celery.unacknowledged else None

        celery = wait_until(held, what="figures that are new enough")
        many = cluster.depths(["a", "b", "c", "celery", "d"])

    assert cluster.capabilities().can("unacknowledged")
    assert (celery.kind, celery.unacknowledged, celery.ready) == ("quorum", 2, 3)
    assert [one.kind for one in many] == [None, None, None, "quorum", None]


@pytest.mark.parametrize("path", ["", "/api/", "/api"])
def test_the_management_api_tells_all_of_a_queue_as_flower_shows_it(
    rabbit_url: str, channel: amqp.Channel, management: str, path: str
) -> None:
    declare(channel, "mail", max_priority=9)
    with cluster_of(bare_application(rabbit_url), management_url=f"{management}{path}") as cluster:

        def mail() -> Any:
            # Counts and idle times come to the API by turns of their own.
            found = cluster.queue_objects(["mail", "nobody's"]).get("mail")
            return found if found and {"messages_ready", "idle_since"} <= found.keys() else None

        found = wait_until(mail, timeout_s=30, what="figures that are new enough")

        assert cluster.queue_objects(["nobody's"]) == {}
        assert cluster.queue_objects([]) == {}
    assert (found["name"], found["messages"], found["messages_ready"]) == ("mail", 0, 0)
    assert (found["consumers"], found["arguments"]) == (0, {"x-max-priority": 9})
    assert {"durable", "auto_delete", "messages_unacknowledged"} <= found.keys()


def test_the_management_api_tells_what_is_bound_to_an_exchange(
    rabbit_url: str, channel: amqp.Channel, management: str
) -> None:
    channel.exchange_declare("dlx", "topic", durable=True, auto_delete=False)
    declare(channel, "dead")
    channel.queue_bind("dead", "dlx", "shop.#")
    with cluster_of(bare_application(rabbit_url), management_url=management) as cluster:
        found, nothing = cluster.bindings("dlx"), cluster.bindings("no/such")
    with cluster_at(rabbit_url) as without:
        unknown = without.bindings("dlx")

    assert found == ExchangeBindings("topic", (Binding("dead", "shop.#"),))
    assert (nothing, unknown) == (ExchangeBindings(None), None)


def test_a_silent_management_api_costs_nothing_else(rabbit_url: str, channel: Any) -> None:
    declare(channel, "celery")
    app = bare_application(rabbit_url)
    port = urlsplit(rabbit_url).port
    with cluster_of(app, management_url=f"http://127.0.0.1:{port}") as cluster:
        (celery,) = cluster.depths(["celery"])
        missing = cluster.capabilities().missing
        objects = cluster.queue_objects(["celery"])

    assert objects == {}
    assert (celery.ready, celery.kind, celery.unacknowledged) == (0, None, None)
    assert "management API at http://127.0.0.1" in missing["unacknowledged"]


def test_who_asks_often_is_told_by_the_management_api_in_one_request(
    rabbit_url: str, channel: amqp.Channel, management: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("celery", "mail", "pay", "slow"):
        declare(channel, name)
    stamped = amqp.Message("[]", timestamp=1_700_000_000)
    channel.basic_publish(stamped, routing_key="mail")
    with cluster_of(bare_application(rabbit_url), management_url=management) as cluster:
        names = ["celery", "gone", "mail", "pay", "slow"]

        def counted() -> tuple[QueueDepth, ...] | None:
            depths = cluster.depths(names, often=True)
            return depths if depths[2].ready else None

        celery, gone, mail, *_ = wait_until(counted, timeout_s=30, what="counts of messages")
        # Times of first messages come to the API by a turn of their own.
        heads = wait_until(lambda: cluster.heads(names), timeout_s=30, what="a first message")

    assert (celery.ready, celery.consumers, celery.unacknowledged) == (0, 0, 0)
    assert "does not list gone" in str(gone.trouble)
    assert (mail.ready, mail.trouble) == (1, None)
    assert {name: [head.sent for head in found] for name, found in heads.items()} == {
        "mail": [1_700_000_000.0]
    }
    assert caplog.records == []


def test_without_a_management_api_that_answers_queues_are_counted_one_by_one(
    rabbit_url: str, channel: amqp.Channel
) -> None:
    declare(channel, "mail")
    nobody = f"http://127.0.0.1:{free_port()}"
    with (
        cluster_of(bare_application(rabbit_url), management_url=nobody) as cluster,
        cluster_at(rabbit_url) as plain,
    ):
        for each in (cluster, plain):
            (mail,) = each.depths(["mail"], often=True)
            assert (mail.ready, mail.consumers, each.heads(["mail"])) == (0, 0, {})
