"""Ends of which no event told: by time limits, killed processes and redelivery, and with results in
a database; real workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.test_healing import cluster_of, kill, state, wait_for
from tests.support.waiting import wait_until


@pytest.mark.redis
def test_ends_by_a_hard_time_limit_and_by_a_killed_process_are_failures(
    redis_url: str, tmp_path: Path
) -> None:
    with cluster_of(redis_url, redis_url, tmp_path / "data") as cluster:
        cluster.worker()
        umbel = cluster.umbel()
        began = cluster.send("oversleep_hard", 60)
        wait_until(lambda: state(umbel, began) in {"STARTED", "FAILURE"})

        kill(umbel)
        missed, lost = cluster.send("oversleep_hard", 60), cluster.send("lose_the_worker")
        results = [cluster.app.AsyncResult(uuid) for uuid in (began, missed, lost)]
        wait_until(lambda: all(each.ready() for each in results), timeout_s=40)
        umbel = cluster.umbel()

        wait_for(umbel, dict.fromkeys((began, missed, lost), "FAILURE"))
        assert "TimeLimitExceeded" in str((umbel.client.task(missed) or {})["exception"])


@pytest.mark.rabbitmq
@pytest.mark.thorough
def test_a_task_that_is_delivered_again_is_not_unknown_for_long(
    rabbit_url: str, redis_url: str, tmp_path: Path
) -> None:
    with cluster_of(rabbit_url, redis_url, tmp_path / "data") as cluster:
        first = cluster.worker(concurrency=1)
        umbel = cluster.umbel()
        again = cluster.send("late_nap", 3)
        wait_until(lambda: state(umbel, again) == "STARTED")

        first.process.kill_group()
        wait_for(umbel, {again: "UNKNOWN"})
        cluster.worker(concurrency=1)

        wait_for(umbel, {again: "SUCCESS"})
        task = umbel.client.task(again) or {}
        assert len(task["attempts"]) == 2


@pytest.mark.redis
def test_what_a_gap_took_is_found_in_a_database_of_results(redis_url: str, tmp_path: Path) -> None:
    database = f"db+sqlite:///{tmp_path / 'results.db'}"
    with cluster_of(redis_url, database, tmp_path / "data") as cluster:
        cluster.worker(concurrency=1)
        umbel = cluster.umbel()
        before = cluster.send("add", 1, 1)
        wait_for(umbel, {before: "SUCCESS"})

        kill(umbel)
        whole, failed = cluster.send("add", 20, 22), cluster.send("decline", 4711)
        wait_until(lambda: all(cluster.app.AsyncResult(each).ready() for each in (whole, failed)))
        umbel = cluster.umbel()

        wait_for(umbel, {whole: "SUCCESS", failed: "FAILURE"})
        assert (umbel.client.task(whole) or {})["reconciled"][0]["source"] == "backend"
