"""Queues and workers are sampled over real brokers, by one of several servers."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import ValkeyBroker, rabbit_vhost, redis_database
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.client.client import Client
from umbel.python.remote import RemoteSource

BROKERS = {"redis": redis_database, "rabbitmq": rabbit_vhost}
EVERY_SECOND = ("--samples-period", "1s")


def points(umbel: Umbel, what: str, name: str) -> list[dict[str, Any]]:
    """What was sampled in the last hour of a queue or a worker."""
    found = umbel.client.get(f"samples/{what}", names=name, bucket=10)["items"]
    return found[0]["points"] if found else []


def last(umbel: Umbel, what: str, name: str) -> dict[str, Any]:
    """The last point; empty if there is none."""
    return next(reversed(points(umbel, what, name)), {})


def sampling(umbel: Umbel) -> dict[str, Any]:
    found: dict[str, Any] = umbel.client.status()["samples"]
    return found


@pytest.mark.parametrize("kind", ["redis", pytest.param("rabbitmq", marks=pytest.mark.thorough)])
def test_queues_and_workers_are_seen_over_time(kind: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker, backend = enter(BROKERS[kind]()), enter(redis_database())
        umbel = enter(umbel_serve(broker, tmp_path / "umbel", *EVERY_SECOND))
        app = enter(celery_client(broker, backend))
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        log = tmp_path / "worker.log"
        worker = enter(celery_worker(WORKERAPP, environment, log, name="w@test", concurrency=2))
        if kind == "rabbitmq":  # a worker declares a queue, a sample never does
            with app.connection_for_write() as connection:
                connection.default_channel.queue_declare("nobody", durable=True, auto_delete=False)
        for _ in range(3):
            task(app, "add", 1, 2).apply_async(queue="nobody")
        for _ in range(5):
            task(app, "nap", 8).delay()

        wait_until(lambda: last(umbel, "queues", "nobody").get("depth_max") == 3, timeout_s=80)
        wait_until(lambda: last(umbel, "queues", "nobody").get("consumers") == 0, timeout_s=80)
        wait_until(lambda: last(umbel, "queues", "celery").get("consumers") == 1, timeout_s=80)
        wait_until(lambda: last(umbel, "workers", worker.name).get("pool") == 2, timeout_s=80)
        wait_until(lambda: any(p["running_max"] == 2 for p in points(umbel, "workers", "w@test")))

        oldest = last(umbel, "queues", "nobody")["oldest_s"]
        assert oldest is None if kind == "rabbitmq" else oldest > 0
        source = enter(contextlib.closing(RemoteSource(Client(umbel.client.url))))
        (listed,) = (each for each in source.queues().items if each.name == "nobody")
        assert listed.depths
        assert listed.depths[-1] == 3
        assert (listed.ready, listed.workers) == (3, ())
        found = sampling(umbel)
        assert (found["trouble"], found["elsewhere"], found["workers"]) == (None, False, 1)
        assert found["took_s"] < 2


def test_one_of_two_servers_samples_and_the_other_goes_on_when_it_is_killed(tmp_path: Path) -> None:
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker = enter(redis_database())
        first = enter(umbel_serve(broker, tmp_path / "umbel", *EVERY_SECOND))
        wait_until(lambda: sampling(first)["at"], what="a sample of the first")
        second = enter(
            umbel_serve(broker, tmp_path / "umbel", "--no-collect", *EVERY_SECOND, live=False)
        )
        wait_until(lambda: sampling(second)["elsewhere"], what="the second to find the lease")
        assert not sampling(first)["elsewhere"]

        first.process.kill_group()

        wait_until(lambda: sampling(second)["at"], timeout_s=60, what="a sample of the second")
        assert last(second, "queues", "celery")["depth"] == 0


def test_a_broker_that_goes_away_and_comes_back_leaves_a_gap(
    valkey: ValkeyBroker, tmp_path: Path
) -> None:
    with umbel_serve(valkey.url, tmp_path / "umbel", *EVERY_SECOND) as umbel:
        wait_until(lambda: points(umbel, "queues", "celery"), what="a sample")

        valkey.kill()
        wait_until(lambda: sampling(umbel)["trouble"], what="the sampler to notice")
        while_away = sampling(umbel)
        valkey.start()

        wait_until(lambda: not sampling(umbel)["trouble"], timeout_s=80, what="it to go on")
        wait_until(lambda: sampling(umbel)["queues"], what="a sample")
    assert while_away["queues"] == 0
    said = (tmp_path / "umbel.log").read_text()
    assert said.count("Queues and workers were not sampled") <= 2


def test_a_server_that_shall_not_sample_does_not(tmp_path: Path) -> None:
    with redis_database() as broker:
        with umbel_serve(broker, tmp_path / "umbel", "--samples-period", "none") as umbel:
            assert umbel.client.status()["samples"] is None
            assert umbel.client.get("samples/queues")["items"] == []
        assert not (tmp_path / "umbel" / "umbel-samples.db").exists()
