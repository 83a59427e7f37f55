"""From a broker into a store, with a broker and a store in memory."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery

from tests.support.clocks import SetWallClock
from tests.support.sources import celery_app, dispatcher, say
from tests.support.waiting import wait_until
from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_app
from umbel.cluster.events import Event
from umbel.cluster.losses import Losses
from umbel.cluster.worker import SignOfLife
from umbel.errors import StoreUnwritable
from umbel.services.ingest.ingest import Ingest, Limits
from umbel.store.base import Applied, CollectorStatus, MetricCounts, Retention, Store
from umbel.store.memory import MemoryStore
from umbel.store.sqlite.store import SqliteStore


class ChokingStore(MemoryStore):
    """A store that can be made unwritable, and that chokes on events of one kind."""

    def __init__(self, chokes_on: str = "") -> None:
        super().__init__()
        self.is_full = False
        self.chokes_on = chokes_on

    def apply(
        self,
        events: Sequence[Event],
        losses: Losses | None = None,
        signs: Iterable[SignOfLife] = (),
    ) -> Applied:
        if self.is_full:
            raise StoreUnwritable("The disk is full.", remedy="Free some space.")
        if any(event.type == self.chokes_on for event in events):
            raise OverflowError("int too big to convert")
        return super().apply(events, losses, signs)

    def report(self, status: CollectorStatus) -> None:
        if self.is_full:
            raise StoreUnwritable("The disk is full.", remedy="Free some space.")
        super().report(status)


@pytest.fixture
def app() -> Celery:
    return celery_app("memory://", event_exchange=f"ev-{uuid4().hex}")


@contextlib.contextmanager
def running(app: Celery, store: Store, **options: Any) -> Iterator[Ingest]:
    """An ingest that is connected; stopped at the end, when it has committed all."""
    stop = threading.Event()
    ingest = Ingest(open_source(link_to_app(app)), store, **options)
    thread = threading.Thread(target=ingest.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: ingest.status().broker == "connected")
        yield ingest
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def known(store: Store, *uuids: str) -> Callable[[], bool]:
    return lambda: all(store.task(uuid) is not None for uuid in uuids)


def test_events_become_tasks_and_workers(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store) as ingest, dispatcher(app) as sender:
        sender.send("worker-heartbeat", freq=2.0, active=0, processed=0)
        sender.send("task-received", uuid="a", name="shop.pay")
        sender.send("task-succeeded", uuid="a", result="1", runtime=0.5)
        sender.flush()
        wait_until(lambda: ingest.status().events == 3)
        status = ingest.status()

    task = store.task("a")
    assert task is not None
    assert (task.name, task.state) == ("shop.pay", "SUCCESS")
    assert [worker.hostname for worker in store.workers()] == ["w1@test"]
    assert status.messages == 2
    assert status.event_kinds == {"worker-heartbeat": 1, "task-received": 1, "task-succeeded": 1}


def test_unknown_and_custom_events_pass_through(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store) as ingest, dispatcher(app) as sender:
        sender.send("task-progress", uuid="a", percent=50)
        sender.send("shop-opened", till=3)
        sender.flush()
        wait_until(lambda: ingest.status().events == 2)
        status = ingest.status()

    assert status.malformed == 0
    assert status.event_kinds == {"task-progress": 1, "shop-opened": 1}


def test_the_status_is_kept_in_the_store(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store, name="left", broker_url="memory://"):
        wait_until(lambda: any(one.broker == "connected" for one in store.collectors()))
        say(app, "a")
        wait_until(lambda: any(one.events for one in store.collectors()))

    (told,) = store.collectors()
    assert (told.collector, told.transport, told.broker_url) == (
        "left",
        "memory",
        "memory://localhost//",
    )


def test_a_collector_without_a_name_is_called_by_host_and_pid(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store):
        wait_until(store.collectors)

    (status,) = store.collectors()
    assert status.collector == f"{socket.gethostname()}-{os.getpid()}"


def test_a_collector_that_leaves_says_so(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store):
        wait_until(store.collectors)
        (runs,) = store.collectors()
    (left,) = store.collectors()

    assert (runs.ended, left.ended is not None) == (None, True)


def test_nobody_listened_between_two_collectors_of_different_names(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store, name="eu-1-1"):
        wait_until(store.collectors)
    (before,) = store.collectors()
    with running(app, store, name="eu-1-2"):
        wait_until(store.gaps)

    ((start, cause, collector),) = [
        (each.start, each.cause, each.collector) for each in store.gaps()
    ]
    assert (start, cause, collector) == (before.at, "collector-away", "eu-1-2")


def test_counts_of_an_earlier_run_are_replaced_at_once_and_the_last_ones_stay(
    app: Celery,
) -> None:
    store = MemoryStore()
    store.keep_metric_counts(MetricCounts(collector="left", started=1.0, bounds=(9.0,)))
    with running(app, store, name="left", runtime_bounds=(0.1, 1.0)) as ingest:
        wait_until(lambda: store.metric_counts()[0].started == ingest.status().started)
        say(app, "a")
        wait_until(known(store, "a"))

    [told] = store.metric_counts()
    assert told.bounds == (0.1, 1.0)
    assert sum(sum(each.events.values()) for each in told.items) == 1


RECEIVED = {
    "type": "task-received", "hostname": "w1@test", "timestamp": 1.79e9, "clock": 7, "pid": 9,
    "utcoffset": 0, "name": "shop.pay",
}  # fmt: skip


def test_counts_outlive_collectors_and_nothing_counts_twice(app: Celery, tmp_path: Path) -> None:
    tasks = ("a", "b", "c")
    for number, heard in enumerate((tasks[:2], tasks, tasks)):
        store = SqliteStore(tmp_path, write=True)
        with running(app, store, name=f"eu-{number}") as ingest:
            publish(app, [{**RECEIVED, "uuid": uuid} for uuid in heard])
            wait_until(lambda: ingest.status().events == len(heard))  # noqa: B023
        [counts] = store.metric_counts()
        store.close()

    assert counts.collector == "eu-2"
    assert [each.events for each in counts.items] == [{"task-received": 3}]


def publish(app: Celery, body: object, **options: Any) -> None:
    with app.connection_for_write() as connection:
        exchange = app.events.Dispatcher(connection, enabled=False).exchange
        producer = connection.Producer(exchange=exchange)
        producer.publish(body, routing_key="task.multi", exchange=exchange.name, **options)


def test_malformed_messages_are_counted_and_sampled_and_stop_nothing(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store) as ingest:
        publish(app, "not json", content_type="application/json", content_encoding="utf-8")
        publish(app, {"hello": "world"})
        publish(app, {"pickled": True}, serializer="pickle")
        publish(app, [{"type": "task-started"}, 7])
        say(app, "good")
        wait_until(known(store, "good"))
        status = ingest.status()

    assert status.malformed == 5
    assert status.faults == {
        "not-json": 1,
        "no-type": 1,
        "pickle": 1,
        "no-hostname": 1,
        "not-an-event": 1,
    }
    assert status.samples[0][0] == "not-json"


def test_an_unwritable_store_is_told_and_loses_nothing(app: Celery) -> None:
    store = ChokingStore()
    with running(app, store) as ingest:
        store.is_full = True
        say(app, "a", "b")
        wait_until(lambda: "disk is full" in (ingest.status().trouble or ""))
        say(app, "c")
        store.is_full = False
        wait_until(known(store, "a", "b", "c"))

        assert ingest.status().trouble is None


def test_what_keeps_a_full_store_from_its_work_is_told_and_taken_back(app: Celery) -> None:
    """The store cannot even keep the report that says so."""
    store = ChokingStore()
    told: list[str | None] = []
    with running(app, store, tell_trouble=told.append):
        wait_until(lambda: told == [None])
        store.is_full = True
        wait_until(lambda: told == [None, "The disk is full. Free some space."])
        store.is_full = False
        wait_until(lambda: told == [None, "The disk is full. Free some space.", None])


def test_a_client_whose_clock_is_slow_does_not_make_it_late(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store) as ingest:
        wait_until(lambda: ingest._reader.lag_bound.is_quiet)
        body = {"type": "task-received", "uuid": "a", "hostname": "slow@h"}
        publish(app, {**body, "timestamp": time.time() - 3_600})
        wait_until(known(store, "a"))

        wait_until(lambda: ingest.status().events == 1)
        assert ingest.status().lag_s < 60


@pytest.mark.parametrize("jump_s", [-7_200.0, 7_200.0])
def test_a_clock_that_is_set_while_events_wait_does_not_change_how_long_they_waited(
    app: Celery, jump_s: float
) -> None:
    store, clock = ChokingStore(), SetWallClock(time.time())
    with running(app, store, clock=clock) as ingest:
        store.is_full = True
        say(app, "a")
        wait_until(lambda: ingest.status().trouble)
        clock.time += jump_s

        assert 0.0 < ingest.status().lag_s < 60
        store.is_full = False
        wait_until(known(store, "a"))
        wait_until(lambda: ingest.status().events == 1)
        assert 0.0 <= ingest.status().lag_s < 60


def test_the_gap_after_a_run_that_ended_in_the_future_is_as_long_as_it_was(app: Celery) -> None:
    """The clock was set back in between."""
    store = MemoryStore()
    with running(app, store, clock=SetWallClock(time.time() + 7_200)):
        wait_until(lambda: any(one.connected_since for one in store.collectors()))
    with running(app, store):
        wait_until(lambda: store.collectors()[0].at < time.time() + 60)
        wait_until(lambda: store.collectors()[0].connected_since)

        ((start, end),) = wait_until(lambda: store.collectors()[0].gaps)
        assert time.time() - 60 < start < end < time.time() + 1


def test_lag_ends_when_nothing_waits(app: Celery) -> None:
    store = MemoryStore()
    with running(app, store) as ingest:
        say(app, "a")
        wait_until(known(store, "a"))

        wait_until(lambda: ingest.status().lag_s == 0.0)


def test_an_event_that_the_store_chokes_on_is_left_out_alone(app: Celery) -> None:
    store = ChokingStore(chokes_on="task-poison")
    with running(app, store) as ingest, dispatcher(app) as sender:
        for number in range(20):
            sender.send("task-received", uuid=f"t{number}", name="shop.pay")
        sender.send("task-poison", uuid="t3")
        sender.flush()
        wait_until(known(store, *(f"t{number}" for number in range(20))))
        wait_until(lambda: ingest.status().faults == {"unstorable": 1})


def test_a_store_that_chokes_on_everything_is_told_and_loses_nothing(app: Celery) -> None:
    store = ChokingStore(chokes_on="task-received")
    with running(app, store) as ingest, dispatcher(app) as sender:
        # More than Celery's own buffer, so flushed once only by hand.
        sender.buffer_limit = 100
        for number in range(60):
            sender.send("task-received", uuid=f"t{number}", name="shop.pay")
        sender.flush()
        wait_until(lambda: "The store fails: OverflowError" in (ingest.status().trouble or ""))
        store.chokes_on = ""

        wait_until(known(store, "t0", "t59"))
        assert ingest.status().malformed == 0


def test_stopping_commits_what_was_read(app: Celery) -> None:
    store = MemoryStore()
    limits = Limits(commit_every_s=3600, batch_events=1_000_000)
    with running(app, store, limits=limits) as ingest:
        say(app, "a")
        wait_until(lambda: ingest._committer.messages == 1)
        assert store.task("a") is None

    assert store.task("a") is not None


def test_a_full_batch_is_committed_at_once(app: Celery) -> None:
    store = MemoryStore()
    limits = Limits(commit_every_s=3600, batch_events=10)
    with running(app, store, limits=limits):
        say(app, *(str(number) for number in range(10)))

        wait_until(known(store, "0", "9"))


def test_the_time_since_the_last_run_is_a_gap(app: Celery) -> None:
    """A broker that keeps nothing lost what came while nobody listened."""
    store = MemoryStore()
    with running(app, store) as ingest:
        first = ingest.status().started
    with running(app, store) as ingest:
        second = ingest.status().started
        wait_until(lambda: len(store.collectors()[0].gaps) == 1)

    ((start, end),) = store.collectors()[0].gaps
    assert first <= start <= second <= end


def test_what_is_too_old_is_removed(app: Celery, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("umbel.services.ingest.trim_timer.EVERY_S", 0.05)
    store = MemoryStore(partition_tasks=10)
    with running(app, store, retention=Retention(max_tasks=10)) as ingest:
        say(app, *(str(number) for number in range(40)))
        wait_until(lambda: ingest.status().events == 40)

        wait_until(lambda: store.status().tasks <= 10)
