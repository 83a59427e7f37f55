"""Who lives is known whatever a worker sends, and whatever its clock says."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import valkey_broker
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

pytestmark = [pytest.mark.redis, pytest.mark.timeout(180)]


@pytest.fixture
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey_broker(tmp_path_factory.mktemp("broker")) as server:
        yield server.url


@pytest.fixture
def umbel(broker: str, tmp_path: Path) -> Iterator[Umbel]:
    with umbel_serve(broker, tmp_path / "umbel") as umbel:
        yield umbel


def worker_of(umbel: Umbel, name: str) -> dict[str, Any] | None:
    items = umbel.client.get("workers")["items"]
    return next((each for each in items if each["hostname"] == name), None)


def test_a_worker_without_heartbeats_is_online_by_its_tasks(
    broker: str, umbel: Umbel, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        backend = enter(valkey_broker(tmp_path)).url
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        options = ("--without-heartbeat", "--without-gossip", "--without-mingle")
        worker = enter(
            celery_worker(WORKERAPP, environment, tmp_path / "worker.log", options=options)
        )
        app = enter(celery_client(broker, backend))
        task(app, "add", 1, 2).delay()

        found = wait_until(lambda: worker_of(umbel, worker.name), what="the worker")

        assert found is not None
        assert (found["status"], found["heartbeat"]) == ("online", None)
        assert umbel.client.http.get("/api/workers?status=1").json() == {worker.name: True}
        online = f'flower_worker_online{{worker="{worker.name}"}} 1.0'
        assert online in umbel.client.http.get("/metrics").text


@pytest.mark.parametrize("skew_s", [-5.0, 3_600.0])
def test_a_worker_whose_clock_is_off_lives_and_dies_by_ours(
    broker: str, umbel: Umbel, skew_s: float
) -> None:
    with celery_client(broker, "cache+memory://") as app, app.connection() as connection:
        dispatcher = app.events.Dispatcher(connection, hostname="skewed@h", groups=["worker"])

        def beat() -> dict[str, Any] | None:
            dispatcher.send("worker-heartbeat", freq=0.5, timestamp=time.time() + skew_s)
            return worker_of(umbel, "skewed@h")

        found = wait_until(beat, what="the worker")
        silent = wait_until(lambda: said_silent(umbel), what="its silence")

        assert found is not None
        assert found["status"] == "online"
        assert found["skew_s"] == pytest.approx(skew_s, abs=2.0), json.dumps(found)
        assert silent["status"] == "silent"


def said_silent(umbel: Umbel) -> dict[str, Any] | None:
    found = worker_of(umbel, "skewed@h")
    return found if found is not None and found["status"] != "online" else None
