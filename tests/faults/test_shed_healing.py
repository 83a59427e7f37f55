"""What was left out of a flood ends in its true state, once the flood is over."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from celery import Celery

from tests.faults.test_broker_overload import SMALL, StuckStore
from tests.support.memory_cluster import MemoryCluster, MemoryWorker
from tests.support.sources import celery_app, dispatcher
from tests.support.waiting import wait_until
from tests.unit.healing.test_reconciler import ListedResults
from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_app
from umbel.clock import SystemClock
from umbel.results.base import Result
from umbel.services.healing.reconciler import HealingOptions, Reconciler
from umbel.services.ingest.ingest import Ingest

COUNT = 300


@pytest.mark.redis
def test_what_a_flood_had_left_out_ends_as_the_result_backend_knows(redis_url: str) -> None:
    app, store, results = celery_app(redis_url), StuckStore(), ListedResults()
    with healed(app, store, results) as ingest:
        store.moves.clear()
        run_tasks(app, results)
        wait_until(lambda: ingest.status().shed > COUNT)
        store.moves.set()

        truth = {uuid: result.state for uuid, result in results.results.items()}
        wait_until(lambda: states(store, truth) == truth, timeout_s=40)
        assert Counter(truth.values()) == {"SUCCESS": COUNT - 30, "FAILURE": 30}
        assert {gap.cause for gap in store.gaps()} == {"shed"}


@contextlib.contextmanager
def healed(app: Celery, store: StuckStore, results: ListedResults) -> Iterator[Ingest]:
    """A collector of little room that asks for what is missing."""
    worker = MemoryWorker("w1@test")
    worker.says |= {"query_task": {}, "active": [], "reserved": [], "scheduled": []}
    options = HealingOptions(unknown_after_s=20.0)
    cluster, stop = MemoryCluster(worker), threading.Event()
    reconciler = Reconciler(store, results, cluster, SystemClock(), options)
    source = open_source(link_to_app(app))
    ingest = Ingest(source, store, limits=SMALL, reconciler=reconciler)
    thread = threading.Thread(target=ingest.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: ingest.status().broker == "connected")
        yield ingest
    finally:
        stop.set()
        store.moves.set()
        thread.join(20)
        reconciler.close()
        assert not thread.is_alive()


def run_tasks(app: Celery, results: ListedResults) -> None:
    """As a worker does, that tells of each task and stores its result; one in ten fails."""
    with dispatcher(app) as sender:
        for number in range(COUNT):
            uuid, fails = f"flood-{number}", number % 10 == 0
            sender.send("task-received", uuid=uuid, name="n", args="x" * 300)
            sender.flush()
            sender.send("task-started", uuid=uuid)
            sender.flush()
            sender.send("task-failed" if fails else "task-succeeded", uuid=uuid, result="1")
            sender.flush()
            results.results[uuid] = Result(
                task_id=uuid, state="FAILURE" if fails else "SUCCESS", date_done=time.time()
            )


def states(store: StuckStore, uuids: dict[str, str]) -> dict[str, str]:
    return {uuid: task.state for uuid, task in store.tasks(uuids).items()}
