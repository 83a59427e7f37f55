"""Workers and queues by the Python API: in this process, and through a running Umbel."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.applications import WORKERAPP
from tests.support.waiting import wait_until
from tests.support.watched_clusters import WatchedCluster, watched_cluster
from umbel import (
    Events,
    aio,
    inspect,
    purge,
    queue_lengths,
    task_send_task,
    worker_pool_autoscale,
    worker_pool_grow,
    worker_pool_restart,
    worker_pool_shrink,
    worker_queue_add_consumer,
    worker_queue_cancel_consumer,
    worker_shutdown,
    workers,
)
from umbel.errors import NoAnswer

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedCluster]:
    with watched_cluster(tmp_path_factory.mktemp("python-workers")) as running:
        yield running


@pytest.fixture(scope="module", params=["in this process", "of a running Umbel"])
def events(request: pytest.FixtureRequest, cluster: WatchedCluster) -> Iterator[Events]:
    with Events(cluster.app if request.param == "in this process" else cluster.url) as opened:
        yield opened


@pytest.fixture
def name(cluster: WatchedCluster) -> str:
    return cluster.worker.name


def consumed(events: Events, worker: str) -> set[str]:
    return {queue["name"] for queue in inspect(events, "active_queues")[worker]}


def test_workers_are_listed_by_name(events: Events, name: str) -> None:
    wait_until(lambda: name in workers(events), what="a heartbeat")

    worker = workers(events)[name]

    assert (worker["status"], worker.sw_ident, worker.hostname) == ("online", "py-celery", name)


def test_workers_answer_what_celery_can_ask(events: Events, name: str) -> None:
    wait_until(lambda: name in workers(events), what="a heartbeat")

    assert f"{WORKERAPP}.add" in inspect(events, "registered")[name]
    assert inspect(events, "stats", name)[name]["pool"]["max-concurrency"] > 0
    assert inspect(events, "active", [name])[name] == []
    with pytest.raises(ValueError, match="stats, active, scheduled"):
        inspect(events, "moods")  # type: ignore[call-overload]


def test_a_worker_that_does_not_answer_is_missing(events: Events) -> None:
    found = inspect(events, "stats", "nobody@nowhere")

    assert found == {}
    assert found.missing == ("nobody@nowhere",)


def test_a_pool_grows_and_shrinks(events: Events, name: str) -> None:
    def processes() -> int:
        return len(inspect(events, "stats", name)[name]["pool"]["processes"])

    before = processes()

    assert "ok" in worker_pool_grow(events, name, 2)[name]
    wait_until(lambda: processes() == before + 2, what="two more processes")
    assert "ok" in worker_pool_shrink(events, workername=[name], n=2)[name]
    wait_until(lambda: processes() == before, what="two processes less")


@pytest.mark.parametrize(
    "act", [worker_pool_restart, lambda events, name: worker_pool_autoscale(events, name, 1, 2)]
)
def test_a_worker_that_was_not_started_so_refuses(events: Events, name: str, act: Any) -> None:
    assert "error" in act(events, name)[name]


def test_a_worker_consumes_one_queue_more_and_then_not(events: Events, name: str) -> None:
    queue = f"q{uuid.uuid4().hex[:8]}"

    assert "ok" in worker_queue_add_consumer(events, name, queue)[name]
    wait_until(lambda: queue in consumed(events, name), what="the queue to be consumed")
    assert "ok" in worker_queue_cancel_consumer(events, name, queue=queue)[name]
    wait_until(lambda: queue not in consumed(events, name), what="the queue to be left")


def test_queues_are_counted_and_emptied(events: Events, name: str) -> None:
    queue = f"q{uuid.uuid4().hex[:8]}"
    worker_queue_add_consumer(events, name, queue)
    wait_until(lambda: queue in queue_lengths(events), what="the queue to be listed")
    worker_queue_cancel_consumer(events, name, queue)
    wait_until(lambda: queue not in consumed(events, name), what="the queue to be left")
    for number in range(3):
        task_send_task(events, f"{WORKERAPP}.add", (number, 1), queue=queue)

    wait_until(lambda: queue_lengths(events, queue) == {queue: 3}, what="three messages")
    purged = purge(events, queue)

    assert "3" in purged.sentence
    wait_until(lambda: queue_lengths(events, [queue, "nowhere"]) == {queue: 0}, what="none")


@pytest.mark.parametrize("nothing", ["", [], None])
def test_no_worker_is_ever_meant_by_no_name(events: Events, nothing: Any) -> None:
    with pytest.raises(ValueError, match="named by a text"):
        worker_shutdown(events, nothing)


def test_no_answer_of_a_worker_is_a_typed_error(events: Events) -> None:
    with pytest.raises(NoAnswer):
        worker_pool_grow(events, "nobody@nowhere")


def test_they_can_be_awaited(events: Events, name: str) -> None:
    async def run() -> list[Any]:
        return [
            await inspect(events, "active", name),
            await aio.inspect(events, "active", name),
            await workers(events),
            await aio.queue_lengths(events),
        ]

    found = asyncio.run(run())

    assert found[0] == found[1] == {name: []}
    assert name in found[2]


def test_a_worker_is_shut_down(cluster: WatchedCluster) -> None:
    with Events(cluster.url) as events:
        answers = worker_shutdown(events, cluster.worker.name)

        assert "shut down" in answers.sentence
        wait_until(lambda: not inspect(events, "stats", cluster.worker.name), what="its end")
