"""A queue is paused and resumed at real workers, on Redis and RabbitMQ."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import rabbit_vhost, redis_database
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker

BROKERS = {"redis": redis_database, "rabbitmq": rabbit_vhost}


class Cluster:
    """Workers of one broker, and the Umbels that act on them."""

    def __init__(self, broker: str, backend: str, app: Celery, directory: Path) -> None:
        self.broker = broker
        self.app = app
        self.directory = directory
        self._environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}

    @contextlib.contextmanager
    def worker(self, name: str, *options: str) -> Iterator[CeleryWorker]:
        log = self.directory / f"{name}.log"
        given = options or ("-Q", "mail,other")
        with celery_worker(
            WORKERAPP, self._environment, log, name=f"{name}@test", options=given
        ) as worker:
            yield worker

    def umbel(self, **options: Any) -> contextlib.AbstractContextManager[Umbel]:
        return umbel_serve(self.broker, self.directory / "umbel", **options)

    def send(self, queue: str, count: int = 1) -> list[str]:
        return [
            task(self.app, "add", number, 1).apply_async(queue=queue).id for number in range(count)
        ]


@pytest.fixture(
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ]
)
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    with cluster_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture(
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=[pytest.mark.rabbitmq, pytest.mark.thorough]),
    ]
)
def cluster(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    with cluster_of(request.param, tmp_path) as found:
        yield found


@contextlib.contextmanager
def cluster_of(kind: str, tmp_path: Path) -> Iterator[Cluster]:
    with (
        BROKERS[kind]() as broker,
        redis_database() as backend,
        celery_client(broker, backend) as app,
    ):
        yield Cluster(broker, backend, app, tmp_path)


def planned(umbel: Umbel, what: str, queue: str = "mail", **body: object) -> dict[str, Any]:
    answer = umbel.client.http.post(f"/api/v1/queues/{queue}/{what}", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def act(umbel: Umbel, what: str, queue: str = "mail", **body: object) -> dict[str, Any]:
    """Plan, execute, and wait for the report."""
    plan = planned(umbel, what, queue, **body)
    assert plan["impossible"] is None, plan
    answer = umbel.client.http.post(f"/api/v1/actions/{plan['id']}/execute", json={})
    assert answer.status_code == 202, answer.text

    def ended() -> dict[str, Any] | None:
        report: dict[str, Any] = umbel.client.get(f"actions/{plan['id']}")["report"]
        return report if report["state"] != "running" else None

    return wait_until(ended, timeout_s=40, what=f"the end of {what}")


def consumers(umbel: Umbel, queue: str = "mail") -> list[str] | None:
    """Who says that they consume a queue."""
    row = listed(umbel, queue)
    return row["workers"] if row is not None else None


def listed(umbel: Umbel, queue: str = "mail") -> dict[str, Any] | None:
    return next((row for row in umbel.client.get("queues")["items"] if row["name"] == queue), None)


def until_consumed_by(umbel: Umbel, *workers: str, queue: str = "mail") -> None:
    names = sorted(f"{name}@test" for name in workers)
    try:
        wait_until(lambda: consumers(umbel, queue) == names, timeout_s=40)
    except AssertionError:
        raise AssertionError(f"not {names}, but {listed(umbel, queue)}") from None


def statuses(umbel: Umbel) -> list[str]:
    """Whether workers are heard."""
    return [each["status"] for each in umbel.client.get("workers")["items"]]


def until_run(umbel: Umbel, ids: list[str]) -> None:
    def states() -> set[str]:
        return {(umbel.client.task(uuid) or {}).get("state", "") for uuid in ids}

    wait_until(lambda: states() == {"SUCCESS"}, timeout_s=40, what="all tasks to run")


def started(umbel: Umbel, ids: list[str]) -> list[str]:
    """Those that any worker began, or took."""
    found = [umbel.client.task(uuid) or {} for uuid in ids]
    return [each["uuid"] for each in found if each.get("received") or each.get("started")]


def test_nothing_of_a_paused_queue_runs_until_it_is_resumed(either: Cluster) -> None:
    cluster = either
    with cluster.umbel() as umbel, cluster.worker("w1"), cluster.worker("w2"):
        until_consumed_by(umbel, "w1", "w2")
        until_run(umbel, cluster.send("mail", 4))

        report = act(umbel, "pause", reason="SMTP is down")
        waiting = cluster.send("mail", 12)
        until_run(umbel, cluster.send("other", 6))
        row = listed(umbel)
        begun = started(umbel, waiting)
        again = planned(umbel, "pause")
        resumed = act(umbel, "resume")
        until_run(umbel, waiting)
        until_consumed_by(umbel, "w1", "w2")

    assert [each["outcome"] for each in report["workers"]] == ["ok", "ok"], report
    assert report["sentence"] == "mail is paused. 2 of 2 workers stopped consuming it."
    assert row is not None
    assert (row["ready"], row["workers"]) == (12, [])
    assert begun == []
    assert "(SMTP is down) already" in again["impossible"]
    assert [each["outcome"] for each in resumed["workers"]] == ["ok", "ok"], resumed


def test_a_worker_that_joins_while_a_queue_is_paused_does_not_consume_it(
    cluster: Cluster,
) -> None:
    with cluster.umbel() as umbel, cluster.worker("w1"):
        until_consumed_by(umbel, "w1")
        act(umbel, "pause")
        with cluster.worker("w2", "-Q", "mail,late"):
            until_consumed_by(umbel, "w2", queue="late")
            until_consumed_by(umbel)
            waiting = cluster.send("mail", 5)
            until_run(umbel, cluster.send("late", 3))
            begun = started(umbel, waiting)

            report = act(umbel, "resume")
            until_run(umbel, waiting)
            until_consumed_by(umbel, "w1", "w2")

    assert begun == []
    assert report["sentence"] == "mail is paused no more. 2 of 2 workers consume it again."


def test_a_worker_that_died_is_absent_and_one_that_was_restarted_comes_by_itself(
    cluster: Cluster,
) -> None:
    with cluster.umbel() as umbel, cluster.worker("w1"):
        with cluster.worker("dies"), cluster.worker("back"):
            until_consumed_by(umbel, "w1", "dies", "back")
            act(umbel, "pause")
        with cluster.worker("back", "-Q", "other"):
            until_consumed_by(umbel, "w1", "back", queue="other")

            report = act(umbel, "resume")
            until_consumed_by(umbel, "w1")
            until_run(umbel, cluster.send("mail", 3))

    answers = {each["worker"]: each["outcome"] for each in report["workers"]}
    assert answers == {"w1@test": "ok", "back@test": "ok"}
    assert "dies@test is gone." in report["sentence"]


def test_a_pause_outlives_its_server_and_stops_who_came_meanwhile(cluster: Cluster) -> None:
    with cluster.worker("w1"):
        with cluster.umbel() as umbel:
            until_consumed_by(umbel, "w1")
            plan = planned(umbel, "pause")
            with contextlib.suppress(Exception):
                umbel.client.http.post(
                    f"/api/v1/actions/{plan['id']}/execute", json={}, timeout=0.05
                )
            os.kill(umbel.process.pid, signal.SIGKILL)
        with cluster.worker("w2"), cluster.umbel() as umbel:
            paused = "paused by" in (planned(umbel, "pause")["impossible"] or "")
            # Who is not heard of yet consumes all the same.
            until_consumed_by(umbel, "w1", "w2", queue="other")
            if not paused:  # it was killed before it wrote what it was about to do
                until_consumed_by(umbel, "w1", "w2")
                act(umbel, "pause")
            until_consumed_by(umbel)
            waiting = cluster.send("mail", 3)
            until_run(umbel, cluster.send("other", 3))
            begun = started(umbel, waiting)
            act(umbel, "resume")
            until_run(umbel, waiting)
            until_consumed_by(umbel, "w1", "w2")

    assert begun == []


def test_a_busy_worker_stops_when_it_listens_again(cluster: Cluster) -> None:
    with (
        cluster.umbel() as umbel,
        cluster.worker("solo", "-Q", "mail", "-P", "solo") as solo,
        cluster.worker("free", "-Q", "free"),
    ):
        until_consumed_by(umbel, "solo")
        nap = task(cluster.app, "nap", 25).apply_async(queue="mail").id
        # Such a worker sends nothing while it runs a task.
        wait_until(lambda: f"[{nap}] received" in solo.process.output(), what="the nap")
        wait_until(lambda: "silent" in statuses(umbel), what="no heartbeat of the worker")
        report = act(umbel, "pause")
        until_run(umbel, [nap])
        until_consumed_by(umbel)
        waiting = cluster.send("mail", 3)
        until_run(umbel, cluster.send("free", 3))
        begun = started(umbel, waiting)
        act(umbel, "resume")
        until_run(umbel, waiting)

    assert [each["outcome"] for each in report["workers"]] == ["unknown"], report
    assert "did not confirm it, and is asked again" in report["sentence"]
    assert begun == []


def test_another_umbel_sees_a_queue_without_consumers_alone(cluster: Cluster) -> None:
    with cluster.umbel() as umbel, cluster.worker("w1"):
        until_consumed_by(umbel, "w1")
        act(umbel, "pause")
        with umbel_serve(cluster.broker, cluster.directory / "second") as second:
            plan = planned(second, "resume")
            cluster.send("mail")
            until_consumed_by(second)

    assert "not paused here" in plan["impossible"]
