"""A real cluster with the control service over it, and a store that events fill."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from celery import Celery

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import valkey_broker
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker
from umbel.applications import bare_application
from umbel.auth.base import GRANTS, Actor
from umbel.broker.base import Cluster, EventSource
from umbel.broker.cluster import open_cluster
from umbel.broker.event_sources import open_source
from umbel.broker.link import link_to_url
from umbel.clock import SystemClock
from umbel.cluster.decode import decode
from umbel.cluster.task import Task
from umbel.results.base import ResultBackend
from umbel.results.opening import open_results
from umbel.services.cluster.inspection import Inspection
from umbel.services.control.context import ActionContext
from umbel.services.control.control import Control
from umbel.services.control.types import ActionReport, ActionRequest, WorkerAnswer
from umbel.services.search.search import Search
from umbel.store.memory import MemoryStore
from umbel.store.sqlite.ledger import SqliteLedger

ADA = Actor(name="ada", address="127.0.0.1", via="api", permissions=GRANTS["admin"])


class Operated:
    """A worker, a client that sends it tasks, and the control service over both."""

    def __init__(self, broker: str, backend: str, directory: Path) -> None:
        self._running = contextlib.ExitStack()
        enter = self._running.enter_context
        self._environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        self._directory = directory
        self.store = MemoryStore(partition_tasks=100_000)
        source = open_source(link_to_url(broker))
        enter(_collecting(source, self.store))
        wait_until(lambda: source.health().state == "connected")
        self.app: Celery = enter(celery_client(broker, backend))
        app = bare_application(broker, backend)
        self.cluster: Cluster = enter(contextlib.closing(open_cluster(app)))
        self.results: ResultBackend = enter(contextlib.closing(open_results(app)))
        self.control = enter(contextlib.closing(self._control()))
        self.worker = enter(self.another_worker())

    def close(self) -> None:
        """End all of it."""
        self._running.close()

    def _control(self) -> Control:
        clock, store, cluster = SystemClock(), self.store, self.cluster
        self.ledger = ledger = self._running.enter_context(
            contextlib.closing(SqliteLedger(self._directory / "ledger"))
        )
        return Control(
            ActionContext(
                store=store,
                search=Search(store, clock),
                ledger=ledger,
                cluster=cluster,
                results=self.results,
                workers=Inspection(store, cluster, clock),
                clock=clock,
            )
        )

    @contextlib.contextmanager
    def another_worker(self, *options: str, events: bool = True) -> Iterator[CeleryWorker]:
        """A worker beside the others, with these options of `celery worker`, that is seen and
        answers."""
        log = self._directory / f"worker-{time.monotonic_ns()}.log"
        with celery_worker(
            WORKERAPP, self._environment, log, options=options, events=events
        ) as worker:
            wait_until(lambda: self.status(worker.name) == "online", what="a heartbeat")
            # On Redis a worker is ready, and hears nothing, until its subscription is made.
            wait_until(
                lambda: self.cluster.ask("ping", workers=[worker.name], timeout_s=0.5),
                what="an answer",
            )
            yield worker

    def status(self, worker: str) -> str | None:
        """What the worker's events say of it now."""
        found = {each.hostname: each for each in self.store.workers()}
        return found[worker].status(time.time()) if worker in found else None

    def asked(self, what: str, worker: str | None = None) -> Any:
        """What this worker, or the first, itself answers to a question."""
        name = worker or self.worker.name
        (reply,) = self.cluster.ask(what, workers=[name], timeout_s=20)
        assert reply.error is None
        return reply.value

    def send(self, name: str, *args: Any, **options: Any) -> str:
        """The id of a task that was just sent and is seen."""
        uuid = str(task(self.app, name, *args).apply_async(**options).id)
        wait_until(lambda: self.store.task(uuid), what="the task to be seen")
        return uuid

    def until(self, uuid: str, state: str) -> Task:
        """The task once it is in this state."""

        def there() -> Task | None:
            found = self.store.task(uuid)
            return found if found is not None and found.state == state else None

        return wait_until(there, timeout_s=30, what=f"{uuid} to be {state}")

    def do(self, action: Any, **request: Any) -> ActionReport:
        """Plan, execute, and wait for the end."""
        plan = self.control.plan(ActionRequest(action=action, **request), ADA)
        assert plan.impossible is None, plan.impossible
        self.control.execute(plan.id, ADA, plan.confirm)
        return self.control.wait(plan.id, 20)

    def command(self, action: Any, **request: Any) -> WorkerAnswer:
        """The same for an action on one worker, the first unless one is named: its answer."""
        request.setdefault("workers", [self.worker.name])
        (answer,) = self.do(action, **request).workers
        assert [answer.worker] == request["workers"]
        return answer


@contextlib.contextmanager
def _collecting(source: EventSource, store: MemoryStore) -> Iterator[None]:
    """What the source gives goes into the store meanwhile."""
    stopping = threading.Event()

    def collect() -> None:
        while not stopping.is_set():
            for frame in source.read(0.1):
                events = decode(frame.body, time.time()).events
                if events:
                    store.apply(events)
                source.settle(frame.tag)

    thread = threading.Thread(target=collect)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()
        source.close()


@contextlib.contextmanager
def operated_cluster(broker: str, directory: Path) -> Iterator[Operated]:
    """A worker on `broker`, with a result backend of its own, and all that acts on it."""
    with (
        valkey_broker(directory) as backend,
        contextlib.closing(Operated(broker, backend.url, directory)) as operated,
    ):
        yield operated
