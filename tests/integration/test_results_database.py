"""Results of real workers in an SQL database."""

from __future__ import annotations

import contextlib
import json
import pickle
import sqlite3
import time
from pathlib import Path

import pytest

from tests.integration.resultsapp import Trap
from tests.support.brokers import free_port
from tests.support.results import (
    LARGE_IDS,
    LARGE_META,
    assert_a_few_are_held,
    opened,
    results_worker,
)
from umbel.errors import ResultsUnavailable


@pytest.mark.redis
@pytest.mark.parametrize("extended", [True, False])
def test_results_in_a_database_are_told_and_tasks_aborted(
    redis_url: str, tmp_path: Path, extended: bool
) -> None:
    url = f"db+sqlite:///{tmp_path}/results.db"
    conf = {"result_extended": extended, "timezone": "America/New_York"}
    with results_worker(redis_url, url, tmp_path / "log", concurrency=1, **conf) as worker:
        before = time.time()
        succeeded = worker.ended("echo", 1, a=[2])
        failed = worker.ended("decline", 3)
        parent = worker.ended("offspring")
        many = worker.many(succeeded.task_id, failed.task_id, "unheard-of")
        worker.results.abort("planned")
        planned = worker.results.get("planned")
        running = worker.send("until_aborted")
        worker.until(running, "STARTED")
        worker.results.abort(running)
        aborted = worker.results.wait(running, 20)
        worker.results.abort(failed.task_id)
        failed_still = worker.results.get(failed.task_id)

    assert succeeded.result == {"args": [1], "kwargs": {"a": [2]}}
    assert (succeeded.args, succeeded.kwargs) == (([1], {"a": [2]}) if extended else (None, None))
    assert succeeded.date_done is not None
    assert before - 1 < succeeded.date_done < time.time() + 1
    assert failed.exception == """Declined("order 3 isn't ours", {'order': 3})"""
    assert "raise Declined" in (failed.traceback or "")
    assert len(parent.children) == 7  # here the task that watches the chord is one of them
    assert [found.state for found in many.values()] == ["SUCCESS", "FAILURE", "PENDING"]
    assert planned.state == "ABORTED"
    assert aborted.result == "aborted"
    assert failed_still == failed


def test_a_pickle_in_a_column_is_never_loaded(tmp_path: Path) -> None:
    """As Celery stored every result before 5.7, whatever the serializer."""
    sprung = tmp_path / "sprung"
    file = tmp_path / "results.db"
    with sqlite3.connect(file) as database:
        database.execute(TABLE)
        row = (pickle.dumps(Trap(str(sprung))), "2026-11-22 17:00:00.000000")
        database.execute("INSERT INTO celery_taskmeta VALUES (1,'t','SUCCESS',?,?,NULL)", row)
        database.execute("INSERT INTO celery_taskmeta VALUES (2,'s','STARTED',?,?,NULL)", row)
    database.close()
    with opened(f"db+sqlite:///{file}", accept_content=["pickle"]) as results:
        found = results.wait("t", 10)
        results.abort("s")
        results.abort("t")

        assert results.get("s").state == "ABORTED"
        assert results.get("t") == found
    assert (found.state, found.result, found.date_done) == ("SUCCESS", None, 1795366800.0)
    assert "never loads pickle" in (found.unreadable or "")
    assert not sprung.exists()


TABLE = """
CREATE TABLE celery_taskmeta (
    id INTEGER PRIMARY KEY, task_id TEXT UNIQUE, status TEXT, result BLOB,
    date_done DATETIME, traceback TEXT
)
"""


def test_of_many_large_results_a_few_are_read_at_a_time(tmp_path: Path) -> None:
    file = tmp_path / "results.db"
    with contextlib.closing(sqlite3.connect(file)) as database, database:
        database.execute(TABLE)
        value = json.dumps(LARGE_META["result"]).encode()
        rows = [(at, task_id, value) for at, task_id in enumerate(LARGE_IDS)]
        insert = "INSERT INTO celery_taskmeta VALUES (?, ?, 'SUCCESS', ?, NULL, NULL)"
        database.executemany(insert, rows)

    with opened(f"db+sqlite:///{file}") as results:
        assert_a_few_are_held(results)


def test_looking_makes_no_file_and_no_table(tmp_path: Path) -> None:
    file = tmp_path / "results.db"
    with opened(f"db+sqlite:///{file}") as results:
        with pytest.raises(ResultsUnavailable, match="there is no file"):
            results.get("t")
        assert not file.exists()

        sqlite3.connect(file).close()
        file.touch()
        with pytest.raises(ResultsUnavailable, match=r"has nothing of Celery's: no such table"):
            results.get("t")
        assert file.stat().st_size == 0


@pytest.mark.parametrize("driver", ["postgresql+psycopg2", "mysql+pymysql"])
def test_a_database_that_is_not_there_is_told_in_time(driver: str) -> None:
    with opened(f"db+{driver}://user:s3cret@127.0.0.1:{free_port()}/shop") as results:
        began = time.monotonic()
        with pytest.raises(ResultsUnavailable) as refused:
            results.get("t")

        assert time.monotonic() - began < 2
    assert f"db+{driver}://***@127.0.0.1" in str(refused.value)
    assert "s3cret" not in str(refused.value)


def test_a_locked_database_is_told_in_time(tmp_path: Path) -> None:
    file = tmp_path / "results.db"
    locking = sqlite3.connect(file, isolation_level=None)
    locking.execute(TABLE)
    locking.execute("BEGIN EXCLUSIVE")
    with opened(f"db+sqlite:///{file}") as results:
        began = time.monotonic()
        with pytest.raises(ResultsUnavailable, match="database is locked"):
            results.get("t")
        assert time.monotonic() - began < 2

        locking.execute("ROLLBACK")
        assert results.get("t").state == "PENDING"
    locking.close()
