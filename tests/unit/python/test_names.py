"""`task_names` over a data directory and a running Umbel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.failing_shop import HOUR_S, history
from tests.api.world import NOW
from umbel import Events, task_names
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


def test_names_of_a_time_have_their_numbers(events: Events) -> None:
    found = task_names(events, **DAY)

    busiest = found.items[0]
    assert (busiest.name, busiest.count, busiest.failed) == ("shop.pay", 53, 13)
    assert busiest.failure_rate == pytest.approx(13 / 53)
    assert found.complete


def test_they_are_filtered_as_tasks_and_sorted_as_asked(events: Events) -> None:
    (mails,) = task_names(events, type="shop.mail", **DAY).items
    failing = task_names(events, sort_by="failing", limit=1, **DAY)

    assert (mails.name, mails.failed) == ("shop.mail", 3)
    assert len(failing.items) == 1
    assert failing.names > 1


def test_the_time_to_compare_with_is_chosen(events: Events) -> None:
    found = task_names(events, against="last-deploy", **DAY)

    assert (found.against, found.compared) == ("last-deploy", False)
    assert found.uncompared == "No deploy before this time is known."


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"sort_by": "runtime"}, "sort_by is one of busiest, slowest, .*, not 'runtime'"),
        ({"against": "deploy"}, "against is one of before, yesterday, .*, not 'deploy'"),
        ({"limit": 201}, "limit is a number from 1 to 200, not 201"),
        ({"start": NOW, "end": NOW - 1}, "start must lie before end"),
        ({"end": "soon"}, "end cannot be 'soon'"),
    ],
)
def test_what_cannot_be_is_refused(events: Events, wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        task_names(events, **wrong)
