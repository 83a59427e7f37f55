"""Every kind of task has the one documented shape."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from celery.events.state import State

from tests.contract.stories import failed, uuid_of
from umbel import TASK_STATES, TaskEventTypes, TaskInfo, as_dict
from umbel.cluster.events import TASK_RANK
from umbel.cluster.task import project

KEYS = {
    "uuid", "name", "state", "hostname", "timestamp", "sent", "received", "started", "rejected",
    "succeeded",
    "failed", "retried", "revoked", "runtime", "args", "kwargs", "retries", "eta", "expires",
    "result", "traceback", "exception", "error", "queue", "exchange", "routing_key", "priority",
    "worker", "clock", "client", "root_id", "parent_id", "children",
}  # fmt: skip


def celery_state() -> State:
    """A task that failed on w1, as Celery's own state tells it."""
    state = State()
    told = {"uuid": "u1", "hostname": "w1@eu", "pid": 7, "local_received": 1.0}
    state.event({"type": "worker-online", "hostname": "w1@eu", "timestamp": 1.0, "clock": 1,
                 "local_received": 1.0, "freq": 2, "sw_ident": "py-celery", "sw_ver": "5.7",
                 "sw_sys": "Linux"})  # fmt: skip
    state.event({"type": "task-received", "name": "shop.send", "args": "(1,)", "kwargs": "{}",
                 "timestamp": 2.0, "clock": 2, "root_id": "u1", **told})  # fmt: skip
    state.event({"type": "task-failed", "exception": "KeyError('x')", "traceback": "Traceback",
                 "timestamp": 3.0, "clock": 3, **told})  # fmt: skip
    return state


def test_the_documented_keys_are_always_there() -> None:
    ours = project(uuid_of(2), tuple(failed(uuid_of(2), 1_795_344_000.0)))

    assert TaskInfo.__annotations__.keys() == KEYS
    for task in (ours, celery_state().tasks["u1"], {"uuid": "x"}, SimpleNamespace(uuid="x"), {}):
        assert as_dict(task).keys() == KEYS


def test_a_task_of_the_history_tells_what_is_known() -> None:
    info = as_dict(project(uuid_of(2), tuple(failed(uuid_of(2), 1_795_344_000.0))))

    assert (info["state"], info["exception"]) == ("FAILURE", "ValueError('no stock')")
    assert (info["error"] or "").endswith(" ValueError: no stock")
    assert info["hostname"] == "celery@eu-1"
    assert info["worker"] is not None
    assert info["worker"]["pid"] == 11
    assert (info["sent"], info["failed"]) == (1_795_344_000.0, 1_795_344_001.5)
    assert "shop.py" in (info["traceback"] or "")


def test_a_task_of_celery_tells_the_same() -> None:
    info = as_dict(celery_state().tasks["u1"])

    assert (info["state"], info["name"], info["failed"]) == ("FAILURE", "shop.send", 3.0)
    assert info["worker"] == {
        "hostname": "w1@eu", "pid": 7, "sw_ident": "py-celery", "sw_ver": "5.7",
        "sw_sys": "Linux",
    }  # fmt: skip
    assert info["children"] == []


def test_times_and_arguments_are_brought_into_their_form() -> None:
    info = as_dict(
        {"uuid": "x", "args": [1], "kwargs": {"a": 1}, "eta": "2026-11-22T10:00:00+00:00",
         "received": datetime(2026, 11, 22, 10, tzinfo=UTC)}
    )  # fmt: skip

    assert (info["args"], info["kwargs"]) == ("[1]", "{'a': 1}")
    assert info["eta"] == info["received"] == 1_795_341_600.0


def test_a_dictionary_of_ours_comes_back_equal() -> None:
    info = as_dict(celery_state().tasks["u1"])

    assert as_dict(info) == info


def test_event_types_are_texts_that_can_be_asked_for() -> None:
    assert list(TaskEventTypes) == list(TASK_RANK)
    assert "task-received" in TaskEventTypes
    assert "task-imagined" not in TaskEventTypes
    assert str(TaskEventTypes.FAILED) == "task-failed"


def test_event_types_are_asked_for_like_a_dictionary() -> None:
    sent = TaskEventTypes["task-sent"]

    assert {"uuid", "name", "args", "kwargs", "eta", "expires"} < set(sent["fields"])
    assert {"result", "runtime", "hostname"} < set(TaskEventTypes["task-succeeded"]["fields"])
    assert sent["description"].startswith("A client")
    assert sent[:4] == "task"
    assert list(TaskEventTypes.keys()) == [str(each) for each in TaskEventTypes.values()]
    assert dict(TaskEventTypes.items())["task-sent"] is sent is TaskEventTypes["SENT"]
    with pytest.raises(KeyError, match="task-imagined"):
        TaskEventTypes["task-imagined"]


def test_states_are_a_list_that_has_the_six_of_the_description() -> None:
    assert isinstance(TASK_STATES, list)
    assert {"PENDING", "STARTED", "SUCCESS", "FAILURE", "RETRY", "REVOKED"} < set(TASK_STATES)


@pytest.mark.parametrize("state", ["PENDING", "RECEIVED", "STARTED", "SUCCESS", "FAILURE",
                                   "RETRY", "REVOKED", "REJECTED"])  # fmt: skip
def test_every_state_is_listed(state: str) -> None:
    assert state in TASK_STATES
