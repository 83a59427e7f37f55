"""Two servers with a collector each on one history, killed in turn under load."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.applications import WORKERAPP
from tests.support.brokers import free_port, rabbit_vhost, redis_database
from tests.support.history import assert_files_are_sound
from tests.support.processes import is_alive, must_be_gone
from tests.support.sources import celery_app
from tests.support.umbels import Umbel, umbel_environment, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.services.ingest.standby import committed_until
from umbel.store.sqlite import SqliteStore

ADD, DECLINE = f"{WORKERAPP}.add", f"{WORKERAPP}.decline"
FAILED = 20


class Load:
    """Tasks for a real worker, thirty a second, from a thread of its own."""

    def __init__(self, url: str) -> None:
        #: Ids of tasks, and when they were sent (Unix seconds).
        self.sent: dict[str, float] = {}
        self._app = celery_app(url)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def send(self, name: str, *args: object) -> str:
        return str(self._app.send_task(name, args).id)

    def begun(self, name: str) -> int:
        """How many tasks of this name the worker has begun, as it says itself."""
        answers = self._app.control.inspect(timeout=5, limit=1).stats() or {}
        return sum(each["total"].get(name, 0) for each in answers.values())

    def _run(self) -> None:
        while not self._stopping.wait(1 / 30):
            self.sent[self.send(ADD, 1, 1)] = time.time()

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()


class Servers:
    """Servers on one history that are logged in to by one login."""

    def __init__(self, url: str, directory: Path) -> None:
        self._url, self._directory = url, directory
        self._running = contextlib.ExitStack()
        self._session: dict[str, str] = {}
        self._standbys = 0

    def start(self) -> Umbel:
        users = umbel_environment(UMBEL_AUTH_USERS="otto:admin:pw-otto")
        serving = umbel_serve(
            self._url, self._directory, port=free_port(), live=False, environment=users
        )
        umbel = self._running.enter_context(serving)
        if not self._session:
            login = {"user": "otto", "password": "pw-otto"}
            assert umbel.client.http.post("/login", json=login).status_code == 200
            self._session = dict(umbel.client.http.cookies)
        umbel.client.http.cookies.update(self._session)
        return umbel

    def wait_for_standby(self) -> None:
        """Until one more collector says that it stands by, and whoever writes has stored what came
        before that one began to listen."""
        self._standbys += 1
        log = self._directory.with_name(f"{self._directory.name}.log")
        wait_until(lambda: log.read_text().count("Standing by") >= self._standbys, what="a standby")
        listens = time.time()
        wait_until(lambda: stored_until(self._directory) > listens, what="a later report")

    def close(self) -> None:
        self._running.close()


def stored_until(directory: Path) -> float:
    store = SqliteStore(directory, write=False)
    found = store.collectors()
    store.close()
    return max(committed_until(each) for each in found)


def recording(status: dict[str, Any]) -> set[int]:
    """The processes that record, by the status of a server."""
    return {
        int(each["pid"])
        for each in status["collectors"]
        if each["ended"] is None and each["broker"] == "connected"
    }


def writer(*umbels: Umbel) -> int:
    """The process that records, once all of these servers say that it is live."""

    def pid() -> int | None:
        statuses = [umbel.client.status() for umbel in umbels]
        pids = set.union(*map(recording, statuses))
        is_live = all(each["live"]["state"] == "live" for each in statuses)
        return pids.pop() if is_live and len(pids) == 1 and all(map(is_alive, pids)) else None

    return wait_until(pid, timeout_s=30, what="a collector that is live")


def is_done(umbel: Umbel, action: str) -> bool:
    report = umbel.client.get(action)["report"]
    return (report["state"], report["done"]) == ("done", FAILED)


def retry_once(umbels: list[Umbel], ids: list[str]) -> list[int]:
    """The answers of all these servers to one plan that each is told to execute at once. For all
    of them it is done."""
    first = umbels[0].client.http
    plan = first.post("/api/v1/actions", json={"action": "retry", "ids": ids})
    assert plan.status_code == 201, plan.text
    action = f"actions/{plan.json()['id']}"
    confirm = {"confirm": plan.json()["confirm"]}

    def execute(umbel: Umbel) -> httpx.Response:
        return umbel.client.http.post(f"/api/v1/{action}/execute", json=confirm)

    with ThreadPoolExecutor() as pool:
        answers = sorted(answer.status_code for answer in pool.map(execute, umbels))
    wait_until(lambda: all(is_done(umbel, action) for umbel in umbels), what="the action's end")
    return answers


@pytest.fixture(
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("stream", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=[pytest.mark.rabbitmq, pytest.mark.thorough]),
    ]
)
def workers(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The environment of workers on a broker of their own; with `stream` they write one, too."""
    with rabbit_vhost() if request.param == "rabbitmq" else redis_database() as url:
        is_stream = request.param == "stream"
        events = {"UMBEL_TEST_EVENTS": "umbel.worker:StreamEvents"} if is_stream else {}
        yield {"UMBEL_TEST_BROKER": url, **events}


def test_servers_and_collectors_that_are_killed_in_turn_lose_and_double_nothing(
    workers: dict[str, str], tmp_path: Path
) -> None:
    directory, url = tmp_path / "umbel", workers["UMBEL_TEST_BROKER"]
    with contextlib.ExitStack() as running:
        options = ("--heartbeat-interval", "1")
        servers = running.enter_context(contextlib.closing(Servers(url, directory)))
        one, two = servers.start(), servers.start()
        running.enter_context(
            celery_worker(WORKERAPP, workers, tmp_path / "worker.log", options=options)
        )
        before = writer(one, two)
        load = Load(url)
        failed = [load.send(DECLINE, number) for number in range(FAILED)]
        with load:
            wait_until(lambda: len(one.client.rows(f"name:{DECLINE} state:FAILURE")) == FAILED)

            servers.wait_for_standby()
            os.kill(before, signal.SIGKILL)
            after = writer(one, two)
            assert after != before

            assert retry_once([one, two], failed) == [202, 409]

            servers.wait_for_standby()
            holder, other = (one, two) if one.collector_pid() == after else (two, one)
            os.kill(holder.process.pid, signal.SIGKILL)
            must_be_gone(after)
            assert writer(other) != after
            third = servers.start()
            wait_until(lambda: len(load.sent) > 150)
        last = [*load.sent][-1]
        wait_until(lambda: (third.client.task(last) or {}).get("state") == "SUCCESS")
        wait_until(lambda: not missed(third, load.sent), what="all that was sent")
        begun = load.begun(ADD) + load.begun(DECLINE)
        heard = sum(row["started"] is not None for row in third.client.rows())
        lost = third.client.status()["collectors"][0]["lost"]
        assert load.begun(DECLINE) == 2 * FAILED
    store = SqliteStore(directory, write=False)
    assert (heard, lost, store.gaps()) == (begun, 0, ())
    store.close()
    assert_files_are_sound(directory)


def missed(umbel: Umbel, sent: Iterable[str]) -> list[str]:
    """Which of these tasks are not known to have succeeded."""
    known = {row["uuid"] for row in umbel.client.rows(f"name:{ADD} state:SUCCESS")}
    return [uuid for uuid in sent if uuid not in known]
