"""The API's levers on a real worker, a real broker and a real result backend."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from tests.support.applications import WORKERAPP
from tests.support.brokers import ValkeyBroker, free_port, redis_database, valkey_broker
from tests.support.umbels import Client, Umbel, umbel_command, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker

pytestmark = pytest.mark.redis

ADD = f"{WORKERAPP}.add"
NAP = f"{WORKERAPP}.nap"
#: What an answer may take when somebody does not answer, seconds.
PROMISED_S = 2.0


class Running(NamedTuple):
    """A worker, and the Umbel that reaches it."""

    umbel: Umbel
    worker: CeleryWorker

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.umbel.client.http.get(f"/api/v1/{path}", params=parameters)

    def post(self, path: str, body: object) -> httpx.Response:
        return self.umbel.client.http.post(f"/api/v1/{path}", json=body)

    def send(self, name: str, *args: object, **options: object) -> str:
        sent = self.post("apply", {"name": name, "args": args, **options})
        assert sent.is_success, sent.text
        found: str = sent.json()["task_id"]
        return found

    def act(self, **request: object) -> dict[str, Any]:
        """Plan and execute; the report once it has ended."""
        plan = self.post("actions", request)
        assert plan.status_code == 201, plan.text
        action = f"actions/{plan.json()['id']}"
        confirmed = {"confirm": plan.json()["confirm"]}
        assert self.post(f"{action}/execute", confirmed).status_code == 202
        ended = wait_until(lambda: self._ended(action), what="the action to end")
        assert ended["state"] == "done", ended
        return ended

    def _ended(self, action: str) -> dict[str, Any] | None:
        report: dict[str, Any] = self.get(action).json()["report"]
        return report if report["state"] != "running" else None

    def state(self, task_id: str) -> str | None:
        found = self.umbel.client.task(task_id)
        return found["state"] if found else None


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("control")
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        url = enter(redis_database())
        umbel = enter(umbel_serve(url, directory / "umbel", "--result-backend", url))
        environment = {"UMBEL_TEST_BROKER": url, "UMBEL_TEST_BACKEND": url}
        worker = enter(celery_worker(WORKERAPP, environment, directory / "worker.log"))
        found = Running(umbel, worker)
        wait_until(lambda: umbel.client.get("workers")["items"], what="a heartbeat")
        yield found


def test_a_task_is_sent_and_its_result_comes_back(running: Running) -> None:
    answer = running.post("apply", {"name": ADD, "args": [2, 3], "wait": 20}).json()

    assert (answer["state"], answer["result"]["result"]) == ("SUCCESS", 5)
    assert running.get(f"results/{answer['task_id']}").json()["result"] == 5


def test_waiting_for_a_result_ends_when_the_task_does_or_time_is_up(running: Running) -> None:
    nap = running.send(NAP, 1)

    early = running.get(f"results/{nap}", timeout=0.1).json()
    ended = running.get(f"results/{nap}", timeout=20).json()

    assert (early["state"] in {"PENDING", "STARTED"}, ended["state"]) == (True, "SUCCESS")


def test_waiting_for_results_holds_nobody_up(running: Running) -> None:
    with contextlib.ExitStack() as stack:
        address = httpx.URL(running.umbel.client.url)
        for _ in range(20):
            waiting = stack.enter_context(socket.create_connection((address.host, address.port)))
            waiting.sendall(
                b"GET /api/v1/results/nobody?timeout=30 HTTP/1.1\r\nHost: localhost\r\n\r\n"
            )
        answers = [running.get("tasks", limit=1), running.get("queues")]
        task_id = running.send(ADD, 1, 1)
        waited_for = running.get(f"results/{task_id}", timeout=20)

    assert [answer.status_code for answer in answers] == [200, 200]
    assert waited_for.json()["result"] == 2


def test_a_task_that_waits_for_its_time_is_revoked(running: Running) -> None:
    later = running.send(ADD, 1, 1, countdown=3_600)
    wait_until(lambda: running.state(later) == "RECEIVED")

    report = running.act(action="revoke", ids=[later])

    revoked = wait_until(
        lambda: later in running.get(f"workers/{running.worker.name}/revoked").json()["value"]
    )
    assert (report["done"], revoked) == (1, True)
    assert running.umbel.client.task(later)["intent"]["kind"] == "revoke"  # type: ignore[index]


def test_a_task_that_runs_is_terminated(running: Running) -> None:
    nap = running.send(NAP, 600)
    wait_until(lambda: running.state(nap) == "STARTED")

    running.act(action="terminate", ids=[nap])

    wait_until(lambda: running.state(nap) == "REVOKED")
    assert running.umbel.client.task(nap)["intent"] is None  # type: ignore[index]


def test_every_inspection_of_a_worker_is_answered(running: Running) -> None:
    name = running.worker.name
    worker = running.get(f"workers/{name}").json()
    answers = {
        what: running.get(f"workers/{name}/{what}").json()
        for what in (
            *("stats", "active", "scheduled", "reserved", "revoked", "registered", "queues"),
            "conf",
        )
    }

    assert worker["answers"] is True
    assert worker["stats"]["pool"]["max-concurrency"] == 2
    assert all(answer["answered"] for answer in answers.values())
    assert ADD in answers["registered"]["value"]
    assert [queue["name"] for queue in answers["queues"]["value"]] == ["celery"]


def test_registered_names_and_queues_are_those_of_the_worker(running: Running) -> None:
    names = {item["name"]: item["workers"] for item in running.get("registered").json()["items"]}
    queues = {item["name"]: item for item in running.get("queues").json()["items"]}

    assert names[ADD] == 1
    assert queues["celery"]["workers"] == [running.worker.name]
    assert queues["celery"]["ready"] is not None


def test_messages_of_a_queue_without_workers_are_seen_and_stay(running: Running) -> None:
    ids = [running.send(ADD, number, 0, queue="lonely") for number in range(3)]

    seen = running.get("queues/lonely/messages").json()["items"]
    again = running.get("queues/lonely/messages").json()["items"]
    purged = running.act(action="purge", queue="lonely")

    assert [(item["task_id"], item["args"]) for item in seen] == [
        (task_id, [number, 0]) for number, task_id in enumerate(ids)
    ]
    assert again == seen
    assert purged["done"] == 3


def test_everything_that_was_done_is_in_the_audit(running: Running) -> None:
    running.act(action="ping")

    def lines() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = running.get("audit", action="ping").json()["items"]
        return found

    wait_until(lambda: [line["outcome"] for line in lines()] == ["done", None])
    assert {line["via"] for line in lines()} == {"api"}


def test_a_worker_that_is_gone_is_answered_for_within_the_promised_time(
    running: Running,
) -> None:
    began = time.monotonic()

    answer = running.get("workers/nobody@nowhere/stats")

    assert answer.status_code == 404
    assert time.monotonic() - began < PROMISED_S


BROKER_BOUND = ["queues", "queues/celery/messages", "registered", "workers/a@b/stats"]


@pytest.fixture
def lost(tmp_path: Path, valkey: ValkeyBroker) -> Iterator[tuple[ValkeyBroker, Umbel]]:
    """An Umbel that knew its broker."""
    options = ("--result-backend", valkey.url)
    with umbel_serve(valkey.url, tmp_path / "umbel", *options) as umbel:
        assert umbel.client.http.get("/api/v1/queues").status_code == 200
        yield valkey, umbel


def quickly(umbel: Umbel, path: str) -> dict[str, Any]:
    """The problem that asking is, told within the promised time."""
    began = time.monotonic()
    answer = umbel.client.http.get(f"/api/v1/{path}")
    took_s = time.monotonic() - began

    problem: dict[str, Any] = answer.json()
    assert answer.status_code in {404, 503}, (path, answer.text)
    assert took_s < PROMISED_S + 0.5, (path, took_s)
    return problem


def test_a_broker_that_has_gone_is_told_quickly(lost: tuple[ValkeyBroker, Umbel]) -> None:
    valkey, umbel = lost
    valkey.stop()
    # What was answered just now is told for a moment.
    wait_until(lambda: umbel.client.http.get("/api/v1/queues").status_code == 503)

    told = [quickly(umbel, path) for path in BROKER_BOUND]
    results = quickly(umbel, "results/x?timeout=30")

    assert {problem["type"] for problem in told} == {"urn:umbel:problem:broker-trouble"}
    assert all(str(valkey.port) in problem["detail"] for problem in told)
    assert results["type"] == "urn:umbel:problem:results-trouble"
    assert umbel.client.http.get("/api/v1/tasks").status_code == 200


def test_a_broker_that_answers_nothing_is_told_quickly(lost: tuple[ValkeyBroker, Umbel]) -> None:
    valkey, umbel = lost
    valkey.freeze()
    try:
        wait_until(lambda: umbel.client.http.get("/api/v1/queues").status_code == 503)
        told = [quickly(umbel, path) for path in BROKER_BOUND]
    finally:
        valkey.thaw()

    assert told[0]["type"] == "urn:umbel:problem:broker-trouble"


def test_the_application_says_how_its_tasks_are_called(tmp_path: Path) -> None:
    with (
        valkey_broker(tmp_path) as valkey,
        umbel_serve(
            valkey.url, tmp_path / "umbel", "-A", WORKERAPP, "--result-backend", valkey.url
        ) as umbel,
    ):
        items = umbel.client.get("registered")["items"]

    found = {item["name"]: item for item in items}
    assert found[ADD]["signature"] == "(x: 'float', y: 'float') -> 'float'"
    assert found[ADD]["workers"] == 0


def test_a_server_without_a_broker_shows_and_says_that_it_cannot_act(tmp_path: Path) -> None:
    data, port = tmp_path / "umbel", free_port()
    with valkey_broker(tmp_path) as valkey, umbel_serve(valkey.url, data):
        pass
    command = ("serve", "--no-collect", "--data", str(data), "--port", str(port))
    client = Client(f"http://127.0.0.1:{port}")
    with umbel_command(*command, log=tmp_path / "second.log"), client.http:
        wait_until(lambda: client.is_up("/livez"))
        queues = client.http.get("/api/v1/queues")
        tasks = client.http.get("/api/v1/tasks")

    assert tasks.status_code == 200
    assert queues.status_code == 501
    assert "No broker is named" in queues.json()["detail"]
