"""A Django project watched as `celery -A djproj umbel`: results, sending, retrying and aborting
work as in a worker of the project, whatever is asked first."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.support.brokers import free_port, redis_database
from tests.support.processes import Process
from tests.support.umbels import Client, umbel_environment
from tests.support.waiting import wait_until
from tests.support.workers import ROOT, celery_worker

pytestmark = pytest.mark.redis

APP = "tests.integration.djproj"
TASKS = f"{APP}.shop.tasks"
KEPT = {
    "tables": {"DJPROJ_RESULTS": "django-db"},
    "cache": {
        "DJPROJ_RESULTS": "django-cache",
        "DJPROJ_CACHE": "django.core.cache.backends.db.DatabaseCache",
        "DJPROJ_CACHE_AT": "results",
    },
}


class Project(NamedTuple):
    """A running project: its environment and where its Umbel is asked."""

    environment: dict[str, str]
    url: str

    def post(self, path: str, **body: object) -> httpx.Response:
        return httpx.post(self.url + path, json=body, timeout=60)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=60)

    def ended(self, name: str, *args: object) -> dict[str, object]:
        """What Umbel tells of a task that it sent and waited for."""
        answer = self.post(f"/api/task/apply/{TASKS}.{name}", args=list(args))
        assert answer.status_code == 200, answer.text
        told: dict[str, object] = answer.json()
        return told


def manage(environment: dict[str, str], *arguments: str) -> None:
    command = [sys.executable, "-W", "ignore", "-m", "django", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module", params=KEPT)
def project(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The project with a worker and `celery umbel`, started anew: nothing was asked before."""
    with redis_database() as broker:
        yield from _running(tmp_path_factory.mktemp("django"), broker, KEPT[request.param])


def _running(directory: Path, broker: str, kept: dict[str, str]) -> Iterator[Project]:
    port = free_port()
    environment = umbel_environment(
        DJANGO_SETTINGS_MODULE=f"{APP}.settings",
        DJPROJ_BROKER=broker,
        DJPROJ_DATABASE=str(directory / "project.db"),
        **{"DJPROJ_CACHE_AT": str(directory / "cache"), **kept},
        UMBEL_DATA=str(directory / "umbel"),
        UMBEL_PORT=str(port),
    )
    manage(environment, "migrate")
    if environment.get("DJPROJ_CACHE_AT") == "results":
        manage(environment, "createcachetable")
    command = [sys.executable, "-m", "celery", "-A", APP, "umbel"]
    client = Client(f"http://127.0.0.1:{port}")
    with (
        celery_worker(APP, environment, directory / "worker.log", concurrency=1),
        Process(command, directory / "umbel.log", cwd=ROOT, env=environment) as umbel,
        contextlib.closing(client.http),
    ):

        def is_live() -> bool:
            umbel.must_run()
            return client.is_up("/livez") and client.live()["state"] == "live"

        wait_until(is_live, timeout_s=60, what="Umbel to be live")
        yield Project(environment, client.url)


def test_a_result_is_the_first_thing_that_is_asked(project: Project) -> None:
    answer = project.get("/api/v1/results/2b1c0b1c-5f8c-4d5e-9d43-8f1f6a1c0b1c")

    assert (answer.status_code, answer.json()["state"]) == (200, "PENDING")


def test_results_and_errors_are_told(project: Project) -> None:
    told = project.ended("add", 2, 3)
    failed = project.ended("decline", 7)

    assert (told["state"], told["result"]) == ("SUCCESS", 5)
    assert (failed["state"], failed["result"]) == (
        "FAILURE",
        "Declined('order 7', {'order': 7})",
    )
    assert "Declined: " in str(failed["traceback"])


def test_a_failed_task_is_retried(project: Project) -> None:
    failed = project.ended("decline", 8)["task-id"]
    wait_until(
        lambda: project.get(f"/api/v1/tasks/{failed}").json().get("state") == "FAILURE",
        what="the failure",
    )

    done = subprocess.run(
        [sys.executable, "-m", "umbel", "retry", str(failed), "--yes", "-s", project.url],
        env=os.environ | {"UMBEL_PORT": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    found = wait_until(
        lambda: project.get("/api/v1/tasks?q=name:*.decline%20args:8&limit=5").json()["items"][1:],
        what="the second one",
    )
    assert failed in [each["uuid"] for each in found]


def test_a_task_is_aborted(project: Project) -> None:
    sent = project.post(f"/api/task/async-apply/{TASKS}.until_aborted").json()["task-id"]
    wait_until(
        lambda: project.get(f"/api/v1/results/{sent}").json()["state"] == "STARTED",
        what="its start",
    )

    assert project.post(f"/api/task/abort/{sent}").status_code == 200

    told = wait_until(
        lambda: (
            (found := project.get(f"/api/v1/results/{sent}").json())["state"] == "SUCCESS" and found
        ),
        what="its end",
    )
    assert told["result"] == "aborted"


def test_tasks_are_described_as_the_project_has_them(project: Project) -> None:
    names = {each["name"]: each for each in project.get("/api/v1/registered").json()["items"]}

    assert names[f"{TASKS}.add"]["doc"] == "The sum."


def test_the_doctor_reads_settings_that_django_has_in_capitals(project: Project) -> None:
    items = project.get("/api/v1/doctor").json()["items"]

    found = {each["id"]: each for each in items}
    assert found["time-limits"]["verdict"] == "well"
    assert found["results"]["verdict"] == "well"
    kept = project.environment["DJPROJ_RESULTS"]
    assert f"Workers keep results in {kept}." in found["results"]["evidence"]
