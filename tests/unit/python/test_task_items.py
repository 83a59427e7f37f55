"""Tasks of lists are dictionaries, objects and pairs, as code from anywhere reads them."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest

from tests.unit.python.test_info import KEYS, celery_state
from umbel import get_task_by_id, iter_tasks


@pytest.fixture
def item() -> Any:
    (found,) = iter_tasks(celery_state())
    return found


def test_a_task_of_a_list_is_a_dictionary(item: Any) -> None:
    assert (item["state"], item.get("name"), item.get("nothing", 4)) == ("FAILURE", "shop.send", 4)
    assert item.keys() == KEYS
    assert "uuid" in item
    assert dict(item)["uuid"] == {**item}["uuid"] == "u1"
    assert json.loads(json.dumps(item))["worker"]["hostname"] == "w1@eu"


def test_a_task_of_a_list_is_a_pair_of_its_id_and_itself(item: Any) -> None:
    uuid, task = item

    assert (uuid, item[0], item[-2], len(item)) == ("u1", "u1", "u1", 2)
    assert task == item[1] == item
    assert dict([item]) == {"u1": task}


def test_what_a_task_has_are_attributes_too(item: Any) -> None:
    assert (item.state, item.worker.hostname, item[1].worker.sw_ver) == ("FAILURE", "w1@eu", "5.7")
    assert (item.ready, item.as_dict()["worker"].hostname) == (True, "w1@eu")
    assert not hasattr(item, "nothing")


def test_a_task_tells_what_that_of_celery_tells_in_short(item: Any) -> None:
    celerys = celery_state().tasks["u1"]

    assert item.id == celerys.id == "u1"
    assert item.info().keys() == celerys.info().keys()
    assert item.info(["name"], ["state"]) == celerys.info(["name"], ["state"])


def test_a_task_alone_is_no_pair() -> None:
    task: Any = get_task_by_id(celery_state(), "u1")

    assert set(task) == KEYS
    assert task.worker.hostname == "w1@eu"


def pickled(item: Any) -> Any:
    return pickle.loads(pickle.dumps(item))  # noqa: S301  our own


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_a_task_can_be_copied_and_stored(item: Any, again: Any) -> None:
    found = again(item)

    assert found == item
    assert found[0] == "u1"
    assert found.worker.hostname == "w1@eu"
