"""What lost events would have told is asked for: real workers, a broker that keeps nothing."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
from celery import Celery

from tests.support.applications import WORKERAPP, celery_client
from tests.support.processes import children
from tests.support.umbels import Umbel, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker

pytestmark = pytest.mark.redis

UNKNOWN_AFTER_S = 2


class Cluster:
    """A client, workers, and an Umbel that comes and goes."""

    def __init__(self, url: str, backend: str, directory: Path, app: Celery) -> None:
        self.url, self.backend, self.directory, self.app = url, backend, directory, app
        self._running = ExitStack()

    def send(self, name: str, *args: object, **options: Any) -> str:
        return str(self.app.send_task(f"{WORKERAPP}.{name}", args, **options).id)

    def worker(self, *options: str, concurrency: int = 4) -> CeleryWorker:
        environment = {"UMBEL_TEST_BROKER": self.url, "UMBEL_TEST_BACKEND": self.backend}
        log = self.directory.with_name(f"worker{time.monotonic_ns()}.log")
        return self._running.enter_context(
            celery_worker(WORKERAPP, environment, log, concurrency=concurrency, options=options)
        )

    def umbel(self) -> Umbel:
        environment = umbel_environment(UMBEL_HEALING_UNKNOWN_AFTER=f"{UNKNOWN_AFTER_S}s")
        return self._running.enter_context(
            umbel_serve(
                self.url, self.directory, "--result-backend", self.backend, environment=environment
            )
        )

    def close(self) -> None:
        self._running.close()


@contextmanager
def cluster_of(url: str, backend: str, directory: Path) -> Iterator[Cluster]:
    with celery_client(url, backend) as app:
        cluster = Cluster(url, backend, directory, app)
        try:
            yield cluster
        finally:
            cluster.close()


@pytest.fixture
def cluster(redis_url: str, tmp_path: Path) -> Iterator[Cluster]:
    with cluster_of(redis_url, redis_url, tmp_path / "data") as cluster:
        yield cluster


def state(umbel: Umbel, uuid: str) -> str | None:
    task = umbel.client.task(uuid)
    return None if task is None else str(task["state"])


def healing(umbel: Umbel) -> dict[str, Any]:
    """What the collector that runs says of it."""
    collectors = umbel.client.status()["collectors"]
    (found,) = [each["healing"] for each in collectors if not each["ended"]]
    return dict(found)


def wait_for(umbel: Umbel, wanted: dict[str, str]) -> None:
    """Until these tasks are in these states."""
    found: dict[str, str | None] = {}

    def is_so() -> bool:
        found.update({each: state(umbel, each) for each in wanted})
        return found == wanted

    try:
        wait_until(is_so, timeout_s=80)
    except AssertionError:
        raise AssertionError(f"{found} instead of {wanted}; {healing(umbel)}") from None


def kill(umbel: Umbel) -> None:
    """`kill -9` of server and collector."""
    for pid in (*children(umbel.process.pid), umbel.process.pid):
        os.kill(pid, signal.SIGKILL)


def test_what_a_gap_took_is_restored(cluster: Cluster) -> None:
    cluster.worker()
    umbel = cluster.umbel()
    runs = cluster.send("nap", 3)
    wait_until(lambda: state(umbel, runs) == "STARTED")
    revoked = cluster.send("nap", 1, countdown=3)
    wait_until(lambda: state(umbel, revoked) == "RECEIVED")

    kill(umbel)
    whole, failed = cluster.send("add", 20, 22), cluster.send("decline", 4711)
    cluster.app.control.revoke(revoked)
    backend = {uuid: cluster.app.AsyncResult(uuid) for uuid in (runs, whole, failed, revoked)}
    wait_until(lambda: all(each.ready() for each in backend.values()), timeout_s=30)
    still = cluster.send("nap", 90)
    umbel = cluster.umbel()

    ended = {runs: "SUCCESS", whole: "SUCCESS", failed: "FAILURE", revoked: "REVOKED"}
    wait_for(umbel, ended | {still: "STARTED"})
    tasks = {uuid: umbel.client.task(uuid) or {} for uuid in (*ended, still)}
    assert tasks[runs]["reconciled"][0]["source"] == "backend"
    assert (tasks[whole]["name"], tasks[whole]["result"]) == (f"{WORKERAPP}.add", "42")
    assert "Declined" in tasks[failed]["exception"]
    assert tasks[still]["name"] == f"{WORKERAPP}.nap"
    assert tasks[still]["reconciled"][0]["source"] == "worker"
    # A busy worker tells some ends after the backend has them, and then they need no healing.
    healed = [uuid for uuid, task in tasks.items() if task["reconciled"]]
    wait_until(lambda: healing(umbel)["healed"] >= len(healed))  # it is told each second
    assert healing(umbel)["unknown"] == 0


def test_of_a_worker_that_was_killed_nobody_knows(cluster: Cluster) -> None:
    worker = cluster.worker("-O", "fair", concurrency=1)
    umbel = cluster.umbel()
    ignored = cluster.send("ignore")
    wait_for(umbel, {ignored: "UNKNOWN"})
    running, waiting = cluster.send("nap", 600), cluster.send("nap", 600, countdown=1)
    wait_until(lambda: (state(umbel, running), state(umbel, waiting)) == ("STARTED", "RECEIVED"))

    worker.process.kill_group()

    wait_for(umbel, {running: "UNKNOWN", waiting: "UNKNOWN"})
    why = [(umbel.client.task(each) or {})["reconciled"][-1] for each in (ignored, running)]
    assert [each["why"] for each in why] == ["ended-untold", "worker-lost"]
    assert why[1]["sources"] == ["backend", "worker"]


def test_what_left_its_queue_unheard_ends(cluster: Cluster, redis_url: str) -> None:
    umbel = cluster.umbel()
    expired = cluster.send("add", 1, 1, queue="nobody", expires=1)
    purged = cluster.send("add", 1, 1, queue="purged")
    waits = cluster.send("add", 1, 1, queue="waits")
    wait_until(lambda: state(umbel, purged) == "PENDING")

    with redis.Redis.from_url(redis_url) as server:
        server.delete("purged")

    wait_for(umbel, {purged: "UNKNOWN", expired: "REVOKED"})
    task = umbel.client.task(purged) or {}
    assert task["reconciled"][0]["why"] == "not-delivered"
    assert "expired" in (umbel.client.task(expired) or {})["flags"]
    assert state(umbel, waits) == "PENDING"
