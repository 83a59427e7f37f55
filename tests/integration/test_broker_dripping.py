"""A broker that answers a byte at a time, or to which connecting hangs, keeps nobody for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.integration.conftest import BROKERS
from tests.support.proxy import Proxy, proxy_to
from tests.support.waiting import wait_until
from umbel.broker import connection_pool
from umbel.broker.connection_pool import ConnectionPool
from umbel.broker.link import Link, link_to_url
from umbel.broker.redis_keys import RedisKeys
from umbel.clock import SystemClock
from umbel.errors import BrokerUnreachable


@pytest.fixture(
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ]
)
def proxied(request: pytest.FixtureRequest) -> Iterator[tuple[Proxy, str]]:
    """A proxy to a broker, and the broker's address behind it."""
    with BROKERS[request.param]() as url:
        port = urlsplit(url).port or {"redis": 6379}.get(urlsplit(url).scheme, 5672)
        with proxy_to(port) as proxy:
            host = urlsplit(url).netloc.rpartition("@")[2]
            yield proxy, url.replace(host, f"127.0.0.1:{proxy.port}")


def test_a_call_whose_answer_comes_a_byte_at_a_time_is_ended(
    proxied: tuple[Proxy, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, url = proxied
    monkeypatch.setattr(connection_pool, "OVERDUE_S", 0.3)
    pool = ConnectionPool(link_to_url(url), SystemClock(), watch_s=0.1)
    ended = threading.Event()

    def drip() -> None:
        while not ended.wait(0.05):
            for side in proxy.connections():
                side.sendall(b"\x01" if "amqp" in url else b"+")

    began = time.monotonic()
    dripping = threading.Thread(target=drip)

    def call() -> None:
        with pool.pooled("it", longest_s=0.2) as pooled:
            channel: Any = pooled.channel
            proxy.mute = lambda _: True
            dripping.start()
            if "amqp" in url:
                channel.queue_declare("mail", passive=True)
            else:
                RedisKeys.of(channel).client.llen("mail")

    with pytest.raises(BrokerUnreachable):
        call()
    ended.set()
    dripping.join()
    proxy.mute = lambda _: False

    assert time.monotonic() - began < 15
    with pool.pooled("it") as pooled:
        assert pooled.is_alive()
    pool.close()


def test_attempts_to_connect_that_hang_do_not_become_more_and_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    free = threading.Event()
    there = threading.active_count()

    def hang(*_: object) -> None:
        free.wait()
        raise ConnectionError

    monkeypatch.setattr(Link, "connect_within", hang)
    monkeypatch.setattr(connection_pool, "ANSWER_S", 0.16)
    pool = ConnectionPool(link_to_url("redis://127.0.0.1:1/0"), SystemClock())

    for _ in range(30):
        with pytest.raises(BrokerUnreachable), pool.pooled("it"):
            pass

    assert threading.active_count() - there <= 20
    free.set()
    pool.close()
    wait_until(lambda: threading.active_count() <= there + 1, what="their end")
