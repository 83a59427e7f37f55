"""A collector that stood still, as a paused virtual machine does, while Redis went on."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.support.brokers import ValkeyBroker
from tests.support.sources import celery_app, dispatcher, say, source_of, take
from tests.support.umbels import umbel_command
from tests.support.waiting import wait_until
from umbel.errors import StoreError
from umbel.store.base import CollectorStatus
from umbel.store.sqlite import SqliteStore


def reported(directory: Path) -> CollectorStatus | None:
    """What the collector said last, once it has said that it is connected."""
    try:
        store = SqliteStore(directory, write=False)
    except StoreError:
        return None
    collectors = store.collectors()
    store.close()
    return next((one for one in collectors if one.broker == "connected"), None)


def test_what_redis_dropped_meanwhile_is_told_as_the_whole_pause(
    valkey: ValkeyBroker, tmp_path: Path
) -> None:
    """What still waited in the socket is read at once after the pause, and is not its end."""
    directory = tmp_path / "store"
    app = celery_app(valkey.url)
    with valkey.client() as client:
        client.config_set("client-output-buffer-limit", "pubsub 1mb 1mb 0")
    arguments = ("collect", "-b", valkey.url, "--data", str(directory))
    with umbel_command(*arguments, log=tmp_path / "log") as collector:
        wait_until(lambda: reported(directory))
        wait_until(lambda: pings(valkey) > 1)
        paused_at = time.time()
        collector.send_signal(signal.SIGSTOP)
        with dispatcher(app) as sender:
            for _ in range(100):  # 20 MB, far beyond what both buffers hold
                sender.send("task-received", uuid="a", name="shop.import", args="x" * 200_000)
                sender.flush()
        resumed_at = time.time()
        collector.send_signal(signal.SIGCONT)
        wait_until(lambda: (found := reported(directory)) and found.gaps)
        found = reported(directory)

    assert found is not None
    ((start, end),) = found.gaps
    assert paused_at - 2.5 < start <= paused_at + 0.1
    assert end >= resumed_at


def pings(valkey: ValkeyBroker) -> int:
    with valkey.client() as client:
        told: dict[str, dict[str, int]] = client.info("commandstats")
    return told.get("cmdstat_ping", {}).get("calls", 0)


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "generic"])
def test_a_connection_that_redis_ends_is_a_short_gap_with_its_cause(
    valkey: ValkeyBroker, fast: bool
) -> None:
    app = celery_app(valkey.url)
    with source_of(app, fast=fast) as source, valkey.client() as client:
        say(app, "a")
        take(source, 1)
        for one in client.client_list(_type="pubsub"):
            client.client_kill_filter(_id=one["id"])
        wait_until(lambda: source.read(0.05) or source.health().reconnections)

        (gap,) = source.health().gaps
        assert gap.cause == "broker-cut"
        assert gap.end - gap.start < 3
