"""On a broker that keeps nothing the collector is killed again and again, and away for a while.
Afterwards every task is what the application knows of it."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import Celery

from tests.support.applications import WORKERAPP, celery_client
from tests.support.processes import children
from tests.support.umbels import Umbel, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.cluster.task import Task
from umbel.store.opening import open_store

pytestmark = pytest.mark.redis

log = logging.getLogger(__name__)

#: Tasks by name, and how each of them ends.
ENDS = {"add": "SUCCESS", "decline": "FAILURE", "third_time_lucky": "SUCCESS"}
_AT_ONCE = 1_000


class Load:
    """So many tasks are sent, about one in a hundred of which is retried, by a thread of its own,
    so that the workers are never far behind."""

    def __init__(self, app: Celery, count: int, waiting_max: int) -> None:
        self.sent: dict[str, str] = {}
        self._app = app
        self._count = count
        self._waiting_max = waiting_max
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def wait_for(self, count: int) -> None:
        """Until so many are sent."""
        wait_until(lambda: len(self.sent) >= count, timeout_s=1_800, what="tasks to be sent")

    def _run(self) -> None:
        with self._app.connection_for_write() as connection:
            for number in range(self._count):
                if number % 100 == 0:
                    self._wait_for_workers(connection)
                name = "third_time_lucky" if number % 100 == 7 else "decline"
                name = name if number % 10 == 7 else "add"
                args = (number, 1) if name == "add" else (number,)
                sent = self._app.send_task(f"{WORKERAPP}.{name}", args, connection=connection)
                self.sent[str(sent.id)] = name

    def _wait_for_workers(self, connection: object) -> None:
        channel = connection.default_channel  # type: ignore[attr-defined]
        wait_until(
            lambda: channel.client.llen("celery") < self._waiting_max, timeout_s=120, what="workers"
        )


def stored(directory: Path, ids: list[str]) -> Iterator[tuple[str, Task | None]]:
    store = open_store(directory, write=False)
    try:
        for at in range(0, len(ids), _AT_ONCE):
            some = ids[at : at + _AT_ONCE]
            found = store.tasks(some)
            yield from ((each, found.get(each)) for each in some)
    finally:
        store.close()


def wrong(directory: Path, load: Load) -> Counter[str]:
    """How many tasks are missing, unknown, or in another state than they ended in."""
    found: Counter[str] = Counter()
    for uuid, task in stored(directory, list(load.sent)):
        if task is None:
            found["missing"] += 1
        elif task.state == "UNKNOWN":
            found["unknown"] += 1
        elif task.state != ENDS[load.sent[uuid]]:
            found[f"{ENDS[load.sent[uuid]]} is {task.state}"] += 1
    return found


def kill_collector(umbel: Umbel) -> None:
    """`kill -9`; until it has been started again."""
    pid = wait_until(umbel.collector_pid, what="a collector")
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: umbel.collector_pid() not in {None, pid}, timeout_s=30)


def is_healed(umbel: Umbel) -> bool:
    collectors = umbel.client.status()["collectors"]
    healing = [each["healing"] for each in collectors if not each["ended"]]
    return all(not each["searching"] and not each["waiting"] for each in healing)


@pytest.mark.parametrize(
    ("count", "kills", "away_s", "patience_s"),
    [
        pytest.param(400, 3, 3, 60, id="short"),
        pytest.param(
            100_000, 20, 60, 900, marks=[pytest.mark.healing, pytest.mark.timeout(5_400)], id="long"
        ),
    ],
)
def test_every_task_is_what_the_application_knows_of_it(
    redis_url: str, tmp_path: Path, count: int, kills: int, away_s: float, patience_s: float
) -> None:
    directory = tmp_path / "data"
    environment = umbel_environment(UMBEL_LOG_LEVEL="warning")
    workers = {"UMBEL_TEST_BROKER": redis_url, "UMBEL_TEST_BACKEND": redis_url}

    def umbel() -> contextlib.AbstractContextManager[Umbel]:
        return umbel_serve(
            redis_url, directory, "--result-backend", redis_url, environment=environment
        )

    with (
        celery_client(redis_url, redis_url) as app,
        celery_worker(WORKERAPP, workers, tmp_path / "worker.log", options=("-P", "threads")),
    ):
        load = Load(app, count, waiting_max=max(50, count // 100))
        with umbel() as running:
            load.start()
            for number in range(1, kills + 1):
                load.wait_for(count * number // (kills + 2))
                kill_collector(running)
            for pid in (*children(running.process.pid), running.process.pid):
                os.kill(pid, signal.SIGKILL)
        left = time.monotonic() + away_s
        wait_until(lambda: time.monotonic() > left, timeout_s=away_s + 5)
        with umbel() as running:
            wait_until(lambda: load.is_over, timeout_s=3_600, what="all to be sent")
            began = time.monotonic()
            before = wrong(directory, load)
            wait_until(
                lambda: is_healed(running) and not wrong(directory, load),
                timeout_s=patience_s,
                what="every task to be what it is",
            )
            took_s = time.monotonic() - began
            (found,) = [each["healing"] for each in running.client.status()["collectors"][:1]]
            log.warning(
                "%d tasks: %s before, none after %.0f s; %s", count, dict(before), took_s, found
            )
