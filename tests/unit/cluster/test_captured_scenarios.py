"""What the captured tasks were made to do is what their rows say."""

from __future__ import annotations

import pytest

from tests.support.captures import messages, scenarios, task_events
from umbel.cluster.decode import decode
from umbel.cluster.facts import join
from umbel.cluster.task import Task, project

TRANSPORTS = ("amqp", "redis")
pytestmark = pytest.mark.parametrize("transport", TRANSPORTS)


def task(transport: str, scenario: str) -> Task:
    uuid = scenarios(transport)[scenario]
    return project(uuid, join((), task_events(f"events_{transport}")[uuid]))


@pytest.mark.parametrize(
    ("scenario", "state"),
    [
        ("success", "SUCCESS"),
        ("failure", "FAILURE"),
        ("retry_then_success", "SUCCESS"),
        ("retry_exhausted", "FAILURE"),
        ("ignored", "STARTED"),
        ("rejected", "FAILURE"),
        ("progress", "SUCCESS"),
        ("countdown", "SUCCESS"),
        ("expired", "REVOKED"),
        ("replace", "SUCCESS"),
        ("softlimit", "FAILURE"),
        ("hardlimit", "FAILURE"),
        ("revoked_terminated", "REVOKED"),
        ("revoked_waiting", "REVOKED"),
        ("unknown_task", "FAILURE"),
        ("worker_lost", "FAILURE"),
    ],
)
def test_the_state_is_what_happened(transport: str, scenario: str, state: str) -> None:
    assert task(transport, scenario).state == state


def test_every_message_is_understood(transport: str) -> None:
    for message in messages(f"events_{transport}"):
        assert decode(message.body, message.captured_at).faults == []


def test_a_retried_task_shows_each_try(transport: str) -> None:
    tries = task(transport, "retry_then_success").attempts

    assert [one.number for one in tries] == [0, 1]
    assert [one.state for one in tries] == ["RETRY", "SUCCESS"]
    assert tries[0].exception is not None
    assert all(one.started is not None and one.ended is not None for one in tries)


def test_a_lost_worker_is_named_as_the_error(transport: str) -> None:
    assert "WorkerLostError" in (task(transport, "worker_lost").exception or "")


def test_a_hard_time_limit_is_named_as_the_error(transport: str) -> None:
    assert "TimeLimitExceeded" in (task(transport, "hardlimit").exception or "")


def test_progress_is_told_in_notes(transport: str) -> None:
    notes = task(transport, "progress").notes

    assert notes
    assert {note.type for note in notes} == {"task-progress", "task-custom-note"}


def test_a_chain_shares_its_root_and_each_link_names_the_one_before(transport: str) -> None:
    third, second, first = scenarios(transport)["chain"]
    told = task_events(f"events_{transport}")
    links = [project(uuid, join((), told[uuid])) for uuid in (first, second, third)]

    assert {link.root_id for link in links} == {first}
    assert [link.parent_id for link in links] == [None, first, second]


def test_expired_and_terminated_are_flagged(transport: str) -> None:
    assert "expired" in task(transport, "expired").flags
    assert "terminated" in task(transport, "revoked_terminated").flags
