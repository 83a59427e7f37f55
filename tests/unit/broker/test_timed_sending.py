"""An application's own code that hangs when a task is routed or sent keeps nobody waiting."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery, signals

from umbel.broker.base import Signature
from umbel.broker.cluster import CeleryCluster
from umbel.broker.sending import Sending
from umbel.broker.timed_sending import TimedSending
from umbel.clock import SystemClock
from umbel.errors import BrokerError, RouteTooSlow

TASK = Signature(id="1", name="shop.pack")


@pytest.fixture
def free() -> Iterator[threading.Event]:
    """Set at the end, so that nothing hangs for longer than a test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def handler() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Lets a function be called before a task is published."""
    connected: list[Any] = []

    def connect(call: Callable[[], object]) -> None:
        def before(**_: object) -> None:
            call()

        signals.before_task_publish.connect(before, weak=False)
        connected.append(before)

    yield connect
    for each in connected:
        signals.before_task_publish.disconnect(each)


def cluster_of(**conf: Any) -> CeleryCluster:
    app: Any = Celery("shop", broker="memory://", set_as_current=False)
    app.conf.update(conf)
    app.finalize()
    cluster = CeleryCluster(app, SystemClock(), management_url=None, knows_queues=True)
    cluster._sending = TimedSending(Sending(app, declares=True), route_s=0.05, send_s=0.05)
    return cluster


def test_a_route_that_hangs_is_not_waited_for(free: threading.Event) -> None:
    cluster = cluster_of(task_routes=[lambda *_, **__: free.wait()])

    for _ in range(30):  # more than there are threads
        with pytest.raises(RouteTooSlow, match=r"where shop\.pack goes"):
            cluster.routing(TASK)


def test_a_route_that_ends_the_process_ends_nothing() -> None:
    cluster = cluster_of(task_routes=[lambda *_, **__: sys.exit("no")])

    with pytest.raises(BrokerError, match=r"ended itself \(SystemExit: no\)"):
        cluster.destination(TASK)


def test_a_task_whose_handlers_hang_takes_no_connection_from_others(
    free: threading.Event, handler: Callable[[Callable[[], object]], None]
) -> None:
    cluster = cluster_of()
    handler(free.wait)
    began = time.monotonic()

    for _ in range(5):  # more than there are connections
        with pytest.raises(BrokerError, match="before_task_publish") as refused:
            cluster.send([TASK])
        assert not refused.value.sent
        assert not refused.value.retriable
    assert cluster.depths(["celery"])[0].ready == 0
    assert time.monotonic() - began < 10


def test_what_was_given_up_is_not_sent_later(
    free: threading.Event, handler: Callable[[Callable[[], object]], None]
) -> None:
    cluster = cluster_of()
    there = set(threading.enumerate())
    handler(free.wait)
    with pytest.raises(BrokerError, match="takes too long"):
        cluster.send([TASK])
    sending = [each for each in threading.enumerate() if each not in there]
    assert sending
    free.set()
    for thread in sending:
        if thread.name == "umbel-sending":
            thread.join(10)

    assert cluster.depths(["celery"])[0].ready == 0


def test_tasks_are_sent_as_before(handler: Callable[[Callable[[], object]], None]) -> None:
    cluster = cluster_of()
    called: list[int] = []
    handler(lambda: called.append(1))

    cluster.send([TASK])

    assert called == [1]
    assert cluster.depths(["celery"])[0].ready == 1
