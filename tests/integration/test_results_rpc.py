"""The result backend rpc://: Umbel waits for the results of what it sent itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.integration.conftest import BROKERS
from tests.support.applications import WORKERAPP
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel import Events, task_apply
from umbel.applications import bare_application
from umbel.broker.base import Signature
from umbel.broker.cluster import open_cluster
from umbel.broker.reply_queue import open_reply_queue
from umbel.results.rpc import RpcResults

ADD = f"{WORKERAPP}.add"
DECLINE = f"{WORKERAPP}.decline"
NAP = f"{WORKERAPP}.nap"


class Running(NamedTuple):
    """A worker whose results go by rpc://, and the Umbel that sends it tasks."""

    umbel: Umbel
    broker: str

    def apply(self, name: str, *args: object, wait: float | None = 20) -> dict[str, Any]:
        body = {"name": name, "args": args, "wait": wait}
        answer = self.umbel.client.http.post("/api/v1/apply", json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ],
)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("rpc")
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        broker = enter(BROKERS[request.param]())
        umbel = enter(umbel_serve(broker, directory / "umbel", "--result-backend", "rpc://"))
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": "rpc://"}
        enter(celery_worker(WORKERAPP, environment, directory / "worker.log"))
        wait_until(lambda: umbel.client.get("workers")["items"], what="a heartbeat")
        yield Running(umbel, broker)


def test_the_result_of_a_task_that_is_waited_for_comes_back(running: Running) -> None:
    added = running.apply(ADD, 2, 3)
    again = running.umbel.client.get(f"results/{added['task_id']}")

    assert (added["state"], added["result"]["result"], again["result"]) == ("SUCCESS", 5, 5)


def test_a_failure_comes_back_with_its_traceback(running: Running) -> None:
    result = running.apply(DECLINE, 7)["result"]

    assert (result["state"], result["exception"]) == (
        "FAILURE",
        "Declined('order 7 was declined')",
    )
    assert result["traceback"].startswith("Traceback")


def test_a_result_may_be_asked_for_again_when_time_was_up(running: Running) -> None:
    nap = running.apply(NAP, 1, wait=0.1)
    ended = running.umbel.client.get(f"results/{nap['task_id']}", timeout=20)

    assert (nap["state"], ended["state"]) == ("PENDING", "SUCCESS")


def test_flowers_apply_waits_too(running: Running) -> None:
    answer = running.umbel.client.http.post(f"/api/task/apply/{ADD}", json={"args": [3, 4]})

    assert (answer.json()["state"], answer.json()["result"]) == ("SUCCESS", 7)


def test_python_waits_too(running: Running) -> None:
    with Events(running.umbel.client.url) as events:
        answer = task_apply(events, ADD, [4, 5], timeout=20)

    assert answer["result"] == 9


def test_the_result_of_anothers_task_is_refused_with_the_reason(running: Running) -> None:
    sent = running.apply(ADD, 1, 1, wait=None)
    answer = running.umbel.client.http.get(f"/api/v1/results/{sent['task_id']}")

    assert answer.status_code == 503
    assert "only results of tasks that it sent itself" in answer.json()["detail"]


def test_no_queue_is_left_when_nobody_waits(running: Running) -> None:
    app = bare_application(running.broker, "rpc://")
    with contextlib.ExitStack() as stack:
        results = stack.enter_context(contextlib.closing(RpcResults(lambda: open_reply_queue(app))))
        cluster = stack.enter_context(contextlib.closing(open_cluster(app)))
        name = results.expect("mine")
        cluster.send([Signature(id="mine", name=ADD, args=(1, 2), reply_to=name)])
        ended = results.wait("mine", 20)

        results.close()
        [depth] = cluster.depths([name])
    assert (ended.state, ended.result) == ("SUCCESS", 3)
    assert depth.trouble is not None or depth.ready == 0
