"""`task_errors` over a data directory and a running Umbel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.failing_shop import HOUR_S, history
from tests.api.world import NOW
from umbel import Events, task_errors
from umbel.store.sqlite import SqliteStore

DAY: dict[str, Any] = {"start": NOW - 24 * HOUR_S, "end": NOW}


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Events]:
    """The shop that fails in two ways, in a data directory."""
    store = SqliteStore(tmp_path, write=True)
    store.apply(history())
    with Events(directory=tmp_path) as opened:
        yield opened
    store.close()


def test_failures_of_a_time_are_grouped(events: Events) -> None:
    found = task_errors(events, **DAY)

    assert [(each.type, each.count) for each in found.items] == [("Declined", 13), ("KeyError", 4)]
    assert found.complete


def test_filters_are_those_of_iter_tasks(events: Events) -> None:
    (only,) = task_errors(events, type="shop.news", **DAY).items
    (searched,) = task_errors(events, search={"any": "declined"}, **DAY).items

    assert (only.type, only.count) == ("KeyError", 1)
    assert searched.type == "Declined"


def test_states_are_those_of_errors(events: Events) -> None:
    assert len(task_errors(events, state="open", **DAY).items) == 2
    assert task_errors(events, state="resolved", **DAY).items == ()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"state": "FAILURE"}, "state is one of open, resolved, ignored, not 'FAILURE'"),
        ({"limit": 0}, "limit is a number from 1 to 200, not 0"),
        ({"start": NOW, "end": NOW - 1}, "start must lie before end"),
        ({"start": "soon"}, "start cannot be 'soon'"),
    ],
)
def test_what_cannot_be_is_refused(events: Events, wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        task_errors(events, **wrong)
