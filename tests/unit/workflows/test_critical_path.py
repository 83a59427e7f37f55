"""Which tasks decided when a workflow ended."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.workflows.lives import gallery, life
from umbel.services.workflows.critical_path import critical_path
from umbel.services.workflows.rows import CriticalPath
from umbel.store.workflows import WorkflowTask


def ids(tasks: Sequence[WorkflowTask], now: float = 100.0) -> list[str]:
    return [step.uuid for step in critical_path(tasks, now).steps]


def assert_without_a_hole(path: CriticalPath) -> None:
    for step, following in zip(path.steps, path.steps[1:], strict=False):
        assert step.end >= step.start
        assert step.end == max(step.start, following.start)
    assert 0 <= path.run_share <= 1
    assert all(0 <= step.share <= 1 for step in path.steps)


def test_it_goes_through_the_member_that_ended_last_to_the_body() -> None:
    slow = life("part1", 3.0, run=20.0, parent_id="root", group_id="g", chord_id="whole")
    # Celery sends the body from the member that it heard of last, which need not be the slowest.
    body = life("whole", 25.0, parent_id="part2", run=4.0)
    tasks = (*gallery("SUCCESS", "SUCCESS", "SUCCESS").tasks, slow, body)

    path = critical_path(tasks, 100.0)

    assert [step.uuid for step in path.steps] == ["root", "part1", "whole"]
    assert [(step.start, step.end) for step in path.steps] == [(0, 3), (3, 25), (25, 30)]
    assert [step.run_s for step in path.steps] == [2, 20, 4]
    assert [round(step.share, 2) for step in path.steps] == [0.1, 0.73, 0.17]
    assert path.run_share == pytest.approx(26 / 30)
    assert_without_a_hole(path)


def test_a_task_that_calls_another_lets_it_go_when_it_sends_it() -> None:
    tasks = [life("root", 0.0, run=50.0, wait=0.0), life("child", 10.0, run=60.0, parent_id="root")]

    path = critical_path(tasks, 100.0)

    assert [(step.uuid, step.start, step.end) for step in path.steps] == [
        ("root", 0, 10),
        ("child", 10, 71),
    ]


def test_what_runs_reaches_to_now() -> None:
    tasks = [life("root", 0.0), life("child", 10.0, "STARTED", parent_id="root")]

    path = critical_path(tasks, 40.0)

    assert path.steps[-1].uuid == "child"
    assert path.steps[-1].end == 40


def test_no_tasks_and_rings_of_parents_are_no_trouble() -> None:
    ring = [life("a", 0.0, parent_id="b"), life("b", 5.0, parent_id="a")]

    assert ids([]) == []
    assert sorted(ids(ring)) == ["a", "b"]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9), st.floats(0, 100), st.floats(0, 50), st.floats(0, 50),
            st.sampled_from(["SUCCESS", "FAILURE", "STARTED", "UNKNOWN"]), st.integers(0, 9),
            st.booleans(),
        ),
        max_size=10,
        unique_by=lambda row: row[0],
    )
)  # fmt: skip
def test_its_steps_follow_each_other_whatever_workers_told(
    rows: list[tuple[int, float, float, float, str, int, bool]],
) -> None:
    tasks = [
        life(str(uuid), at, state, wait=wait, run=run, parent_id=str(parent),
             chord_id=str(9 - parent) if in_chord else None)
        for uuid, at, wait, run, state, parent, in_chord in rows
    ]  # fmt: skip

    assert_without_a_hole(critical_path(tasks, 120.0))
