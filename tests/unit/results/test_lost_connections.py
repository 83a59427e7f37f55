"""A connection that was lost since the last question fails nobody's question."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from typing import Any

import pytest

from umbel.errors import ResultsUnavailable
from umbel.results.backend import CeleryResults
from umbel.results.base import Result

RESTARTED = sqlite3.OperationalError("terminating connection due to administrator command")


class RestartedServer:
    """The client of a server that ended its connection, so many times."""

    def __init__(self, times: int, error: Exception = RESTARTED) -> None:
        self.left = times
        self._error = error

    def fetch(self, task_ids: Sequence[str]) -> dict[str, Result]:
        if self.left:
            self.left -= 1
            raise self._error
        return {each: Result(task_id=each, state="SUCCESS") for each in task_ids}

    def release(self) -> None:
        """Nothing is open."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"nobody asks for {name}")


def results_of(server: RestartedServer) -> contextlib.closing[CeleryResults]:
    return contextlib.closing(CeleryResults("db+postgresql://db/results", lambda: server))


def test_a_server_that_was_restarted_is_asked_again() -> None:
    with results_of(RestartedServer(1)) as results:
        assert results.get("t").state == "SUCCESS"


def test_a_server_that_is_away_is_told_after_two_attempts() -> None:
    server = RestartedServer(5)
    with results_of(server) as results, pytest.raises(ResultsUnavailable, match="does not answer"):
        results.get("t")
    assert server.left == 3


def test_what_the_server_refuses_is_not_asked_again() -> None:
    server = RestartedServer(5, sqlite3.OperationalError("no such table: celery_taskmeta"))
    with results_of(server) as results, pytest.raises(ResultsUnavailable, match="nothing of"):
        results.get("t")
    assert server.left == 4


def test_what_postgresql_adds_of_the_query_is_left_out() -> None:
    pointing = sqlite3.OperationalError('relation "x" does not exist\nLINE 1: SELECT\n        ^')
    with (
        results_of(RestartedServer(5, pointing)) as results,
        pytest.raises(ResultsUnavailable) as told,
    ):
        results.get("t")
    assert 'relation "x" does not exist. Workers make' in str(told.value)
