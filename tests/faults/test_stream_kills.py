"""Real workers that write a stream in Redis, an Umbel that is killed and away: nothing is missing,
and nothing counted twice."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.support.applications import WORKERAPP
from tests.support.history import assert_files_are_sound
from tests.support.processes import must_be_gone
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.query.parse import parse
from umbel.services.metric_sums import metric_sum
from umbel.store.sqlite import SqliteStore

pytestmark = pytest.mark.redis

STREAM = "umbel.worker:StreamEvents"
#: For each kill, how many tasks are sent before Umbel is started again.
KILLS = (0, 100)


class Load:
    """Fifty tasks a second, of which every fifth fails; `ends` is what each must become."""

    def __init__(self, url: str) -> None:
        self.ends: dict[str, str] = {}
        self._app = Celery(broker=url, events=STREAM, set_as_current=False)
        self._app.conf.task_send_sent_event = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        number = 0
        while not self._stopping.wait(1 / 50):
            number += 1
            name, args = ("decline", (number,)) if number % 5 == 0 else ("add", (number, 1))
            sent = self._app.send_task(f"{WORKERAPP}.{name}", args)
            self.ends[str(sent.id)] = "FAILURE" if name == "decline" else "SUCCESS"

    def wait_for(self, more: int) -> None:
        """Until so many more tasks have been sent."""
        goal = len(self.ends) + more
        wait_until(lambda: len(self.ends) >= goal)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()


def kill(umbel: Umbel) -> None:
    """`kill -9` of the server and its collector at once."""
    collector = wait_until(umbel.collector_pid, timeout_s=60, what="a collector")
    os.kill(umbel.process.pid, signal.SIGKILL)
    os.kill(collector, signal.SIGKILL)
    must_be_gone(collector)


def counts(store: SqliteStore) -> dict[str, int]:
    found = metric_sum(store.metric_counts())
    total: dict[str, int] = {}
    for item in found.items if found is not None else ():
        for kind, count in item.events.items():
            total[kind] = total.get(kind, 0) + count
    return total


def rolled_up(store: SqliteStore) -> tuple[int, int, int]:
    """Tasks seen, succeeded and failed, as charts show them."""
    now = time.time()
    found: Any = store.series(
        parse(""), now=now, measure="count", start=now - 3600, end=now + 60, bucket_s=60
    )
    return found.total.seen, found.total.succeeded, found.total.failed


def test_an_umbel_that_is_killed_and_away_misses_nothing_of_workers_that_stream(
    redis_url: str, tmp_path: Path
) -> None:
    directory = tmp_path / "umbel"
    environment = {"UMBEL_TEST_BROKER": redis_url, "UMBEL_TEST_EVENTS": STREAM}
    options = ("--heartbeat-interval", "1")
    with contextlib.ExitStack() as running:
        umbel = running.enter_context(umbel_serve(redis_url, directory))
        running.enter_context(
            celery_worker(WORKERAPP, environment, tmp_path / "worker.log", options=options)
        )
        with Load(redis_url) as load:
            wait_until(lambda: stream_of(umbel)["is_whole"], what="the stream")
            for more_while_away in KILLS:
                load.wait_for(60)
                kill(umbel)
                load.wait_for(more_while_away)
                umbel = running.enter_context(umbel_serve(redis_url, directory))
            load.wait_for(60)
        wait_until(lambda: ends_of(umbel) == load.ends, what="every end")
        wait_until(lambda: stream_of(umbel)["is_whole"])
        lost = umbel.client.status()["collectors"][0]["lost"]
        assert umbel.client.status()["live"]["state"] == "live"
    with contextlib.closing(SqliteStore(directory, write=False)) as store:
        failed = sum(end == "FAILURE" for end in load.ends.values())
        assert (lost, store.gaps()) == (0, ())
        assert rolled_up(store) == (len(load.ends), len(load.ends) - failed, failed)
        # What was stored in the last second before a kill may be missing here; nothing is twice.
        assert all(count <= len(load.ends) for count in counts(store).values())
    assert_files_are_sound(directory)


def ends_of(umbel: Umbel) -> dict[str, str]:
    return {row["uuid"]: row["state"] for row in umbel.client.rows()}


def stream_of(umbel: Umbel) -> dict[str, Any]:
    (found,) = [each["stream"] for each in umbel.client.status()["collectors"] if not each["ended"]]
    return dict(found or {"is_whole": False})
