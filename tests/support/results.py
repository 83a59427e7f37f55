"""Workers of `tests/integration/resultsapp.py` and their result backend as Umbel reads it."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from celery import Celery

from tests.support.applications import celery_client
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker
from umbel.results.base import Result, ResultBackend
from umbel.results.opening import open_results

RESULTSAPP = "tests.integration.resultsapp"
#: Tasks that each left a result of a megabyte.
LARGE_IDS = tuple(f"large-{number}" for number in range(60))
LARGE_META = {"status": "SUCCESS", "result": "x" * 1_000_000}


class Worker(NamedTuple):
    """A running worker, a client that sends it tasks, and its results."""

    app: Celery
    results: ResultBackend

    def send(self, name: str, *args: Any, **kwargs: Any) -> str:
        """The id of a task of `resultsapp`, sent now."""
        sent = self.app.send_task(f"{RESULTSAPP}.{name}", args=args, kwargs=kwargs)
        return str(sent.id)

    def ended(self, name: str, *args: Any, **kwargs: Any) -> Result:
        """What is kept of a task that is sent now, once it has ended."""
        return self.results.wait(self.send(name, *args, **kwargs), 20)

    def many(self, *task_ids: str) -> dict[str, Result]:
        """What is kept of these, asked for at once."""
        return by_id(self.results, *task_ids)

    def until(self, task_id: str, state: str) -> Result:
        """What is kept once the task is in `state`."""
        wait_until(lambda: self.results.get(task_id).state == state, what=state)
        return self.results.get(task_id)


def by_id(results: ResultBackend, *task_ids: str) -> dict[str, Result]:
    """What is kept of these, asked for at once."""
    return {each.task_id: each for each in results.get_many(task_ids)}


def assert_a_few_are_held(results: ResultBackend) -> None:
    """Of `LARGE_IDS`, and others, all are read, and never more than some held in memory."""
    tracemalloc.start()
    states = Counter(each.state for each in results.get_many(["absent", *LARGE_IDS]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert states == {"PENDING": 1, "SUCCESS": len(LARGE_IDS)}
    assert peak < 40_000_000


@contextlib.contextmanager
def results_worker(
    broker: str, backend: str, log: Path, *, concurrency: int = 2, **conf: Any
) -> Iterator[Worker]:
    """A worker on `broker` that keeps results in `backend`, with further settings `conf`,
    which Umbel reads with the same settings."""
    environment = {
        "UMBEL_TEST_BROKER": broker,
        "UMBEL_TEST_BACKEND": backend,
        "UMBEL_TEST_CONF": json.dumps(conf),
        "C_FORCE_ROOT": "1",  # a worker that accepts pickle refuses to run as root otherwise
    }
    with (
        celery_worker(RESULTSAPP, environment, log, concurrency=concurrency),
        celery_client(broker, backend) as app,
        opened(backend, **conf) as results,
    ):
        yield Worker(app, results)


@contextlib.contextmanager
def opened(backend: str, **conf: Any) -> Iterator[ResultBackend]:
    """Results in `backend` for an application of its own, closed at the end."""
    app = Celery("reader", backend=backend, set_as_current=False)
    app.conf.update(conf)
    results = open_results(app)
    try:
        yield results
    finally:
        results.close()
        app.close()
