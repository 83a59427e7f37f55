"""A worker and an Umbel that watches it, for the Python API in this process and over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from celery import Celery

from tests.support.applications import WORKERAPP, celery_client
from tests.support.brokers import redis_database, valkey_broker
from tests.support.umbels import umbel_environment, umbel_serve
from tests.support.workers import CeleryWorker, celery_worker


class WatchedCluster(NamedTuple):
    """The application of the worker's broker and backend, the worker, and Umbel's address."""

    app: Celery
    worker: CeleryWorker
    url: str


@contextlib.contextmanager
def watched_cluster(directory: Path) -> Iterator[WatchedCluster]:
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker, backend = enter(redis_database()), enter(valkey_broker(directory)).url
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        serving = enter(
            umbel_serve(
                broker,
                directory / "umbel",
                environment=umbel_environment(UMBEL_RESULT_BACKEND=backend),
            )
        )
        worker = enter(celery_worker(WORKERAPP, environment, directory / "worker.log"))
        app = enter(celery_client(broker, backend))
        yield WatchedCluster(app, worker, serving.client.url)
