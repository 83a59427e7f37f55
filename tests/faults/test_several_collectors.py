"""Two collectors of one store: what is lost is judged by event queue, not by collector."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.proxy import Proxy, proxy_to
from tests.support.sources import celery_app
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker
from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_app
from umbel.clock import SystemClock
from umbel.services.health.health import Health
from umbel.services.ingest.ingest import Ingest
from umbel.store.base import Store
from umbel.store.memory import MemoryStore

#: Of heartbeats that come every second: by then every loss has been judged.
JUDGED_S = 5.5


@contextlib.contextmanager
def collecting(name: str, url: str, store: Store, *, connected: bool = True) -> Iterator[Ingest]:
    source = open_source(link_to_app(celery_app(url)).of_store(store.id))
    ingest, stop = Ingest(source, store, name=name), threading.Event()
    thread = threading.Thread(target=ingest.run, args=(stop,))
    thread.start()
    try:
        if connected:
            wait_until(lambda: ingest.status().broker == "connected")
        yield ingest
    finally:
        stop.set()
        thread.join(20)


class Tasks:
    """Tasks for a real worker of `store`'s cluster."""

    def __init__(self, url: str, store: Store) -> None:
        self._app = celery_app(url)
        self._store = store
        self._sent = 0

    def run(self, count: int) -> list[str]:
        """Ids of so many tasks that the worker has begun, whoever heard of it."""
        send = self._app.send_task
        ids = [send("tests.integration.workerapp.add", (1, 1)).id for _ in range(count)]
        self._sent += count
        wait_until(lambda: self._begun() >= self._sent, what="the worker to begin them")
        return ids

    def _begun(self) -> int:
        answers = self._app.control.inspect(timeout=1, limit=1).stats() or {}
        return sum(sum(each["total"].values()) for each in answers.values())

    def are_known(self, ids: list[str]) -> bool:
        return len(self._store.tasks(ids)) == len(ids)

    def wait_until_judged(self) -> None:
        """Until everything before now is judged: so many heartbeats later."""
        wait_until(self._store.processes)
        since = self._counted_until()
        wait_until(lambda: self._counted_until() > since + JUDGED_S, what="heartbeats")

    def _counted_until(self) -> float:
        return max(each.at for each in self._store.processes())


def worker_on(url: str, log: Path) -> contextlib.AbstractContextManager[CeleryWorker]:
    return celery_worker(
        "tests.integration.workerapp",
        {"UMBEL_TEST_BROKER": url},
        log,
        options=("--heartbeat-interval", "1"),
    )


def lost(store: Store) -> tuple[int, int]:
    """Of the history, and as the status tells it."""
    health = Health(store, SystemClock())
    return sum(loss.count for loss in store.losses()), health.pulse().counters.lost


@contextlib.contextmanager
def away(*proxies: Proxy) -> Iterator[None]:
    """Nobody comes through these proxies."""
    for proxy in proxies:
        proxy.silent = True
        proxy.cut()
    yield
    for proxy in proxies:
        proxy.silent = False


@pytest.mark.redis
def test_on_redis_only_what_neither_of_two_collectors_heard_is_lost(
    redis_url: str, tmp_path: Path
) -> None:
    address, store = urlsplit(redis_url), MemoryStore()
    with contextlib.ExitStack() as running:
        running.enter_context(worker_on(redis_url, tmp_path / "worker.log"))
        ways = [running.enter_context(proxy_to(address.port or 6379)) for _ in range(2)]
        urls = [address._replace(netloc=f"127.0.0.1:{way.port}").geturl() for way in ways]
        one = running.enter_context(collecting("one", urls[0], store))
        two = running.enter_context(collecting("two", urls[1], store))
        tasks = Tasks(redis_url, store)
        tasks.run(3)
        wait_until(lambda: any(each.telling for each in store.processes()))

        with away(ways[0]):
            wait_until(lambda: one.status().broker != "connected")
            heard = tasks.run(20)
            wait_until(lambda: tasks.are_known(heard))
        wait_until(lambda: one.status().broker == "connected")
        tasks.run(1)
        tasks.wait_until_judged()
        assert lost(store) == (0, 0)

        with away(*ways):
            wait_until(lambda: "connected" not in (one.status().broker, two.status().broker))
            unheard = tasks.run(20)
        wait_until(lambda: one.status().broker == two.status().broker == "connected")
        tasks.run(1)
        tasks.wait_until_judged()
        assert lost(store) == (20, 20)
        assert not store.tasks(unheard)


@pytest.mark.rabbitmq
def test_on_rabbitmq_one_collector_reads_the_queue_and_the_other_goes_on_where_it_ends(
    rabbit_url: str, tmp_path: Path
) -> None:
    store = MemoryStore()
    with contextlib.ExitStack() as running:
        running.enter_context(worker_on(rabbit_url, tmp_path / "worker.log"))
        tasks = Tasks(rabbit_url, store)
        first = running.enter_context(contextlib.ExitStack())
        one = first.enter_context(collecting("one", rabbit_url, store))
        tasks.run(3)
        wait_until(lambda: any(each.telling for each in store.processes()))
        two = running.enter_context(collecting("two", rabbit_url, store, connected=False))
        wait_until(lambda: two.status().foreign_consumers)
        before = tasks.run(20)
        wait_until(lambda: tasks.are_known(before))
        assert Health(store, SystemClock()).status().live.state == "live"
        assert one.status().queue == two.status().queue

        first.close()
        meanwhile = tasks.run(20)
        wait_until(lambda: two.status().broker == "connected")
        wait_until(lambda: tasks.are_known(meanwhile))
        tasks.wait_until_judged()

        assert lost(store) == (0, 0)
        assert store.gaps() == ()
