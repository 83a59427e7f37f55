"""What the cells of the matrix of faults share: a broker that may be restarted behind a network
that may be cut, a result backend behind another, real workers, and tasks that are sent all the
time."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from celery import Celery
from kombu.exceptions import OperationalError

from tests.support.applications import WORKERAPP, celery_client
from tests.support.brokers import redis_database, valkey_broker
from tests.support.processes import children
from tests.support.proxy import Proxy, proxy_to
from tests.support.rabbitmq_node import RabbitNode
from tests.support.umbels import Umbel, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.errors import StoreError
from umbel.store.opening import open_store

#: By name, what a task is sent with; about one in ten fails, one in thirty is retried.
NAMES = ("add", "add", "decline", "add", "add", "third_time_lucky", "add", "add", "add", "add")
EVERY_S = 0.02
UNKNOWN_AFTER_S = 4


class World:
    """A broker with workers, and the ways by which Umbel reaches it and the result backend."""

    def __init__(
        self,
        url: str,
        backend: str,
        network: Proxy,
        results_network: Proxy,
        restart: Callable[[], None],
    ) -> None:
        self.url, self.backend = url, backend
        self.network, self.results_network = network, results_network
        self.restart_broker = restart
        self.is_redis = url.startswith("redis")

    @contextlib.contextmanager
    def umbel(self, directory: Path, **environment: str) -> Iterator[Umbel]:
        more = umbel_environment(
            UMBEL_HEALING_UNKNOWN_AFTER=f"{UNKNOWN_AFTER_S}s", UMBEL_LOG_LEVEL="warning"
        )
        broker, backend = by(self.url, self.network), by(self.backend, self.results_network)
        options = ("--result-backend", backend)
        with umbel_serve(broker, directory, *options, environment=more | environment) as umbel:
            yield umbel

    @contextlib.contextmanager
    def load(self) -> Iterator[Load]:
        with celery_client(self.url, self.backend) as app:
            load = Load(app)
            load.start()
            try:
                yield load
            finally:
                load.stop()


def by(url: str, network: Proxy) -> str:
    """The same place, through that network."""
    parts = urlsplit(url)
    host = f"127.0.0.1:{network.port}"
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@{host}" if login else host))


class Load:
    """Tasks, fifty a second, until it is stopped; while the broker is away it waits."""

    def __init__(self, app: Celery) -> None:
        self.sent: list[str] = []
        self._app = app
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(30)

    def more(self, count: int) -> None:
        """Until so many have been sent from now on."""
        goal = len(self.sent) + count
        wait_until(lambda: len(self.sent) >= goal, timeout_s=90, what="tasks to be sent")

    def truth(self) -> dict[str, str]:
        """What the application knows, once every task has ended or cannot any more: the result of
        each that has one."""
        self.stop()
        ends: dict[str, str] = {}

        def all_ended() -> bool:
            results = self._app.backend
            for uuid in self.sent:
                state = ends.get(uuid) or results.get_state(uuid)
                if state in {"SUCCESS", "FAILURE"}:
                    ends[uuid] = state
            return len(ends) == len(self.sent)

        # A broker that keeps nothing has lost those that waited when it was restarted.
        with contextlib.suppress(AssertionError):
            wait_until(all_ended, timeout_s=12)
        self._close_backend()
        return ends

    def _close_backend(self) -> None:
        """Celery's backend is one of each thread, and closes nothing by itself."""
        self._app.backend.result_consumer.stop()
        self._app.backend.client.connection_pool.disconnect()

    def _run(self) -> None:
        try:
            self._send()
        finally:
            self._close_backend()

    def _send(self) -> None:
        for number in itertools.count():
            if self._stopping.wait(EVERY_S):
                return
            name = NAMES[number % len(NAMES)]
            args = (number, 1) if name == "add" else (number,)
            with contextlib.suppress(OperationalError, OSError):
                sent = self._app.send_task(f"{WORKERAPP}.{name}", args, retry=False)
                self.sent.append(str(sent.id))


def differences(directory: Path, truth: dict[str, str]) -> Counter[str]:
    """How many tasks are in another state than the application knows, by what they are instead."""
    try:
        store = open_store(directory, write=False)
    except StoreError as error:
        return Counter({str(error): 1})
    try:
        found = store.tasks(list(truth))
    finally:
        store.close()
    states = {uuid: found[uuid].state if uuid in found else "missing" for uuid in truth}
    return Counter(
        f"{truth[uuid]} is {state}" for uuid, state in states.items() if state != truth[uuid]
    )


def assert_healed(umbel: Umbel, load: Load, least: int) -> dict[str, str]:
    """After healing, every task is what the application knows; there are so many at least, and no
    task is called unknown of which somebody knew. The truth."""
    truth = load.truth()
    assert len(truth) >= least, (len(truth), len(load.sent))
    last: list[Counter[str]] = []

    def none() -> bool:
        last[:] = [differences(umbel.directory, truth)]
        return not last[0]

    try:
        wait_until(none, timeout_s=60)
    except AssertionError:
        healing = [each["healing"] for each in umbel.client.status()["collectors"]]
        raise AssertionError(f"{last[0]} of {len(truth)}; {healing[:1]}") from None
    return truth


def kill_collector(umbel: Umbel) -> None:
    """`kill -9`; until it has been started again."""
    pid = wait_until(umbel.collector_pid, what="a collector")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: umbel.collector_pid() not in {None, pid}, timeout_s=30)


def kill(umbel: Umbel) -> None:
    """`kill -9` of server and collector."""
    for pid in (*children(umbel.process.pid), umbel.process.pid):
        os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def redis_world(folder: Path) -> Iterator[World]:
    with valkey_broker(folder) as broker:

        def restart() -> None:
            broker.kill()
            broker.start()

        with _world(folder, broker.url, broker.port, restart) as world:
            yield world


@contextlib.contextmanager
def rabbitmq_world(folder: Path) -> Iterator[World]:
    node = RabbitNode(folder / "rabbitmq")
    node.start()

    def restart() -> None:
        node.stop()
        node.start()

    try:
        with _world(folder, node.url, node.port, restart) as world:
            yield world
    finally:
        node.drop()


@contextlib.contextmanager
def _world(folder: Path, url: str, port: int, restart: Callable[[], None]) -> Iterator[Any]:
    with contextlib.ExitStack() as running:
        backend = running.enter_context(redis_database())
        network = running.enter_context(proxy_to(port))
        results_network = running.enter_context(proxy_to(urlsplit(backend).port or 6379))
        environment = {"UMBEL_TEST_BROKER": url, "UMBEL_TEST_BACKEND": backend}
        workers = running.enter_context(contextlib.ExitStack())

        def start_worker() -> None:
            workers.close()
            workers.enter_context(
                celery_worker(WORKERAPP, environment, folder / "worker.log", pool="threads")
            )

        def restart_with_worker() -> None:
            # A worker that was connected to the old one may wait for ever; Celery's own affair.
            restart()
            start_worker()

        start_worker()
        yield World(url, backend, network, results_network, restart_with_worker)
