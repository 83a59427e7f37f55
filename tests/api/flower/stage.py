"""A real cluster on which every kind of task was played, for Umbel and Flower to tell of."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import httpx
from celery import Celery

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import free_port, rabbit_vhost, redis_database
from tests.support.processes import Process
from tests.support.rabbitmq_management import management_api
from tests.support.umbels import umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import ROOT, celery_worker


class Subject(NamedTuple):
    """A monitor that answers Flower's API. `tag` marks what is changed by asking it."""

    tag: str
    http: httpx.Client


class Stage(NamedTuple):
    """`umbel` and, unless it is left out, `flower` watch `worker` and `spare`, which may be
    stopped. `ids` are the tasks that were played."""

    umbel: Subject
    flower: Subject | None
    worker: str
    spare: str
    ids: Mapping[str, str]

    def names(self, subject: Subject) -> dict[str, str]:
        """What stands for `{names}` in the path of a step."""
        return {**self.ids, "worker": self.worker, "spare": self.spare, "tag": subject.tag,
                "app": WORKERAPP}  # fmt: skip


@contextlib.contextmanager
def stage(directory: Path, celery: Path | None, *, rabbitmq: bool = False) -> Iterator[Stage]:
    """See `Stage`. `celery` is the command beside Flower, None to leave Flower out. The broker is
    Redis, or RabbitMQ with its management API."""
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker = enter(rabbit_vhost() if rabbitmq else redis_database())
        backend = enter(redis_database())
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        if rabbitmq:
            environment["FLOWER_BROKER_API"] = _with_user(enter(management_api()), broker)
        flower = enter(_flower(celery, environment, directory)) if celery else None
        patient = ("--inspect-timeout", "2s")  # the machine may be busy
        options = ["--result-backend", backend, *patient]
        if rabbitmq:
            options += ["--broker-api", environment["FLOWER_BROKER_API"]]
        umbel = enter(umbel_serve(broker, directory / "umbel", *options))
        asked = enter(httpx.Client(base_url=umbel.client.url, timeout=30))
        workers = [
            enter(
                celery_worker(
                    WORKERAPP, environment, directory / f"{pool}.log", pool=pool, options=queues
                )
            )
            for pool, queues in (("prefork", ()), ("solo", ("-Q", "spare-queue")))
        ]
        app = enter(celery_client(broker, backend))
        subjects = [Subject("by-umbel", asked)]
        if flower is not None:
            subjects.append(Subject("by-flower", flower))
        for subject, worker in product(subjects, workers):
            wait_until(partial(_knows, subject, worker.name), what="the worker")
        ids = _play(app)
        for subject in subjects:
            wait_until(partial(_has_all, subject, ids), what=f"{subject.tag} to know all")
        names = [worker.name for worker in workers]
        yield Stage(subjects[0], subjects[1] if flower else None, names[0], names[1], ids)


def _with_user(management: str, broker: str) -> str:
    """The address as Flower's documentation has it: with the broker's user and the API's path."""
    api, user = urlsplit(management), urlsplit(broker).netloc.rpartition("@")[0]
    return urlunsplit((api.scheme, f"{user}@{api.netloc}", "/api/", "", ""))


def _play(app: Celery) -> dict[str, str]:
    """Tasks by what becomes of them, one after the other: `later` waits for its ETA, `lost`
    for a worker; `parent` sends two children."""
    calls = {
        "added": task(app, "add", 2, 3),
        "echoed": task(app, "echo", "needle", kwargs={"customer": "ann", "order": 4711}),
        "declined": task(app, "decline", 7),
        "lucky": task(app, "third_time_lucky", 8),
        "parent": task(app, "parent_of_two"),
    }
    ids: dict[str, str] = {}
    for name, call in calls.items():
        result = call.apply_async()
        ids[name] = result.id
        told = result.get(timeout=30, propagate=False)
    for number, child in enumerate(told, 1):
        ids[f"child{number}"] = child
    ids["later"] = task(app, "add", 1, 1).apply_async(countdown=3_600, expires=7_200).id
    ids["lost"] = task(app, "add", 1, 2).apply_async(queue="nobody").id
    return ids


_ENDS = {
    "added": "SUCCESS", "echoed": "SUCCESS", "declined": "FAILURE", "lucky": "SUCCESS",
    "parent": "SUCCESS", "child1": "SUCCESS", "child2": "SUCCESS", "later": "RECEIVED",
    "lost": "PENDING",
}  # fmt: skip


def _has_all(subject: Subject, ids: Mapping[str, str]) -> bool:
    found = {name: _info(subject, ids[name]) for name in ids}
    return all(info and info["state"] == _ENDS[name] for name, info in found.items())


def _info(subject: Subject, task_id: str) -> dict[str, object] | None:
    answer = subject.http.get(f"/api/task/info/{task_id}")
    found: dict[str, object] | None = answer.json() if answer.status_code == 200 else None
    return found


def _knows(subject: Subject, worker: str) -> bool:
    """Whether heartbeats arrive, and the worker can be acted on."""
    alive: dict[str, bool] = subject.http.get("/api/workers", params={"status": 1}).json()
    if not alive.get(worker):
        return False
    profile = subject.http.get("/api/workers", params={"workername": worker, "refresh": 1})
    return profile.status_code == 200 and "stats" in profile.json()[worker]


@contextlib.contextmanager
def _flower(
    celery: Path, environment: Mapping[str, str], directory: Path
) -> Iterator[httpx.Client]:
    port = free_port()
    command = [str(celery), "-A", WORKERAPP, "flower", "--address=127.0.0.1", f"--port={port}"]
    settings = {**environment, "FLOWER_UNAUTHENTICATED_API": "true", "PYTHONPATH": str(ROOT)}
    log = directory / "flower.log"
    with (
        Process(command, log, cwd=ROOT, env={**os.environ, **settings}) as process,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        wait_until(lambda: _is_up(process, client), timeout_s=60, what="Flower to answer")
        yield client


def _is_up(process: Process, client: httpx.Client) -> bool:
    process.must_run()
    try:
        return client.get("/healthcheck").status_code == 200
    except httpx.TransportError:
        return False
