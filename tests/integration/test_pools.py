"""Workers without a pool of processes tell their tasks' lives in another order; the stored
tasks are the same."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from tests.support.applications import WORKERAPP, celery_client, task
from tests.support.brokers import redis_database
from tests.support.umbels import Client, umbel_serve
from tests.support.waiting import wait_until
from tests.support.workers import CeleryWorker, celery_worker

pytestmark = pytest.mark.redis

POOLS = ("threads", "solo")
ENDS = {
    "add": "SUCCESS",
    "decline": "FAILURE",
    "third_time_lucky": "SUCCESS",
    "progress": "SUCCESS",
}
ARGUMENTS = {"add": (1, 2), "decline": (7,), "third_time_lucky": (8,), "progress": (2,)}


class Pools:
    """A worker of each pool on a queue of its own, watched by one Umbel."""

    def __init__(self, umbel: Client, app: Celery, workers: dict[str, CeleryWorker]) -> None:
        self.umbel = umbel
        self.workers = workers
        self._ids = {
            (pool, name): task(app, name, *ARGUMENTS[name]).apply_async(queue=pool).id
            for pool in POOLS
            for name in ENDS
        }

    def at_rest(self, pool: str, name: str) -> dict[str, Any]:
        """The task once it has ended as it should."""

        def ended() -> dict[str, Any] | None:
            found = self.umbel.task(self._ids[pool, name])
            return found if found is not None and found["state"] == ENDS[name] else None

        return wait_until(ended, what=f"{name} on {pool}")


@pytest.fixture(scope="module")
def pools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pools]:
    """Every task sent to each pool."""
    directory: Path = tmp_path_factory.mktemp("pools")
    with contextlib.ExitStack() as running:
        enter = running.enter_context
        broker = enter(redis_database())
        umbel = enter(umbel_serve(broker, directory / "umbel"))
        environment = {"UMBEL_TEST_BROKER": broker, "UMBEL_TEST_BACKEND": broker}
        workers = {
            pool: enter(
                celery_worker(
                    *(WORKERAPP, environment, directory / f"{pool}.log"),
                    pool=pool,
                    options=("-Q", pool),
                )
            )
            for pool in POOLS
        }
        app = enter(celery_client(broker, broker))
        yield Pools(umbel.client, app, workers)


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("name", sorted(ENDS))
def test_each_task_ends_on_its_worker(pools: Pools, pool: str, name: str) -> None:
    found = pools.at_rest(pool, name)

    assert (found["worker"], found["queue"]) == (pools.workers[pool].name, pool)
    assert found["flags"] == []
    assert found["parent_id"] is None


@pytest.mark.parametrize("pool", POOLS)
def test_each_try_is_an_attempt_with_its_times(pools: Pools, pool: str) -> None:
    tries = pools.at_rest(pool, "third_time_lucky")["attempts"]

    assert [one["number"] for one in tries] == [0, 1, 2]
    assert [one["state"] for one in tries] == ["RETRY", "RETRY", "SUCCESS"]
    for one in tries:
        times = [one[moment] for moment in ("received", "started", "ended")]
        assert times == sorted(times)


@pytest.mark.parametrize("pool", POOLS)
def test_progress_is_kept_as_notes(pools: Pools, pool: str) -> None:
    assert len(pools.at_rest(pool, "progress")["notes"]) == 2
