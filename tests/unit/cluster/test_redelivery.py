"""A task that a visibility timeout made run three times (captured)."""

from __future__ import annotations

from tests.support.captures import task_events
from umbel.cluster.facts import join
from umbel.cluster.task import project


def test_each_delivery_and_each_run_is_shown() -> None:
    ((uuid, events),) = task_events("events_redis_redelivery").items()

    found = project(uuid, join((), events))

    assert found.state == "SUCCESS"
    assert "redelivered" in found.flags
    assert sum(run.received is not None for run in found.attempts) == 3
    assert sum(run.started is not None for run in found.attempts) == 3
    assert {run.number for run in found.attempts} == {0}
    assert [run.state for run in found.attempts] == ["SUCCESS"] * 3
