"""In order, our row equals what Celery's own `State` makes of the same events.

Left out, because we mean to differ: `parent_id` and `client` of a task that was sent again
(Celery shows the task as its own parent, and the pool's child as its client), `runtime` of
failures (Celery has none), the exception where Celery has only `ExceptionWithTraceback()`,
name and state from when a task's replacement is sent until it starts (Celery still shows the
run that was replaced), and what follows a redelivery.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from celery.events.state import State
from hypothesis import given

from tests.support.captures import CAPTURES, raw_events, task_events
from tests.support.histories import UUID, lifelike
from umbel.cluster.events import Event
from umbel.cluster.facts import join
from umbel.cluster.task import Task, project
from umbel.cluster.timestamps import parse_iso

FIELDS = (
    *("args", "kwargs", "result", "root_id", "exchange", "routing_key"),
    *("sent", "received", "started", "succeeded", "failed", "retried", "revoked", "rejected"),
    "traceback",
)


def celery_state(raw: list[dict[str, Any]]) -> State:
    state = State(max_tasks_in_memory=10_000)
    for event in raw:
        state.event(event | {"local_received": event["timestamp"]})
    return state


def replacement_waits(events: tuple[Event, ...]) -> bool:
    sent = [index for index, event in enumerate(events) if event.type == "task-sent"]
    numbers = [events[index].retries for index in sent]
    since = {event.type for event in events[sent[-1] :]} if sent else set()
    return len(set(numbers)) < len(numbers) and since <= {"task-sent", "task-received"}


def error_of(exception: str | None) -> str | None:
    """Without the `Retry(Retry(...), <error>, <seconds>)` that pools without processes tell."""
    _, wrapped, rest = (exception or "").partition("Retry(Retry(...), ")
    return rest.rpartition(", ")[0] if wrapped else exception


def assert_equal(ours: Task, theirs: Any, events: tuple[Event, ...]) -> None:
    times_sent = sum(event.type == "task-sent" for event in events)
    for field in FIELDS:
        assert getattr(ours, field) == getattr(theirs, field), field
    assert ours.worker == (theirs.worker.hostname if theirs.worker else None)
    assert ours.retries == (theirs.retries or 0)
    assert ours.eta == parse_iso(theirs.eta)
    assert ours.expires == parse_iso(theirs.expires)
    if theirs.exception != "ExceptionWithTraceback()":
        assert ours.exception == error_of(theirs.exception)
    if ours.succeeded is not None:
        assert ours.runtime == theirs.runtime
    if not replacement_waits(events):
        assert (ours.name, ours.state) == (theirs.name, theirs.state)
    if times_sent == 1:
        assert ours.parent_id == theirs.parent_id
        assert ours.client == theirs.client


@pytest.mark.parametrize("capture", [name for name in CAPTURES if "redelivery" not in name])
def test_every_captured_task_is_what_celery_says(capture: str) -> None:
    state = celery_state([dict(event) for event in raw_events(capture)])

    for uuid, events in task_events(capture).items():
        assert_equal(project(uuid, join((), events)), state.tasks[uuid], events)


@given(lifelike())
def test_every_moment_of_a_generated_life_is_what_celery_says(events: tuple[Event, ...]) -> None:
    state = celery_state([msgspec.to_builtins(event) for event in events])

    assert_equal(project(UUID, join((), events)), state.tasks[UUID], events)
