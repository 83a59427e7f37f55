"""What tasks log in real workers is in Umbel, and other listeners see what they saw before."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from celery.events.state import State

from tests.api.flower.comparison import flower_command
from tests.support.applications import WORKERAPP, celery_client
from tests.support.services import absent
from tests.support.umbels import Umbel, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

pytestmark = pytest.mark.redis


def log(umbel: Umbel, uuid: str) -> dict[str, Any]:
    answer = umbel.client.http.get(f"/api/v1/tasks/{uuid}/log")
    return answer.json() if answer.status_code == 200 else {"parts": [], "runs": []}


def texts(umbel: Umbel, uuid: str) -> list[str]:
    return [line["text"] for part in log(umbel, uuid)["parts"] for line in part["lines"]]


def state(umbel: Umbel, uuid: str) -> str | None:
    return (umbel.client.task(uuid) or {}).get("state")


def test_lines_are_there_while_a_task_runs_after_it_was_killed_and_of_each_run(
    redis_url: str, tmp_path: Path
) -> None:
    environment = {
        "UMBEL_TEST_BROKER": redis_url,
        "UMBEL_TEST_EVENTS": "umbel.worker:StreamEvents",
        "UMBEL_TEST_LOG_LINES": "100",
    }
    with contextlib.ExitStack() as running:
        umbel = running.enter_context(umbel_serve(redis_url, tmp_path / "umbel"))
        worker = celery_worker(WORKERAPP, environment, tmp_path / "worker.log", concurrency=3)
        running.enter_context(worker)
        app = running.enter_context(celery_client(redis_url, "cache+memory://"))

        many = app.send_task(f"{WORKERAPP}.chatter", (50_000,)).id
        again = app.send_task(f"{WORKERAPP}.chatter", (1,), {"retries": 1}).id
        killed = app.send_task(f"{WORKERAPP}.chatter", (2,), {"hold": True}).id
        quiet = app.send_task(f"{WORKERAPP}.add", (1, 2)).id

        wait_until(lambda: len(texts(umbel, killed)) == 4)
        assert state(umbel, killed) == "STARTED"
        pid = int(texts(umbel, killed)[-1].removeprefix("printed by "))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: state(umbel, killed) == "FAILURE")
        assert texts(umbel, killed) == [
            "line 1",
            "line 2",
            "password=<hidden>, and \N{SNOWMAN}",
            f"printed by {pid}",
        ]
        levels = [line["level"] for part in log(umbel, killed)["parts"] for line in part["lines"]]
        assert levels == [20, 20, 30, 30]

        wait_until(
            lambda: log(umbel, many)["runs"] and log(umbel, many)["runs"][0]["written"] > 50_000
        )
        (run,) = log(umbel, many)["runs"]
        assert (run["written"], run["left_out"], run["missing"]) == (50_002, 49_902, 0)
        assert texts(umbel, many)[-1].startswith("printed by ")

        wait_until(lambda: len(texts(umbel, again)) == 6)
        assert [each["retries"] for each in log(umbel, again)["runs"]] == [0, 1]

        wait_until(lambda: state(umbel, quiet) == "SUCCESS")
        assert log(umbel, quiet)["parts"] == []
        assert log(umbel, quiet)["are_sent"]


EVENT = {
    "type": "log-lines", "uuid": "t1", "hostname": "celery@a", "timestamp": 1.8e9, "pid": 1,
    "local_received": 1.8e9, "clock": 1, "retries": 0, "log_lines": [1.8e9, 1, 1, 0, []],
}  # fmt: skip
#: What Flower has after such an event: tasks, workers, and samples of its metrics.
IN_FLOWER = f"""
from flower.events import EventsState
from prometheus_client import REGISTRY
state = EventsState()
state.event({EVENT!r})
samples = [s for m in REGISTRY.collect() if m.name.startswith("flower_") for s in m.samples]
print(len(state.tasks), len(state.workers), samples)
"""


def test_lines_of_a_log_are_nothing_to_celery_and_flower() -> None:
    command, problem = flower_command()
    if command is None:
        absent("Flower", problem or "")
    state = State()

    state.event(EVENT)

    assert (dict(state.tasks), dict(state.workers), state.task_count) == ({}, {}, 0)
    python = command.with_name("python")
    found = subprocess.run([python, "-c", IN_FLOWER], check=True, capture_output=True, text=True)
    assert found.stdout.split(maxsplit=2)[:2] == ["0", "0"]
    assert "[]" in found.stdout
