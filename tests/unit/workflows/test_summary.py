"""A workflow in a row."""

from __future__ import annotations

import pytest

from tests.unit.workflows.lives import gallery, life
from umbel.services.workflows.expected import expected_tasks
from umbel.services.workflows.rows import WorkflowFilter, WorkflowRow
from umbel.services.workflows.summary import matches, summarize
from umbel.store.queue_pauses import QueuePause
from umbel.store.workflows import WorkflowTasks


def row_of(found: WorkflowTasks, now: float = 60.0) -> WorkflowRow:
    return summarize(found, expected_tasks(found.tasks), now)


@pytest.mark.parametrize(
    ("states", "state", "wanted"),
    [
        (("SUCCESS", "STARTED"), "running", {"running"}),
        (("FAILURE", "STARTED"), "running", {"running", "failing", "blocked"}),
        (("FAILURE", "SUCCESS"), "failed", {"failing", "blocked"}),
        (("REVOKED", "SUCCESS"), "failed", {"blocked"}),
        (("SUCCESS", "UNKNOWN"), "unknown", set()),
        (("SUCCESS", "SUCCESS"), "running", {"running"}),  # its body is due
    ],
)
def test_its_state_and_the_lists_that_have_it(
    states: tuple[str, ...], state: str, wanted: set[WorkflowFilter]
) -> None:
    row = row_of(gallery(*states))

    filters: tuple[WorkflowFilter, ...] = ("running", "failing", "blocked", "succeeded")
    assert row.state == state
    assert {each for each in filters if matches(row, each)} == wanted
    assert matches(row, None)


def test_it_tells_how_far_it_is_and_what_failed_first() -> None:
    row = row_of(gallery("FAILURE", "SUCCESS", "FAILURE", "STARTED"))

    assert (row.root_id, row.name, row.group_id) == ("root", "shop.root", None)
    assert (row.tasks, row.ended, row.expected, row.blocked) == (5, 4, 1, 1)
    assert row.states == {"SUCCESS": 2, "FAILURE": 2, "STARTED": 1}
    assert row.failing is not None
    assert row.failing.uuid == "part0"
    assert (row.start, row.end, row.duration_s) == (0.0, None, 60.0)
    assert row.has_canvas


def test_without_what_workers_tell_nothing_is_expected() -> None:
    tasks = (life("root", 0.0, root_id=None), life("child", 2.0, "FAILURE", parent_id="root"))

    row = row_of(WorkflowTasks(tasks))

    assert (row.state, row.expected, row.has_canvas) == ("failed", 0, False)
    assert (row.end, row.duration_s) == (5.0, 5.0)


def test_what_a_client_sent_has_its_group() -> None:
    tasks = tuple(life(uuid, 0.0, root_id=None, group_id="g") for uuid in ("a", "b"))

    row = row_of(WorkflowTasks(tasks))

    assert (row.root_id, row.group_id, row.state) == ("a", "g", "succeeded")


def test_tasks_that_wait_in_a_paused_queue_are_counted() -> None:
    pauses = {
        name: QueuePause(queue=name, actor="ann", at=50.0, action_id="a", reason="SMTP is down")
        for name in ("mail", "idle")
    }
    tasks = (
        life("root", 0.0, root_id=None, queue="mail"),
        life("waits", 2.0, "PENDING", queue="mail"),
        life("held", 2.0, "RECEIVED", queue="mail"),
        life("other", 2.0, "PENDING", queue="orders"),
        life("unrouted", 2.0, "PENDING"),
    )

    row = summarize(WorkflowTasks(tasks), [], 60.0, pauses)

    (pause,) = row.paused
    assert (pause.queue, pause.tasks, pause.by, pause.reason) == ("mail", 1, "ann", "SMTP is down")
    assert matches(row, "paused")
    assert not matches(row_of(WorkflowTasks(tasks)), "paused")
