"""Results of real workers in memcached."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.brokers import free_port
from tests.support.processes import Process
from tests.support.results import opened, results_worker
from tests.support.services import absent
from tests.support.waiting import wait_until
from umbel.errors import ResultsUnavailable


@pytest.fixture
def memcached(tmp_path: Path) -> Iterator[str]:
    """The URL of a memcached of the test's own."""
    program = os.environ.get("UMBEL_TEST_MEMCACHED") or shutil.which("memcached")
    if program is None:
        absent("A memcached server", "the program memcached is not installed")
    port = free_port()
    command = [program, "-l", "127.0.0.1", "-p", str(port), "-u", "nobody"]
    with Process(command, tmp_path / "memcached.log"):
        wait_until(lambda: listens(port))
        yield f"cache+memcached://127.0.0.1:{port}/"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.redis
def test_results_in_memcached_are_told_and_tasks_aborted(
    redis_url: str, memcached: str, tmp_path: Path
) -> None:
    with results_worker(redis_url, memcached, tmp_path / "log") as worker:
        succeeded = worker.ended("echo", 1, a="é")
        odd = ["unheard-of", "with space", "é", "x" * 300, ""]
        many = worker.many(succeeded.task_id, *odd)
        running = worker.send("until_aborted")
        worker.until(running, "STARTED")
        worker.results.abort(running)
        aborted = worker.results.wait(running, 10)

    assert (succeeded.result, succeeded.args) == ({"args": [1], "kwargs": {"a": "é"}}, [1])
    assert many[succeeded.task_id] == succeeded
    assert {many[each].state for each in odd} == {"PENDING"}
    assert aborted.result == "aborted"


def test_a_memcached_that_is_not_there_is_told_in_time() -> None:
    with opened(f"cache+memcached://127.0.0.1:{free_port()}/") as results:
        began = time.monotonic()
        with pytest.raises(ResultsUnavailable, match=r"memcached://127.0.0.1"):
            results.get("t")
        assert time.monotonic() - began < 2


def test_a_memcached_that_never_answers_is_told_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with opened(f"cache+memcached://127.0.0.1:{port}/") as results:
            began = time.monotonic()
            with pytest.raises(ResultsUnavailable, match="does not answer"):
                results.get("t")
            assert time.monotonic() - began < 2
