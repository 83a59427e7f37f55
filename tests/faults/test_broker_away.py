"""Brokers that are absent, refuse, go away, go silent, and come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from celery import Celery

from tests.support.brokers import (
    RABBITMQ_SERVER,
    ValkeyBroker,
    free_port,
    valkey_broker,
)
from tests.support.proxy import Proxy, proxy_to
from tests.support.sources import (
    celery_app,
    events_in,
    say,
    source_of,
    take,
    until_connected,
)
from tests.support.waiting import wait_until
from umbel.broker import link
from umbel.broker.base import EventSource, SourceHealth
from umbel.broker.event_sources import check, open_source
from umbel.broker.link import link_to_app, link_to_url
from umbel.errors import BrokerRefused, BrokerUnreachable


def until(source: EventSource, state: str) -> SourceHealth:
    """Read until the source is in `state`; what comes meanwhile is not looked at."""
    wait_until(lambda: source.read(0.05) or source.health().state == state)
    return source.health()


def until_trouble(source: EventSource) -> SourceHealth:
    wait_until(lambda: source.read(0.05) or source.health().trouble)
    return source.health()


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_absent_at_start_is_told(scheme: str) -> None:
    nobody = link_to_url(f"{scheme}://127.0.0.1:{free_port()}/0")
    with pytest.raises(BrokerUnreachable, match="does not answer"):
        check(nobody)

    source = open_source(nobody)
    health = until_trouble(source)
    source.close()

    assert health.state == "connecting"
    assert "does not answer" in (health.trouble or "")
    assert "Check that it runs" in (health.trouble or "")


def test_a_broker_that_comes_later_is_connected(tmp_path: Path) -> None:
    broker = ValkeyBroker(tmp_path)
    app = celery_app(broker.url)
    source = open_source(link_to_app(app))
    until_trouble(source)
    broker.start()
    try:
        until_connected(source)
        say(app, "a")

        assert [event.uuid for event in events_in(take(source, 1))] == ["a"]
        assert source.health().trouble is None
        assert source.health().reconnections == 0
    finally:
        source.close()
        broker.stop()


def test_redis_refusing_the_password_is_told_until_it_is_right(tmp_path: Path) -> None:
    with valkey_broker(tmp_path) as broker:
        administrator = broker.client()
        administrator.config_set("requirepass", "right")
        wrong = link_to_url(broker.url.replace("redis://", "redis://:wrong@"))
        with pytest.raises(BrokerRefused, match="refused the password"):
            check(wrong)

        source = open_source(wrong)
        health = until(source, "refused")
        administrator.config_set("requirepass", "wrong")
        until(source, "connected")
        source.close()
        administrator.close()

    assert "wrong" not in (health.trouble or "")
    assert "Check the user and the password" in (health.trouble or "")


def test_redis_refusing_the_channels_is_told(tmp_path: Path) -> None:
    with valkey_broker(tmp_path) as broker, broker.client() as client:
        client.execute_command("ACL", "SETUSER", "watch", "on", ">pw", "+@all", "allkeys")
        client.execute_command("ACL", "SETUSER", "watch", "resetchannels")
        source = open_source(link_to_url(broker.url.replace("redis://", "redis://watch:pw@")))
        health = until(source, "refused")
        source.close()

    assert "PSUBSCRIBE" in (health.trouble or "")


@pytest.mark.rabbitmq
def test_rabbitmq_refusing_the_password_is_told(vhost: str) -> None:
    address = urlsplit(vhost)
    wrong = link_to_url(f"amqp://guest:wrong@{address.hostname}:{address.port}{address.path}")

    with pytest.raises(BrokerRefused, match="refused the password of user guest"):
        check(wrong)


@pytest.mark.rabbitmq
def test_rabbitmq_refusing_the_virtual_host_is_told(vhost: str) -> None:
    missing = link_to_url(f"{vhost}-not-there")

    with pytest.raises(BrokerRefused, match=r"refused the virtual host umbel-test-.*-not-there"):
        check(missing)


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "generic"])
def test_a_broker_gone_and_back_is_a_gap_with_its_times(valkey: ValkeyBroker, fast: bool) -> None:
    app = celery_app(valkey.url)
    with source_of(app, fast=fast) as source:
        before = time.time()
        valkey.kill()
        health = until_trouble(source)
        assert health.state == "connecting"
        valkey.start()
        after = time.time()
        until(source, "connected")
        say(app, "a")

        assert [event.uuid for event in events_in(take(source, 1))] == ["a"]
        (gap,) = source.health().gaps
        assert gap.start <= after
        assert gap.end >= before


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "generic"])
def test_a_redis_that_goes_silent_is_noticed(
    valkey: ValkeyBroker, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frozen, then thawed: the sockets stay open and nothing answers."""
    monkeypatch.setattr("umbel.broker.redis.PING_S", 0.3)
    monkeypatch.setattr("umbel.broker.redis.SILENT_S", 0.8)
    monkeypatch.setattr("umbel.broker.generic.PROBE_EVERY_S", 0.3)
    monkeypatch.setitem(link._REDIS_DEADLINES, "socket_timeout", 0.5)
    app = celery_app(valkey.url)
    with source_of(app, fast=fast) as source:
        valkey.freeze()
        health = until_trouble(source)
        assert health.state == "connecting"
        valkey.thaw()
        until(source, "connected")
        say(app, "a")

        assert [event.uuid for event in events_in(take(source, 1))] == ["a"]


def test_the_gap_of_a_redis_that_went_silent_begins_with_its_last_sign_of_life(
    valkey: ValkeyBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a network swallows before anybody notices may be missing too."""
    monkeypatch.setattr("umbel.broker.redis.PING_S", 0.1)
    monkeypatch.setattr("umbel.broker.redis.SILENT_S", 1.3)
    app = celery_app(valkey.url)
    with proxy_to(valkey.port) as proxy:
        through = link_to_url(f"redis://127.0.0.1:{proxy.port}/0")
        with source_of(through) as source:
            say(app, "before")
            take(source, 1)
            proxy.silent = True
            silent_at = time.time()
            until_trouble(source)
            noticed_at = time.time()
            proxy.silent = False
            proxy.cut()
            until_connected(source)

            (gap,) = source.health().gaps
            assert gap.start <= silent_at + 0.1
            assert gap.end >= noticed_at


def test_a_quiet_redis_is_not_taken_for_a_silent_one(
    valkey: ValkeyBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("umbel.broker.redis.PING_S", 0.05)
    monkeypatch.setattr("umbel.broker.redis.SILENT_S", 0.55)
    app = celery_app(valkey.url)
    with source_of(app) as source:
        before = pings(valkey)
        wait_until(lambda: source.read(0.05) or pings(valkey) > before + 5)

        assert source.health().reconnections == 0
        assert source.health().state == "connected"


def pings(valkey: ValkeyBroker) -> int:
    """How often it was asked for a sign of life."""
    with valkey.client() as client:
        told: dict[str, dict[str, int]] = client.info("commandstats")
    return told.get("cmdstat_ping", {}).get("calls", 0)


@pytest.fixture
def silenced(vhost: str) -> Iterator[tuple[Celery, Proxy]]:
    """An application whose way to RabbitMQ can be silenced."""
    exchange = f"ev-{uuid4().hex}"
    with proxy_to(urlsplit(RABBITMQ_SERVER).port or 5672) as proxy:
        address = urlsplit(vhost)
        through = address._replace(netloc=f"guest:guest@127.0.0.1:{proxy.port}").geturl()
        yield celery_app(through, event_exchange=exchange), proxy


@pytest.mark.rabbitmq
@pytest.mark.parametrize("fast", [True, False], ids=["fast", "generic"])
def test_a_rabbitmq_that_goes_silent_is_noticed_and_loses_nothing(
    silenced: tuple[Celery, Proxy], vhost: str, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("umbel.broker.link.HEARTBEAT_S", 1.0)
    through, proxy = silenced
    direct = celery_app(vhost, event_exchange=through.conf.event_exchange)
    with source_of(through, fast=fast) as source:
        say(direct, "before")
        take(source, 1)
        proxy.silent = True
        say(direct, "meanwhile")
        health = until_trouble(source)
        assert health.state == "connecting"
        proxy.silent = False
        proxy.cut()
        until_connected(source)

        # What was not settled comes again.
        assert [event.uuid for event in events_in(take(source, 2))] == ["before", "meanwhile"]
        assert source.health().gaps == ()


@pytest.mark.rabbitmq
def test_heartbeats_keep_a_quiet_connection(vhost: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("umbel.broker.link.HEARTBEAT_S", 1.0)
    app = celery_app(vhost, event_exchange=f"ev-{uuid4().hex}")
    with source_of(app) as source:
        quiet_until = time.monotonic() + 6
        wait_until(lambda: source.read(0.2) or time.monotonic() > quiet_until)

        assert source.health().reconnections == 0


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_silent_from_the_start_is_told(
    scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It accepts connections and says nothing."""
    monkeypatch.setattr("umbel.broker.link.CONNECT_TIMEOUT_S", 0.3)
    monkeypatch.setattr("umbel.broker.link.REPLY_TIMEOUT_S", 0.3)
    monkeypatch.setitem(link._REDIS_DEADLINES, "socket_timeout", 0.3)
    with proxy_to(free_port()) as proxy:
        proxy.silent = True
        silent = link_to_url(f"{scheme}://127.0.0.1:{proxy.port}/0")

        with pytest.raises(BrokerUnreachable, match="does not answer"):
            check(silent)


@pytest.mark.rabbitmq
def test_the_next_of_several_addresses_is_tried(vhost: str) -> None:
    app = celery_app(
        f"amqp://127.0.0.1:{free_port()}//;{vhost}", event_exchange=f"ev-{uuid4().hex}"
    )
    with source_of(app) as source:
        say(celery_app(vhost, event_exchange=app.conf.event_exchange), "a")

        assert [event.uuid for event in events_in(take(source, 1))] == ["a"]
