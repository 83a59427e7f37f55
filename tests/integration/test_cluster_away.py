"""Brokers that are not there, go silent, come back or are of another kind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from tests.integration.conftest import BROKERS
from tests.support.brokers import ValkeyBroker, free_port
from tests.support.proxy import Proxy, proxy_to
from tests.support.real_clusters import cluster_at, cluster_of, signature
from tests.support.waiting import wait_until
from umbel.applications import bare_application
from umbel.broker.base import ANSWER_S, Cluster
from umbel.broker.cluster import open_cluster
from umbel.broker.connection_pool import SIZE
from umbel.errors import BrokerError, BrokerRefused, BrokerUnreachable, NotSupported

KINDS = [
    pytest.param("redis", marks=pytest.mark.redis),
    pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
]
CALLS: dict[str, Callable[[Cluster], object]] = {
    "ask": lambda cluster: cluster.ask("ping", timeout_s=0.1),
    "broadcast": lambda cluster: cluster.broadcast("ping"),
    "send": lambda cluster: cluster.send([signature("add", 1, 1)]),
    "depths": lambda cluster: cluster.depths(["celery"]),
    "purge": lambda cluster: cluster.purge("celery"),
}


@contextlib.contextmanager
def behind_proxy(kind: str) -> Iterator[tuple[Cluster, Proxy]]:
    """The cluster at a real broker, reached through a proxy."""
    with contextlib.ExitStack() as running:
        url = running.enter_context(BROKERS[kind]())
        port = urlsplit(url).port or 0
        proxy = running.enter_context(proxy_to(port))
        address = url.replace(f":{port}", f":{proxy.port}", 1)
        app = bare_application(address)  # with the queue celery, which is declared when missed
        yield running.enter_context(cluster_of(app, knows_queues=True)), proxy


def fails_in_time(call: Callable[[Cluster], object], cluster: Cluster) -> None:
    began = time.monotonic()
    with pytest.raises(BrokerUnreachable, match="does not answer"):
        call(cluster)
    assert time.monotonic() - began < ANSWER_S + 0.5


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", CALLS)
def test_a_silent_broker_is_told_in_time_before_and_after_it_was_connected(
    kind: str, call: str
) -> None:
    with behind_proxy(kind) as (cluster, proxy):
        proxy.silent = True
        fails_in_time(CALLS[call], cluster)
        proxy.silent = False
        wait_until(lambda: answers(cluster), what="the broker to be found again")
        proxy.silent = True
        fails_in_time(CALLS[call], cluster)
        proxy.silent = False


@pytest.mark.parametrize("kind", KINDS)
def test_connections_that_broke_while_idle_cost_nothing(kind: str) -> None:
    with behind_proxy(kind) as (cluster, proxy):
        cluster.depths(["celery"])
        proxy.cut()

        assert cluster.ask("ping", timeout_s=0.05) == ()


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_not_there_is_told_at_once(scheme: str) -> None:
    with cluster_at(f"{scheme}://127.0.0.1:{free_port()}/0") as cluster:
        for call in CALLS.values():
            with pytest.raises(BrokerUnreachable, match="Connection refused"):
                call(cluster)


def test_the_next_of_several_addresses_is_used_at_once(valkey: ValkeyBroker) -> None:
    with cluster_at(f"redis://127.0.0.1:{free_port()}/0;{valkey.url}") as cluster:
        assert cluster.depths(["celery"])[0].ready == 0


def test_the_memory_transport_takes_tasks_and_counts_them() -> None:
    with cluster_at("memory://") as cluster:
        cluster.purge("umbel-memory")
        cluster.send([signature("add", 1, 1, queue="umbel-memory") for _ in range(3)])

        assert cluster.depths(["umbel-memory"])[0].ready == 3
        assert cluster.ask("ping", timeout_s=0.05) == ()
        assert cluster.purge("umbel-memory") == 3
        with pytest.raises(NotSupported, match="does not show a message"):
            cluster.peek("umbel-memory", 1)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(BrokerRefused, match="cannot be used"):
        open_cluster(bare_application("nonsense://host"))
    with pytest.raises(BrokerRefused, match="no address of RabbitMQ's management API"):
        open_cluster(bare_application("amqp://host"), management_url="file:///etc/passwd")


def test_a_closed_cluster_says_so(valkey: ValkeyBroker) -> None:
    cluster = open_cluster(bare_application(valkey.url))
    cluster.depths(["celery"])
    cluster.close()
    cluster.close()

    with pytest.raises(BrokerError, match="closed"):
        cluster.depths(["celery"])


def answers(cluster: Cluster) -> bool:
    try:
        cluster.ask("ping", timeout_s=0.01)
    except BrokerUnreachable:
        return False
    return True


#: AMQP's method that sends a message, and RabbitMQ's notice of an alarm: a frame with
#: connection.blocked and its reason.
PUBLISH = b"\x00\x3c\x00\x28"
BLOCKED = b"\x01\x00\x00\x00\x00\x00\x0f\x00\x0a\x00\x3c\x0alow on mem\xce"


@pytest.mark.rabbitmq
def test_a_rabbitmq_short_of_memory_is_told_and_costs_only_what_it_takes_no_message_for() -> None:
    """As it does, it says so on each connection that publishes, and reads no more of it."""
    with behind_proxy("rabbitmq") as (cluster, proxy):
        proxy.last = BLOCKED
        proxy.mute = lambda came: PUBLISH in came
        for _ in range(3):
            with pytest.raises(BrokerUnreachable, match="short of memory or disk"):
                cluster.ask("ping", timeout_s=0.1)
        connections = len(proxy.connections())
        began = time.monotonic()
        with pytest.raises(BrokerUnreachable, match="rabbitmqctl status"):
            cluster.send([signature("add", 1, 1)])

        assert time.monotonic() - began < 0.5
        assert len(cluster.depths(["celery"])) == 1
        assert len(proxy.connections()) <= connections + 1 <= 3
        proxy.mute = lambda _: False
        proxy.cut()
        assert cluster.ask("ping", timeout_s=0.1) == ()


#: What a client sends to do it: AMQP's queue.purge and basic.publish, commands of Redis.
ORDERS = {
    "rabbitmq": {"purge": b"\x00\x32\x00\x1e", "send": PUBLISH},
    "redis": {"purge": b"UNLINK", "send": b"LPUSH"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call", ["purge", "send"])
def test_what_was_on_its_way_when_the_broker_fell_silent_may_be_done(kind: str, call: str) -> None:
    with behind_proxy(kind) as (cluster, proxy):
        cluster.send([signature("add", 1, 1)])
        proxy.deafen = lambda came: ORDERS[kind][call] in came

        with pytest.raises(BrokerUnreachable) as lost:
            CALLS[call](cluster)

        proxy.deafen = lambda _: False
        assert (lost.value.sent, lost.value.unsure) == (frozenset(), 1)
        assert "by itself" not in str(lost.value)
        assert cluster.depths(["celery"])[0].ready == (0 if call == "purge" else 2)


@pytest.mark.parametrize("call", ["purge", "send"])
def test_what_never_left_is_not_done(call: str) -> None:
    with cluster_at(f"redis://127.0.0.1:{free_port()}/0") as cluster:
        with pytest.raises(BrokerUnreachable) as lost:
            CALLS[call](cluster)

        assert lost.value.unsure == 0


@pytest.mark.rabbitmq
def test_an_alarm_that_comes_while_tasks_are_sent_tells_how_far_it_was() -> None:
    with behind_proxy("rabbitmq") as (cluster, proxy):
        cluster.send([signature("add", 1, 1)])
        proxy.last = BLOCKED
        proxy.mute = lambda came: b"the last one" in came

        with pytest.raises(BrokerUnreachable, match="short of memory or disk") as alarm:
            cluster.send(
                [*(signature("add", n, 1) for n in range(300)), signature("add", "the last one")]
            )

        assert alarm.value.sent
        assert len(alarm.value.sent | alarm.value.maybe_sent) == 301


@pytest.mark.parametrize("kind", KINDS)
def test_connections_are_few_and_given_back_when_idle(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("umbel.broker.connection_pool.IDLE_S", 1.0)
    with behind_proxy(kind) as (cluster, proxy), ThreadPoolExecutor(12) as asking:
        list(asking.map(lambda _: cluster.depths(["celery"]), range(24)))

        assert len(proxy.connections()) <= SIZE
        wait_until(lambda: not proxy.connections())
        assert len(cluster.depths(["celery"])) == 1
