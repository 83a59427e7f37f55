"""Tasks in order, whatever they lack."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from umbel import sort_keys, sort_tasks


def test_missing_values_come_last_in_both_directions() -> None:
    tasks: list[dict[str, Any]] = [{"runtime": None}, {"runtime": 2.0}, {}, {"runtime": 1.0}]

    rising = [task.get("runtime") for task in sort_tasks(tasks, "runtime")]
    falling = [task.get("runtime") for task in sort_tasks(tasks, "-runtime")]

    assert rising == [1.0, 2.0, None, None]
    assert falling == [2.0, 1.0, None, None]


def test_mixed_types_do_not_stop_the_sorting() -> None:
    tasks: list[dict[str, Any]] = [
        {"name": "b"}, {"name": 3}, {"name": None}, {"name": "a"}, {"name": ["x"]}
    ]  # fmt: skip

    assert [task["name"] for task in sort_tasks(tasks, "name")] == [3, ["x"], "a", "b", None]


def test_equal_tasks_stay_in_their_order() -> None:
    tasks = [{"state": "SUCCESS", "uuid": number} for number in range(5)]

    assert sort_tasks(tasks, "-state") == sort_tasks(tasks, "state") == tasks


def test_a_worker_is_sorted_by_its_name_however_it_is_told() -> None:
    tasks: list[Any] = [
        {"worker": {"hostname": "c"}},
        {"worker": "b"},
        SimpleNamespace(worker=SimpleNamespace(hostname="a")),
        ("id", {"hostname": "d"}),
    ]

    assert sort_tasks(tasks, "worker") == [tasks[2], tasks[1], tasks[0], tasks[3]]


@pytest.mark.parametrize("wrong", ["uuid", "", "--name", "Runtime", None, 5])
def test_a_wrong_key_names_the_right_ones(wrong: Any) -> None:
    with pytest.raises(ValueError, match="name, state, received, started, runtime, worker"):
        sort_tasks([], wrong)


def test_the_keys_are_those_of_the_api() -> None:
    assert list(sort_keys) == ["name", "state", "received", "started", "runtime", "worker"]


@pytest.mark.parametrize("as_", [dict, lambda fields: SimpleNamespace(**fields)])
def test_a_key_gives_what_a_task_is_sorted_by(as_: Any) -> None:
    task = as_({"name": "a", "runtime": 2.5, "received": None,
                "worker": SimpleNamespace(hostname="w1")})  # fmt: skip

    assert [sort_keys[key](task) for key in ("name", "runtime", "worker")] == ["a", 2.5, "w1"]
    assert [sort_keys[key](task) for key in ("state", "received", "started")] == ["", 0.0, 0.0]
    assert (sort_keys["name"](), sort_keys["runtime"]()) == ("", 0.0)
    assert sorted([{"runtime": 2}, {}, {"runtime": 1}], key=sort_keys["runtime"])[0] == {}


ANYTHING = st.one_of(st.none(), st.floats(), st.integers(), st.text(), st.booleans(), st.binary())


@given(st.lists(ANYTHING), st.sampled_from(sorted(sort_keys)), st.sampled_from(["", "-"]))
def test_any_list_is_sorted_and_nothing_lost(values: list[Any], key: str, direction: str) -> None:
    tasks = [{key: value, "n": number} for number, value in enumerate(values)]

    found = sort_tasks(tasks, direction + key)

    assert sorted(task["n"] for task in found) == list(range(len(tasks)))
