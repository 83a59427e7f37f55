"""One real worker and one real Umbel for each broker, with every scenario played once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from tests.integration.scenarios import Scenarios
from tests.support.applications import WORKERAPP, celery_client
from tests.support.brokers import rabbit_vhost, redis_database, valkey_broker
from tests.support.operated import Operated, operated_cluster
from tests.support.umbels import Umbel, umbel_serve
from tests.support.workers import CeleryWorker, celery_worker

BROKERS = {"redis": redis_database, "rabbitmq": rabbit_vhost}


class Cluster(NamedTuple):
    """A worker that was watched by `umbel` while it ran `scenarios`."""

    umbel: Umbel
    worker: CeleryWorker
    scenarios: Scenarios

    def task(self, scenario: str) -> dict[str, Any]:
        """The whole task as the API gives it."""
        found = self.umbel.client.task(self.scenarios.ids[scenario])
        assert found is not None, f"{scenario} is unknown"
        return found


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ],
)
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """Every scenario, played on one broker and at rest."""
    directory = tmp_path_factory.mktemp(request.param)
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker = enter(BROKERS[request.param]())
        backend = enter(valkey_broker(directory)).url
        umbel = enter(umbel_serve(broker, directory / "umbel"))
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": backend}
        worker = enter(celery_worker(WORKERAPP, environment, directory / "worker.log"))
        app = enter(celery_client(broker, backend))
        scenarios = Scenarios(app, umbel.client)
        scenarios.play()
        yield Cluster(umbel, worker, scenarios)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("redis", marks=pytest.mark.redis),
        pytest.param("rabbitmq", marks=pytest.mark.rabbitmq),
    ],
)
def operated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operated]:
    """A worker on one broker, and the control service that acts on it."""
    directory = tmp_path_factory.mktemp(request.param)
    with BROKERS[request.param]() as broker, operated_cluster(broker, directory) as found:
        yield found
