"""What a task was, told from what it is and the state that it had."""

from __future__ import annotations

import msgspec
import pytest

from tests.contract.stories import BASE, failed, succeeded, uuid_of
from umbel.cluster.earlier_states import as_it_was
from umbel.cluster.events import Event
from umbel.cluster.facts import join
from umbel.cluster.task import Task, project

LIVES = [succeeded(uuid_of(1), BASE), failed(uuid_of(1), BASE)]


def as_listed(task: Task) -> Task:
    """Without what only the whole task has, or what only later events could say of it."""
    return msgspec.structs.replace(
        task, attempts=(), fact_count=0, timestamp=0.0, clock=None, pid=None
    )


@pytest.mark.parametrize("events", LIVES, ids=["succeeded", "failed"])
@pytest.mark.parametrize("known", [1, 2, 3])
def test_a_life_in_order_is_told_back_step_by_step(events: list[Event], known: int) -> None:
    before, now = (project(uuid_of(1), join((), told)) for told in (events[:known], events))

    assert as_listed(as_it_was(now, before.state)) == as_listed(before)


def test_a_task_that_has_the_state_that_it_had_is_as_it_was() -> None:
    task = project(uuid_of(1), join((), LIVES[1]))

    assert as_it_was(task, "FAILURE") == task
