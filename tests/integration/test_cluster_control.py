"""Workers that are asked and told over real brokers."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest

from tests.integration.conftest import BROKERS
from tests.support.applications import WORKERAPP
from tests.support.real_clusters import cluster_at, signature
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker
from umbel.broker.base import Cluster


class Two(NamedTuple):
    """Two workers, and the cluster as Umbel reaches it."""

    cluster: Cluster
    workers: tuple[CeleryWorker, CeleryWorker]
    url: str

    @property
    def names(self) -> tuple[str, str]:
        first, second = self.workers
        return first.name, second.name


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ],
)
def two(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    directory = tmp_path_factory.mktemp(request.param)
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        url = enter(BROKERS[request.param]())
        environment = {"UMBEL_TEST_BROKER": url, "UMBEL_TEST_BACKEND": "cache+memory://"}
        first, second = (
            enter(celery_worker(WORKERAPP, environment, directory / f"{number}.log"))
            for number in (1, 2)
        )
        yield Two(enter(cluster_at(url)), (first, second), url)


def test_every_worker_answers_and_nobody_is_waited_for_after_the_last(two: Two) -> None:
    began = time.monotonic()

    replies = two.cluster.ask("ping", limit=2, timeout_s=20)

    assert time.monotonic() - began < 10
    assert {reply.worker for reply in replies} == set(two.names)
    assert {reply.value for reply in replies} == {"pong"}


def test_without_a_limit_answers_are_collected_until_time_is_up(two: Two) -> None:
    replies = two.cluster.ask("ping", timeout_s=1.0)

    assert {reply.worker for reply in replies} == set(two.names)


def test_only_the_named_workers_answer(two: Two) -> None:
    (reply,) = two.cluster.ask("ping", workers=[two.names[0]], timeout_s=20)

    assert reply.worker == two.names[0]


def test_a_worker_that_does_not_answer_is_missing(two: Two) -> None:
    replies = two.cluster.ask("ping", workers=[two.names[0], "gone@nowhere"], timeout_s=0.5)

    assert [reply.worker for reply in replies] == [two.names[0]]


def test_a_worker_that_lives_is_waited_for_longer(two: Two) -> None:
    busy, other = two.workers
    awaited = [busy.name, other.name]
    os.kill(busy.process.pid, signal.SIGSTOP)
    later = threading.Timer(3.5, os.kill, (busy.process.pid, signal.SIGCONT))
    later.start()
    try:
        replies = two.cluster.ask("ping", timeout_s=1.5, awaited=awaited)
    finally:
        later.join()

    assert {reply.worker for reply in replies} == set(awaited)


def test_asking_nobody_asks_nobody(two: Two) -> None:
    assert two.cluster.ask("ping", workers=[], timeout_s=20) == ()


@pytest.mark.parametrize(
    "command",
    ["stats", "active", "scheduled", "reserved", "revoked", "registered", "active_queues", "conf"],
)
def test_every_inspection_gives_plain_values(two: Two, command: str) -> None:
    (reply,) = two.cluster.ask(command, workers=[two.names[0]], timeout_s=20)

    assert reply.error is None
    assert isinstance(reply.value, dict | list)


def test_what_a_worker_refuses_is_its_own_sentence(two: Two) -> None:
    arguments = {"task_name": "no.such.task", "rate_limit": "10/m"}
    (unknown,) = two.cluster.ask("rate_limit", arguments, workers=[two.names[0]], timeout_s=20)
    (nonsense,) = two.cluster.ask("nonsense", workers=[two.names[0]], timeout_s=20)

    assert unknown.error == "unknown task"
    assert nonsense.error is not None
    assert "nonsense" in nonsense.error


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("rate_limit", {"task_name": f"{WORKERAPP}.add", "rate_limit": "100/s"}),
        ("time_limit", {"task_name": f"{WORKERAPP}.add", "soft": 30, "hard": 60}),
        ("enable_events", {}),
        ("revoke", {"task_id": ["one", "two"]}),
        ("pool_grow", {"n": 1}),
        ("pool_shrink", {"n": 1}),
        ("add_consumer", {"queue": "extra"}),
        ("cancel_consumer", {"queue": "extra"}),
    ],
)
def test_each_lever_is_confirmed_by_each_worker(
    two: Two, command: str, arguments: dict[str, object]
) -> None:
    replies = two.cluster.ask(command, arguments, workers=two.names, timeout_s=20)

    assert {reply.worker for reply in replies} == set(two.names)
    assert [reply.error for reply in replies] == [None, None]


def test_what_is_told_is_done(two: Two) -> None:
    two.cluster.broadcast("revoke", {"task_id": ["told"], "terminate": False})

    wait_until(lambda: all("told" in ids for ids in _values(two, "revoked")))


def test_a_running_task_is_terminated(two: Two) -> None:
    nap = signature("nap", 60)
    two.cluster.send([nap])
    wait_until(lambda: nap.id in str(_values(two, "active")), what="the nap to begin")

    arguments = {"task_id": [nap.id], "terminate": True, "signal": "SIGTERM"}
    two.cluster.broadcast("revoke", arguments)

    wait_until(lambda: nap.id not in str(_values(two, "active")), what="the nap to end")


def test_calls_of_many_threads_get_their_own_answers(two: Two) -> None:
    def ask(number: int) -> tuple[bool, set[str]]:
        command, worker = ("ping", "stats")[number % 2], two.names[number % 3 % 2]
        (reply,) = two.cluster.ask(command, workers=[worker], timeout_s=20)
        return (reply.value == "pong") == (command == "ping"), {reply.worker, worker}

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(80)))

    assert all(right and len(workers) == 1 for right, workers in answers)


def _values(two: Two, command: str) -> list[Any]:
    return [reply.value for reply in two.cluster.ask(command, workers=two.names, timeout_s=20)]
