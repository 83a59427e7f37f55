"""`task_series` over a data directory, a running Umbel, and Celery's own state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract.stories import BASE, shop
from tests.unit.python.test_info import celery_state
from umbel import Events, task_series
from umbel.store.sqlite import SqliteStore

SPAN: dict[str, Any] = {"start": BASE, "end": BASE + 600}


@pytest.fixture
def events(tmp_path: Path) -> Iterator[Events]:
    """Six tasks (`stories.shop`) in a data directory, read."""
    store = SqliteStore(tmp_path, write=True)
    store.apply(shop())
    with Events(directory=tmp_path) as opened:
        yield opened
    store.close()


def test_the_busiest_names_and_the_rest_come_in_one_call(events: Events) -> None:
    series = task_series(events, by="name", top=2, **SPAN)

    assert [(group.value, group.total.seen) for group in series.groups] == [
        ("shop.send", 3),
        ("shop.charge", 1),
    ]
    assert series.other is not None
    assert (series.other.total.seen, series.other.total.failed) == (2, 1)
    assert series.complete


def test_the_slowest_names_stand_first(events: Events) -> None:
    series = task_series(events, "runtime", by="name", **SPAN)

    assert [group.value for group in series.groups] == ["shop.send", "shop.charge"]
    total = series.groups[0].total
    assert total is not None
    assert total.mean == pytest.approx(5.0, rel=0.01)


def test_filters_are_those_of_iter_tasks(events: Events) -> None:
    series = task_series(events, state="failure", search="queue:money", bucket=600, **SPAN)

    assert series.bucket_s == 600
    assert series.total.seen is None
    assert series.total.failed == 1


def test_the_last_hour_is_the_default(events: Events) -> None:
    assert task_series(events, "wait").buckets == ()


def test_celerys_own_state_is_counted_as_well() -> None:
    series = task_series(celery_state(), by="state", start=0, end=60)

    assert [(group.value, group.total.failed) for group in series.groups] == [("FAILURE", 1)]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"measure": "size"}, "measure is one of count, runtime, wait"),
        ({"by": "args"}, "by is one of state, name, worker, queue"),
        ({"top": 0}, "top takes a number from 1 to 50"),
        ({"bucket": "x"}, "bucket takes a number"),
        ({"start": 20, "end": 10}, "start must lie before end"),
        ({"start": "yesterday"}, "start cannot be 'yesterday'"),
        ({"state": "GONE"}, "no state 'GONE'"),
    ],
)
def test_wrong_arguments_name_the_right_ones(
    events: Events, wrong: dict[str, Any], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        task_series(events, **wrong)
