"""Hosts whose clocks are seconds or hours apart change nothing of what is said of a task."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.examples import examples
from tests.support.histories import CLIENT, UUID, WORKERS, lifelike
from umbel.cluster.events import Event
from umbel.cluster.facts import join
from umbel.cluster.task import ENDED, Task, project

skews = st.sampled_from((0.0, 0.2, -0.2, 5.0, -5.0, 60.0, 3_600.0, -7_200.0))


def skewed(events: tuple[Event, ...], by: dict[str, float]) -> tuple[Event, ...]:
    return tuple(
        replace(event, timestamp=event.timestamp + by.get(event.hostname, 0.0)) for event in events
    )


def explicit(task: Task) -> tuple[object, ...]:
    """What is true of a task whatever any clock says."""
    flags = tuple(flag for flag in task.flags if flag != "redelivered")
    runs = [(run.number, run.state, run.worker) for run in task.attempts]
    return (
        *(task.state, task.worker, task.retries, task.name, task.args, task.result),
        *(task.exception, task.parent_id, flags, sorted(runs)),
    )


def times(task: Task, by: dict[str, float]) -> tuple[float | None, ...]:
    """When the worker of the last attempt did what it did, by the true clock."""
    skew = by.get(task.worker or "", 0.0)
    has_begun = task.attempts[-1].started is not None
    told = (task.received, task.started if has_begun else None, task.finished)
    return tuple(None if time is None else round(time - skew, 3) for time in told)


@settings(max_examples=examples(300))
@given(lifelike(whole=True), st.fixed_dictionaries(dict.fromkeys((*WORKERS, CLIENT), skews)))
def test_a_task_that_was_retried_on_other_hosts(
    events: tuple[Event, ...], by: dict[str, float]
) -> None:
    true = project(UUID, join((), events))

    found = project(UUID, join((), skewed(events, by)))

    assert explicit(found) == explicit(true)
    assert times(found, by) == times(true, {})


@settings(max_examples=examples(300))
@given(
    lifelike(whole=True, redelivery=True),
    st.fixed_dictionaries(dict.fromkeys((*WORKERS, CLIENT), skews)),
)
def test_a_task_that_was_redelivered_and_has_ended(
    events: tuple[Event, ...], by: dict[str, float]
) -> None:
    true = project(UUID, join((), events))
    assume(true.state in ENDED)

    found = project(UUID, join((), skewed(events, by)))

    assert explicit(found) == explicit(true)
    assert "ran-again" not in found.flags
