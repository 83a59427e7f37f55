"""Actions on real workers, over real brokers, with the states that events tell."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.integration.conftest import BROKERS
from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import valkey_broker
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker
from umbel.applications import bare_application
from umbel.auth.base import GRANTS, Actor
from umbel.broker.base import EventSource
from umbel.broker.cluster import open_cluster
from umbel.broker.connect import open_source
from umbel.broker.link import link_to_url
from umbel.clock import SystemClock
from umbel.cluster.decode import decode
from umbel.cluster.task import Task
from umbel.results.opening import open_results
from umbel.services.control.applying import Apply
from umbel.services.control.control import Control
from umbel.services.control.values import ActionReport, ActionRequest, Edit
from umbel.services.inspection import Inspection
from umbel.services.search import Search
from umbel.store.memory import MemoryStore
from umbel.store.sqlite.ledger import SqliteLedger

ADA = Actor(name="ada", address="127.0.0.1", via="api", permissions=GRANTS["admin"])


class Operated:
    """A worker, a client that sends it tasks, and the control service over both."""

    def __init__(
        self, app: Celery, worker: CeleryWorker, store: MemoryStore, control: Control
    ) -> None:
        self.app = app
        self.worker = worker
        self.store = store
        self.control = control

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
        assert plan.impossible is None
        self.control.execute(plan.id, ADA, plan.confirm)
        return self.control.wait(plan.id, 20)


@contextlib.contextmanager
def collecting(source: EventSource, store: MemoryStore) -> Iterator[None]:
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


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ],
)
def operated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operated]:
    directory = tmp_path_factory.mktemp(request.param)
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker = enter(BROKERS[request.param]())
        backend = enter(valkey_broker(directory)).url
        store = MemoryStore(partition_tasks=100_000)
        source = open_source(link_to_url(broker))
        enter(collecting(source, store))
        wait_until(lambda: source.health().state == "connected")
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        worker = enter(celery_worker(WORKERAPP, environment, directory / "worker.log"))
        app = enter(celery_client(broker, backend))
        control = enter(_control(broker, backend, store, directory))
        wait_until(lambda: store.workers(), what="a heartbeat")
        yield Operated(app, worker, store, control)


@contextlib.contextmanager
def _control(broker: str, backend: str, store: MemoryStore, directory: Path) -> Iterator[Control]:
    app, clock = bare_application(broker, backend), SystemClock()
    cluster, results = open_cluster(app), open_results(app)
    ledger = SqliteLedger(directory / "ledger")
    inspection = Inspection(store, cluster, clock)
    control = Control(store, Search(store, clock), ledger, cluster, results, inspection, clock)
    try:
        yield control
    finally:
        for each in (control, cluster, results, ledger):
            each.close()


def test_a_revoked_task_never_runs(operated: Operated) -> None:
    uuid = operated.send("add", 1, 1, countdown=2)
    operated.until(uuid, "RECEIVED")

    report = operated.do("revoke", ids=[uuid])

    assert report.state == "done"
    assert operated.control.intents([uuid])[uuid].kind == "revoke"
    assert operated.until(uuid, "REVOKED").started is None


def test_a_running_task_is_terminated_on_its_worker(operated: Operated) -> None:
    uuid = operated.send("nap", 60)
    operated.until(uuid, "STARTED")

    report = operated.do("terminate", q=f"uuid:{uuid}", signal="SIGKILL")

    assert [(a.worker, a.outcome) for a in report.workers] == [(operated.worker.name, "ok")]
    assert uuid in (report.workers[0].answer or "")
    assert "terminated" in operated.until(uuid, "REVOKED").flags


def test_a_failed_task_is_sent_again_with_its_exact_arguments(operated: Operated) -> None:
    uuid = operated.send("decline", 4711)
    operated.until(uuid, "FAILURE")
    plan = operated.control.plan(ActionRequest(action="retry", ids=[uuid]), ADA)
    assert plan.fidelity == {"exact": 1}

    report = operated.do("retry", ids=[uuid])

    again = operated.until(report.sent[uuid], "FAILURE")
    assert again.args == "(4711,)"
    assert (again.root_id, again.parent_id) == (uuid, uuid)
    assert [each.repeats for each in operated.control.repeats([again.uuid])] == [uuid]


def test_an_edited_retry_runs_with_what_the_person_gave(operated: Operated) -> None:
    uuid = operated.send("echo", "x" * 2_000)
    operated.until(uuid, "SUCCESS")

    report = operated.do("retry", ids=[uuid], edit=Edit(args=["short"], kwargs={"a": 1}))

    assert operated.until(report.sent[uuid], "SUCCESS").result == "['short', {'a': 1}]"


def test_what_is_applied_runs_and_its_result_comes_back(operated: Operated) -> None:
    applied = operated.control.apply(
        Apply(name=f"{WORKERAPP}.add", args=[2, 3], check=True, wait=20.0), ADA
    )

    assert applied.state == "SUCCESS"
    assert applied.result is not None
    assert applied.result.result == 5
    assert operated.until(applied.task_id, "SUCCESS").result == "5"


def test_workers_answer_and_say_why_not(operated: Operated) -> None:
    name = operated.worker.name

    grown = operated.do("pool_grow", n=1)
    scaled = operated.do("autoscale", min=1, max=2)
    limited = operated.do("rate_limit", name=f"{WORKERAPP}.add", rate="100/s")
    unknown = operated.do("rate_limit", name="nobody.knows", rate="100/s", workers=[name])

    assert [(a.worker, a.outcome) for a in grown.workers] == [(name, "ok")]
    assert [(a.worker, a.outcome) for a in limited.workers] == [(name, "ok")]
    assert [a.outcome for a in scaled.workers] == ["refused"]
    assert "Autoscale not enabled" in (scaled.workers[0].answer or "")
    assert [(a.outcome, a.answer) for a in unknown.workers] == [("refused", "unknown task")]
    assert unknown.state == "failed"


def test_a_queue_is_emptied(operated: Operated) -> None:
    for number in range(3):
        task(operated.app, "add", number, 1).apply_async(queue="nobody-reads")

    request = ActionRequest(action="purge", queue="nobody-reads")
    # On RabbitMQ nobody waited for the messages to arrive.
    wait_until(lambda: operated.control.plan(request, ADA).count == 3, what="three messages")
    report = operated.do("purge", queue="nobody-reads")

    assert report.sentence == "Removed 3 messages from the queue nobody-reads."


def test_a_consumer_is_added_and_cancelled(operated: Operated) -> None:
    added = operated.do("add_consumer", queue="side")
    uuid = operated.send("add", 1, 2, queue="side")
    operated.until(uuid, "SUCCESS")
    cancelled = operated.do("cancel_consumer", queue="side")

    assert [a.outcome for a in (*added.workers, *cancelled.workers)] == ["ok", "ok"]
