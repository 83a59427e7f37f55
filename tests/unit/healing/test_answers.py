"""What a result backend says is of this life of a task, whatever the clocks say."""

from __future__ import annotations

import msgspec

from tests.contract.stories import begun, uuid_of
from umbel.cluster.facts import join
from umbel.cluster.task import Task, project
from umbel.cluster.worker import Worker
from umbel.results.base import Result
from umbel.services.healing.answers import fact_of_result
from umbel.services.healing.clock_skews import clock_skews

T = 1_800_000_000.0
ID = uuid_of(1)


def sent(at: float, *, came: float) -> Task:
    """Sent at `at` by the sender's clock, which came at `came` by ours."""
    task = project(ID, join((), begun(ID, at)[:1]))
    return msgspec.structs.replace(task, changed=came)


def test_a_sender_whose_clock_is_ahead_hides_no_result() -> None:
    result = Result(task_id=ID, state="SUCCESS", date_done=T + 2)

    assert fact_of_result(result, sent(T + 300, came=T), T + 60) is not None


def test_a_worker_whose_clock_is_behind_hides_no_result() -> None:
    result = Result(task_id=ID, state="FAILURE", date_done=T - 298)
    skews = clock_skews([Worker(hostname="w", skews=((T, -300.0),)), Worker(hostname="v")])

    assert fact_of_result(result, sent(T, came=T), T + 60, skews.apart_s) is not None


def test_a_task_that_was_begun_by_a_clock_that_is_ahead_ends_by_that_of_another_worker() -> None:
    task = project(ID, join((), begun(ID, T + 300)))
    result = Result(task_id=ID, state="SUCCESS", date_done=T + 2)
    skews = clock_skews([Worker(hostname="w", skews=((T, 300.0),))])

    assert fact_of_result(result, task, T + 60, skews.apart_s) is not None


def test_a_result_of_an_earlier_life_of_the_id_is_none_of_this_one() -> None:
    result = Result(task_id=ID, state="SUCCESS", date_done=T - 120)

    assert fact_of_result(result, sent(T, came=T), T + 60) is None
