"""What collectors that were killed missed on Redis, which keeps nothing, is told to the task."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Process
from tests.support.sources import celery_app, dispatcher
from tests.support.umbels import umbel_command
from tests.support.waiting import wait_until
from umbel.errors import StoreError
from umbel.store.base import Store
from umbel.store.sqlite import SqliteStore

pytestmark = pytest.mark.redis


class CountingWorker:
    """Begins tasks, tells of each, and counts them in its heartbeats."""

    def __init__(self, sender: Any) -> None:
        self._sender = sender
        self.begun = 0

    def begin(self, count: int) -> None:
        for _ in range(count):
            self.begun += 1
            self._sender.send("task-started", uuid=f"task-{self.begun}")
        self._sender.flush()
        self.beat()

    def beat(self) -> None:
        self._sender.send("worker-heartbeat", freq=2.0, active=0, processed=self.begun)


def test_what_killed_collectors_missed_is_told_to_the_task(redis_url: str, tmp_path: Path) -> None:
    directory = tmp_path / "store"
    with dispatcher(celery_app(redis_url)) as sender:
        worker = CountingWorker(sender)
        for number in range(3):
            with collector(redis_url, directory, number) as running:
                wait_until(lambda: is_heard(directory, worker, running.pid), timeout_s=60)
                worker.begin(5)
                wait_until(lambda: task_is_known(directory, worker.begun))
                os.kill(running.pid, signal.SIGKILL)
                wait_until(lambda: running.exit_code is not None)
            worker.begin(100)
        with collector(redis_url, directory, 3) as running:
            wait_until(lambda: is_heard(directory, worker, running.pid), timeout_s=60)
            worker.begin(1)
            wait_until(lambda: lost_by(worker, directory) >= 300)

    store = SqliteStore(directory, write=False)
    assert lost(directory) == 300
    assert {gap.cause for gap in store.gaps()} == {"collector-away"}
    store.close()


def collector(url: str, directory: Path, number: int) -> Process:
    log = directory.with_name(f"collector-{number}.log")
    return umbel_command("collect", "-b", url, "--data", str(directory), log=log)


def is_heard(directory: Path, worker: CountingWorker, pid: int) -> bool:
    """Whether the collector says that it is connected, and the worker's count is stored."""
    worker.beat()
    store = opened(directory)
    if store is None:
        return False
    is_counted = any(each.processed == worker.begun for each in store.processes())
    says = [each for each in store.collectors() if each.pid == pid]
    store.close()
    return is_counted and any(each.broker == "connected" for each in says)


def task_is_known(directory: Path, number: int) -> bool:
    store = opened(directory)
    if store is None:
        return False
    known = store.task(f"task-{number}") is not None
    store.close()
    return known


def lost_by(worker: CountingWorker, directory: Path) -> int:
    """How much is told as lost, after one more heartbeat."""
    worker.beat()
    return lost(directory)


def lost(directory: Path) -> int:
    store = opened(directory)
    if store is None:
        return 0
    count = sum(loss.count for loss in store.losses())
    store.close()
    return count


def opened(directory: Path) -> Store | None:
    try:
        return SqliteStore(directory, write=False)
    except StoreError:
        return None
