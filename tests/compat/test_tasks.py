"""`flower.utils.tasks` on stored tasks: what Flower 2.0.1 and 2.2.0 agree on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

import umbel
from flower.utils.search import parse_search_terms, satisfies_search_terms
from flower.utils.tasks import (
    TASK_STATES,
    TaskEventTypes,
    as_dict,
    get_task_by_id,
    iter_tasks,
    sort_keys,
    sort_tasks,
)
from tests.contract.stories import BASE, begun, failed, succeeded, uuid_of
from umbel.store.sqlite import SqliteStore


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Iterator[umbel.Events]:
    """1 `tasks.add` succeeded on w1, 2 `tasks.sleep` failed on w2, 3 `tasks.add` runs on w1, a
    minute apart, and 4 `tasks.echo` was sent only."""
    directory = tmp_path_factory.mktemp("flower-tasks")
    store = SqliteStore(directory, write=True)
    for story in (
        succeeded(uuid_of(1), BASE, name="tasks.add", worker="celery@w1"),
        failed(uuid_of(2), BASE + 60, name="tasks.sleep", worker="celery@w2"),
        begun(uuid_of(3), BASE + 120, name="tasks.add", worker="celery@w1"),
        begun(uuid_of(4), BASE + 180, name="tasks.echo")[:1],
    ):
        store.apply(story)
    store.close()
    with umbel.Events(directory=directory) as opened:
        yield opened


def local(seconds: float) -> str:
    """A time as Flower's users write it."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")  # noqa: DTZ006


def numbers(found: Any) -> list[int]:
    return [int(uuid[-12:], 16) for uuid, _ in found]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"limit": 2}, [4, 3]),
        ({"offset": 1}, [3, 2, 1]),
        ({"limit": 1, "offset": 1}, [3]),
        ({"limit": 0}, [4, 3, 2, 1]),
        ({"offset": -1}, [4, 3, 2, 1]),
        ({"type": "tasks.add"}, [3, 1]),
        ({"type": "tasks"}, []),
        ({"worker": "celery@w1"}, [3, 1]),
        ({"state": "FAILURE"}, [2]),
        ({"state": "NOTHING"}, []),
        ({"sort_by": "-name"}, [2, 4, 3, 1]),
        ({"sort_by": "received"}, [4, 1, 2, 3]),
        ({"sort_by": "-received"}, [3, 2, 1, 4]),
        ({"sort_by": "started"}, [4, 1, 2, 3]),
        ({"sort_by": "state"}, [2, 4, 3, 1]),
        ({"sort_by": "received", "limit": 2}, [4, 1]),
        ({"sort_by": "received", "limit": 2, "offset": 1}, [1, 2]),
        ({"sort_by": "received", "limit": 5, "offset": 3}, [3]),
        ({"sort_by": "received", "limit": 5, "offset": 4}, []),
        ({"received_start": local(BASE + 120)}, [4, 3]),
        ({"received_end": local(BASE + 60)}, [4, 1]),
        ({"received_end": BASE + 60.1}, [4, 2, 1]),
        ({"received_start": datetime.fromtimestamp(BASE + 100)}, [4, 3]),  # noqa: DTZ006
        ({"state": "PENDING", "received_start": local(BASE)}, [4]),
        ({"search": "state:FAILURE"}, [2]),
        ({"search": "name:add state:SUCCESS", "received_start": local(BASE)}, [1]),
        ({"search": {"name": "echo"}}, [4]),
    ],
)
def test_tasks_are_those_of_flower(
    events: umbel.Events, filters: dict[str, Any], expected: list[int]
) -> None:
    assert numbers(iter_tasks(events, **filters)) == expected


def test_equal_names_stand_together(events: umbel.Events) -> None:
    assert set(numbers(iter_tasks(events, sort_by="name"))[:2]) == {1, 3}
    assert numbers(iter_tasks(events, sort_by="name"))[2:] == [4, 2]


def test_nothing_is_raised_before_the_first_is_taken(events: umbel.Events) -> None:
    for wrong in ("nope", ""):
        found = iter_tasks(events, sort_by=wrong)
        with pytest.raises(AssertionError):
            next(found)
    found = iter_tasks(events, received_start="2014-05-23T00:49")
    with pytest.raises(ValueError, match="received_start"):
        next(found)


def test_a_task_has_attributes_and_keys(events: umbel.Events) -> None:
    found = dict(iter_tasks(events))
    task = found[uuid_of(2)]

    assert (task.state, task.worker.hostname, task["state"]) == ("FAILURE", "celery@w2", "FAILURE")
    assert get_task_by_id(events, uuid_of(2)).exception == "ValueError('no stock')"
    assert get_task_by_id(events, "nothing") is None
    assert as_dict(task)["worker"].hostname == "celery@w2"
    assert {"uuid", "name", "root", "parent", "received"} <= as_dict(task).keys()


def test_lists_are_sorted_with_the_missing_first() -> None:
    tasks = [("b", SimpleNamespace(received=2.0)), ("a", SimpleNamespace(received=None))]

    assert [uuid for uuid, _ in sort_tasks(tasks, "received")] == ["a", "b"]
    assert [uuid for uuid, _ in sort_tasks(tasks, "-received")] == ["b", "a"]
    with pytest.raises(AssertionError):
        sort_tasks(tasks, "nope")


def test_tables_are_those_of_the_description(events: umbel.Events) -> None:
    task = get_task_by_id(events, uuid_of(1))

    assert sort_keys["worker"](task) == "celery@w1"
    assert sort_keys["runtime"](task) == 1.0
    assert "uuid" in TaskEventTypes["task-sent"]["fields"]
    assert "FAILURE" in TASK_STATES


@pytest.mark.parametrize(
    ("search", "fits"),
    [("", True), ("state:SUCCESS", True), ("name:add state:SUCCESS", True), ("args:9", False),
     ("state:FAILURE", False), ("nothing-like-it", False)],
)  # fmt: skip
def test_searches_are_held_against_items(events: umbel.Events, search: str, fits: bool) -> None:
    (item,) = iter_tasks(events, state="SUCCESS")

    assert satisfies_search_terms(item, parse_search_terms(search)) is fits
