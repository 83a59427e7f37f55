"""Redis keeps no events: what may have been missed while it was away is told."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import ValkeyBroker
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

pytestmark = pytest.mark.timeout(180)


def test_a_restarted_broker_is_a_gap_that_is_told_and_collecting_goes_on(
    tmp_path: Path, valkey: ValkeyBroker
) -> None:
    with umbel_serve(valkey.url, tmp_path / "umbel") as umbel:
        first = _run_a_task(valkey, umbel, tmp_path)

        valkey.kill()
        wait_until(lambda: umbel.client.live()["state"] == "blind", what="blindness to be told")
        assert str(valkey.port) in umbel.client.live()["sentence"]
        valkey.start()
        wait_until(umbel.is_live, timeout_s=60, what="it to be live again")

        (collector,) = umbel.client.status()["collectors"]
        assert "may be missing" in umbel.client.live()["sentence"]
        assert len(collector["gaps"]) == 1
        assert collector["reconnections"] == 1
        second = _run_a_task(valkey, umbel, tmp_path)
        assert {row["uuid"] for row in umbel.client.rows()} == {first, second}


def _run_a_task(valkey: ValkeyBroker, umbel: Umbel, directory: Path) -> str:
    """Run one task with a worker of its own; its id, once it is stored as succeeded."""
    environment = {"UMBEL_TEST_BROKER": valkey.url, "UMBEL_TEST_BACKEND": valkey.url}
    with contextlib.ExitStack() as running:
        running.enter_context(
            celery_worker(WORKERAPP, environment, directory / "worker.log", pool="solo")
        )
        app = running.enter_context(celery_client(valkey.url, valkey.url))
        sent: str = task(app, "add", 1, 2).apply_async().id

        def succeeded() -> dict[str, Any] | None:
            found = umbel.client.task(sent)
            return found if found is not None and found["state"] == "SUCCESS" else None

        wait_until(succeeded, what="the task to be stored")
    return sent
