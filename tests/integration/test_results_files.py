"""Results of real workers in files."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path

import pytest

from tests.integration.resultsapp import Trap
from tests.support.results import opened, results_worker
from tests.support.waiting import wait_until
from umbel.errors import ResultsUnavailable


@pytest.mark.redis
def test_results_in_files_are_told_and_tasks_aborted(redis_url: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with results_worker(redis_url, f"file://{kept}", tmp_path / "log") as worker:
        succeeded = worker.ended("echo", 1, a=2)
        failed = worker.ended("decline", 3)
        many = worker.many(succeeded.task_id, failed.task_id, "unheard-of")
        running = worker.send("until_aborted")
        worker.until(running, "STARTED")
        worker.results.abort(running)
        aborted = worker.results.wait(running, 10)

    assert (succeeded.result, succeeded.args) == ({"args": [1], "kwargs": {"a": 2}}, [1])
    assert failed.exception == """Declined("order 3 isn't ours", {'order': 3})"""
    assert [found.state for found in many.values()] == ["SUCCESS", "FAILURE", "PENDING"]
    assert aborted.result == "aborted"


def test_looking_leaves_no_file(tmp_path: Path) -> None:
    with opened(f"file://{tmp_path}") as results:
        assert results.get("t").state == "PENDING"
        assert list(tmp_path.iterdir()) == []


def test_a_directory_that_cannot_be_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "celery-task-meta-t").write_text('{"status": "SUCCESS", "result": 1}')
    tmp_path.chmod(0o500)
    try:
        with opened(f"file://{tmp_path}") as results:
            assert results.get("t").result == 1
    finally:
        tmp_path.chmod(0o700)


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with opened(f"file://{tmp_path}/nowhere") as results:
        with pytest.raises(ResultsUnavailable, match="No such file or directory") as refused:
            results.get("t")
        assert f"file://{tmp_path}/nowhere" in str(refused.value)


def test_ids_do_not_lead_out_of_the_directory(tmp_path: Path) -> None:
    inside = tmp_path / "kept"
    (inside / "celery-task-meta-").mkdir(parents=True)
    (tmp_path / "secret").write_text('{"status": "SUCCESS", "result": "secret"}')
    way_out = "/../../secret"
    with opened(f"file://{inside}") as results:
        assert results.get(way_out).state == "PENDING"
        with pytest.raises(ResultsUnavailable, match="can keep nothing"):
            results.abort(way_out)
    assert "secret" in (tmp_path / "secret").read_text()


def test_a_file_that_is_half_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "celery-task-meta-t"
    whole, half = '{"status": "SUCCESS", "result": 1}', '{"status": "SUC'
    path.write_text(whole)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            path.write_text(half)
            path.write_text(whole)

    writing = threading.Thread(target=write)
    writing.start()
    try:
        with opened(f"file://{tmp_path}") as results:
            wait_until(lambda: results.get("t").result == 1)
    finally:
        stop.set()
        writing.join()


def test_an_empty_file_is_told_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "celery-task-meta-t").touch()
    with opened(f"file://{tmp_path}") as results:
        assert results.get("t").unreadable == "Its file is empty."
        with pytest.raises(ResultsUnavailable, match="would replace"):
            results.abort("t")


def test_a_pickle_in_a_file_is_never_loaded(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    meta = {"status": "SUCCESS", "result": Trap(str(sprung))}
    (tmp_path / "celery-task-meta-t").write_bytes(pickle.dumps(meta))
    with opened(f"file://{tmp_path}", accept_content=["pickle"]) as results:
        found = results.get("t")

    assert (found.state, found.result) == ("SUCCESS", None)
    assert "never loads pickle" in (found.unreadable or "")
    assert not sprung.exists()
