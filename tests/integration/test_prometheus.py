"""A real Prometheus that scrapes Umbel answers what dashboards and alert rules ask it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest
from celery import Celery

from tests.api.metrics.test_public_queries import CELERY_EXPORTER, FLOWER
from tests.docs.test_contrib import queries
from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import free_port, redis_database
from tests.support.processes import Process
from tests.support.umbels import umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import celery_worker

#: What dashboards let people choose, as Grafana would put it into a query.
_VARIABLES = {"$job": "celery", "$__rate_interval": "30s", "$__range": "10m"}
_CHOSEN = re.compile(r"\$\w+")
#: Nothing is found where all is well: of these it matters that they can be asked.
_THRESHOLD = re.compile(r"(== 0|> 100|\* 100 > 5)\)?$")
_SCRAPED = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: celery
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Prometheus:
    """The API of one, and whatever asks the worker for tasks of every end."""

    def __init__(self, http: httpx.Client, app: Celery) -> None:
        self._http = http
        self._app = app

    def is_up(self) -> bool:
        try:
            return self._http.get("/-/ready").is_success
        except httpx.TransportError:
            return False

    def work(self) -> None:
        """A task of each end; one is revoked before it runs."""
        for name in ("add", "decline", "third_time_lucky", "reject"):
            task(
                self._app, name, *((1, 2) if name == "add" else () if name == "reject" else (7,))
            ).delay()
        late = task(self._app, "add", 1, 2).apply_async(countdown=2)
        self._app.control.revoke(late.id)

    def found(self, query: str) -> int:
        """How many series it answers with; fails where it does not understand."""
        answer = self._http.get("/api/v1/query", params={"query": filled(query)}).json()
        assert answer["status"] == "success", f"{query}: {answer}"
        return len(answer["data"]["result"])


def filled(query: str) -> str:
    """The query with everything chosen."""
    for variable, value in _VARIABLES.items():
        query = query.replace(variable, value)
    return _CHOSEN.sub(".*", query)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    executable = shutil.which("prometheus")
    if executable is None:
        pytest.skip("There is no Prometheus here: sudo apt install prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    with ExitStack() as stack:
        enter = stack.enter_context
        broker, backend = enter(redis_database()), enter(redis_database())
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        enter(celery_worker(WORKERAPP, environment, folder / "worker.log"))
        umbel = enter(umbel_serve(broker, folder / "data", "--result-backend", backend))
        scraped = int(umbel.client.url.rpartition(":")[2])
        (folder / "prometheus.yml").write_text(_SCRAPED.format(port=scraped))
        port = free_port()
        command = [
            executable,
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/tsdb",
            f"--web.listen-address=127.0.0.1:{port}",
        ]
        enter(Process(command, folder / "prometheus.log"))
        http = enter(httpx.Client(base_url=f"http://127.0.0.1:{port}"))
        app = enter(celery_client(broker, backend))
        one = Prometheus(http, app)
        wait_until(one.is_up, what="Prometheus to be ready")
        yield one


def test_queries_of_dashboards_and_rules_are_answered_with_series(prometheus: Prometheus) -> None:
    asked = [*CELERY_EXPORTER, *FLOWER, *queries()]
    empty = list(asked)

    def all_are_answered() -> bool:
        prometheus.work()
        empty[:] = [query for query in empty if prometheus.found(query) == 0]
        return all(_THRESHOLD.search(query) for query in empty)

    try:
        wait_until(all_are_answered, timeout_s=45.0)
    except AssertionError:
        pytest.fail("No series:\n" + "\n".join(q for q in empty if not _THRESHOLD.search(q)))
