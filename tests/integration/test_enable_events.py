"""Workers that run without -E are told to send task events, where settings say so."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import rabbit_vhost, redis_database
from tests.support.umbels import umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

BROKERS = {"redis": redis_database, "rabbitmq": rabbit_vhost}


@pytest.mark.parametrize("kind", ["redis", pytest.param("rabbitmq", marks=pytest.mark.thorough)])
def test_tasks_of_a_worker_without_events_are_seen_also_after_its_restart(
    kind: str, tmp_path: Path
) -> None:
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker, backend = enter(BROKERS[kind]()), enter(redis_database())
        umbel = enter(umbel_serve(broker, tmp_path / "umbel", "--enable-events", "always"))
        app = enter(celery_client(broker, backend))
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        for start in (1, 2):
            with celery_worker(
                WORKERAPP, environment, tmp_path / f"{start}.log", name="w@test", events=False
            ):
                lines = wait_until(
                    lambda start=start: (
                        len(  # type: ignore[misc]
                            umbel.client.get("audit", action="enable_events")["items"]
                        )
                        == start
                    ),
                    what="the line in the audit",
                )
                assert lines
                sent = task(app, "add", start, 2).delay().id
                wait_until(
                    lambda sent=sent: (
                        (umbel.client.task(sent) or {}).get("state")  # type: ignore[misc]
                        == "SUCCESS"
                    ),
                    what="the task's end",
                )
        assert umbel.client.live()["state"] == "live"
        [line] = umbel.client.get("audit", action="enable_events", limit=1)["items"]
        assert (line["actor"], line["outcome"]) == ("umbel", "done")
